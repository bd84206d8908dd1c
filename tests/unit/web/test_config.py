from __future__ import annotations

from pathlib import Path

import pytest

from fastrapi.config import Config, Environ, EnvironError


def test_environment_counts_before_file_before_default(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=file\nB='quoted'\nC=\"a'\n# D=1\n\nE = 1 = 2 \nno value\n")
    config = Config(path, environ={"A": "environment"})
    assert config("A") == "environment"
    assert config("B") == "quoted"
    assert config("C") == "\"a'"
    assert config("E") == "1 = 2"
    assert config("F", default="default") == "default"
    for missing in ("D", "no value"):
        with pytest.raises(KeyError, match="is missing, and has no default"):
            config(missing)


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("TRUE", True), ("1", True), ("False", False), ("0", False)]
)
def test_booleans(text: str, value: bool) -> None:
    assert Config(environ={"A": text})("A", cast=bool) is value


@pytest.mark.parametrize(("text", "cast"), [("yes", bool), ("", bool), ("x", int)])
def test_values_that_cannot_be_converted(text: str, cast: type) -> None:
    with pytest.raises(ValueError, match=f"Config 'A' has value '{text}'. Not a valid {cast.__name__}."):
        Config(environ={"A": text})("A", cast=cast)


def test_default_is_converted() -> None:
    config = Config(environ={})
    assert config("A", cast=int, default="1") == 1
    assert config("A", cast=int, default=None) is None


def test_prefix() -> None:
    config = Config(environ={"APP_A": "1", "B": "2"}, env_prefix="APP_")
    assert config("A") == "1"
    with pytest.raises(KeyError):
        config("B")


def test_missing_file_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="not found") as caught:
        Config(tmp_path / ".env")
    assert caught[0].filename == __file__


def test_environ_cannot_change_what_was_read() -> None:
    variables = {"A": "1", "B": "2"}
    environ = Environ(variables)
    environ["B"] = "3"
    assert environ["A"] == "1"
    with pytest.raises(EnvironError, match="to set environ\\['A'\\], but the value has already been read"):
        environ["A"] = "2"
    with pytest.raises(EnvironError, match="to delete environ\\['A'\\]"):
        del environ["A"]
    assert "C" not in environ
    with pytest.raises(EnvironError):
        environ["C"] = "1"
    del environ["B"]
    assert variables == {"A": "1"}
    assert list(environ) == ["A"]
    assert len(environ) == 1
