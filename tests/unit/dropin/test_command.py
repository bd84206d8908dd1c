"""The `fastapi` command, which belongs to a package of its own."""

import pytest

from fastrapi import cli


def test_the_command_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(cli, "cli_main", lambda: called.append("main"))
    cli.main()
    assert called == ["main"]


def test_without_the_package_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "cli_main", None)
    with pytest.raises(RuntimeError, match="To use the fastapi command, please install"):
        cli.main()
