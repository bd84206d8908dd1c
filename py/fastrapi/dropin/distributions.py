"""What `importlib.metadata` says about `fastapi` and `starlette` in drop-in mode."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from fastrapi._version import FASTAPI_PARITY, STARLETTE_PARITY

# What plugins look for among the requirements: the versions of pydantic and Starlette that go with it.
_METADATA = {
    "fastapi": f"""\
Metadata-Version: 2.4
Name: fastapi
Version: {FASTAPI_PARITY}
Summary: FastAPI {FASTAPI_PARITY} as implemented by fastrapi
Requires-Python: >=3.11
Requires-Dist: starlette>=1.6
Requires-Dist: pydantic>=2.9
Provides-Extra: standard
Provides-Extra: all
Provides-Extra: opentelemetry
""",
    "starlette": f"""\
Metadata-Version: 2.4
Name: starlette
Version: {STARLETTE_PARITY}
Summary: Starlette {STARLETTE_PARITY} as implemented by fastrapi
Requires-Python: >=3.11
Requires-Dist: anyio<5,>=4
Provides-Extra: full
""",
}

_ENTRY_POINTS = {"fastapi": "[console_scripts]\nfastapi = fastapi.cli:main\n", "starlette": ""}


class DropInDistribution(Distribution):
    """The metadata of one of the two packages.

    Args:
        package: `fastapi` or `starlette`.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    @property
    def _normalized_name(self) -> str:
        # Asked of all by who lists entry points; `Distribution` would parse the metadata.
        return self._package

    def read_text(self, filename: str) -> str | None:
        match filename:
            case "METADATA" | "PKG-INFO":
                return _METADATA[self._package]
            case "entry_points.txt":
                return _ENTRY_POINTS[self._package]
            case "top_level.txt":
                return f"{self._package}\n"
        return None

    def locate_file(self, path: str | os.PathLike[str]) -> Any:
        return Path(__file__).parents[2] / path


def distributions(name: str | None) -> Iterator[Distribution]:
    """The distributions of the packages with this name, in any spelling (PEP 503); all without a name."""
    normalized = None if name is None else re.sub(r"[-_.]+", "-", name).lower()
    for package in _METADATA:
        if normalized in (None, package):
            yield DropInDistribution(package)
