"""OpenAPI 3.1: the document's models, its generator and the interactive documentation pages."""

from importlib import import_module
from types import ModuleType

_SUBMODULES = frozenset({"constants", "docs", "models", "utils"})


def __getattr__(name: str) -> ModuleType:
    # Applications reach for `fastapi.openapi.utils` after `import fastapi` alone.
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
