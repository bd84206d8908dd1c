from __future__ import annotations

from typing import Any

import pytest

from fastrapi.datastructures import Headers, MutableHeaders


def test_lookup_ignores_case_and_gives_the_first() -> None:
    headers = Headers(raw=[(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert headers["A"] == "1"
    assert headers.get("A") == "1"
    assert headers.getlist("A") == ["1", "3"]
    assert "A" in headers
    assert "c" not in headers
    assert headers.get("c", "default") == "default"
    with pytest.raises(KeyError):
        headers["c"]


def test_changes_show_in_the_scope() -> None:
    scope: dict[str, Any] = {"headers": ((b"a", b"1"),)}
    MutableHeaders(scope=scope)["b"] = "2"
    assert scope["headers"] == [(b"a", b"1"), (b"b", b"2")]


def test_setting_replaces_the_first_and_removes_the_others() -> None:
    headers = MutableHeaders(raw=[(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    headers["A"] = "4"
    assert headers.raw == [(b"a", b"4"), (b"b", b"2")]


def test_setdefault_keeps_an_empty_value() -> None:
    headers = MutableHeaders({"a": ""})
    assert headers.setdefault("a", "1") == ""
    assert headers.raw == [(b"a", b"")]


def test_mutable_copy_is_independent() -> None:
    headers = Headers({"a": "1"})
    headers.mutablecopy()["a"] = "2"
    assert headers["a"] == "1"


def test_vary_is_merged() -> None:
    headers = MutableHeaders(raw=[(b"vary", b"a"), (b"vary", b"b")])
    headers.add_vary_header("c")
    assert headers.raw == [(b"vary", b"a, b, c")]


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b=c", "a\nb", "a\rb", "a\0b"])
def test_values_cannot_end_the_header(value: str) -> None:
    headers = MutableHeaders()
    for change in (
        lambda: headers.__setitem__("x", value),
        lambda: headers.append("x", value),
        lambda: headers.setdefault("x", value),
        lambda: headers.update({"x": value}),
    ):
        with pytest.raises(ValueError, match="header 'x'"):
            change()
    assert headers.raw == []


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é"])
def test_names_are_tokens(name: str) -> None:
    with pytest.raises(ValueError, match="Invalid header name"):
        MutableHeaders()[name] = "1"


def test_the_value_is_not_in_the_error() -> None:
    with pytest.raises(ValueError, match="authorization") as caught:
        MutableHeaders()["authorization"] = "secret\n"
    assert "secret" not in str(caught.value)
