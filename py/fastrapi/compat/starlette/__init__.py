"""Starlette's vocabulary: what `import starlette` resolves to in drop-in mode.

Only the modules in which a name means something else than in FastAPI live here; every other module of
the vocabulary is the `fastrapi` module of the same name.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from fastrapi._version import STARLETTE_PARITY as __version__

__all__ = ["SHARED_MODULES", "__version__"]

SHARED_MODULES = frozenset(
    {
        "_exception_handler",
        "_utils",
        "applications",
        "authentication",
        "concurrency",
        "config",
        "convertors",
        "endpoints",
        "formparsers",
        "middleware",
        "requests",
        "responses",
        "schemas",
        "staticfiles",
        "status",
        "templating",
        "testclient",
        "types",
        "websockets",
    }
)
"""Modules in which no name means anything else than in FastAPI: the `fastrapi` module of the name is it."""


def __getattr__(name: str) -> ModuleType:
    """For `from starlette import status`, which looks for an attribute of this package."""
    if name in SHARED_MODULES:
        return import_module(f"fastrapi.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
