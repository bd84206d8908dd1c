"""The version is said in two places, since neither Cargo nor a plain checkout can ask the other."""

import tomllib
from pathlib import Path

from fastrapi._version import __version__


def test_the_package_and_the_workspace_have_the_same_version() -> None:
    manifest = tomllib.loads((Path(__file__).parents[2] / "Cargo.toml").read_text())
    assert manifest["workspace"]["package"]["version"] == __version__
