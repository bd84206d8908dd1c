"""The import hook: a module of FastAPI or Starlette is the same object as ours."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import Any

from fastrapi.dropin.distributions import distributions
from fastrapi.dropin.names import ROOTS, own_name


class _AliasLoader(InspectLoader):
    """Gives out a module under a second name.

    Args:
        own: the module's own name.
    """

    def __init__(self, own: str) -> None:
        self._own = own
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._own)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The module has been executed under its own name, by which `importlib.reload` finds it.
        # The import system has just replaced the record of that.
        module.__spec__ = self._own_spec

    def _delegate(self) -> Any:
        spec = find_spec(self._own)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"No module named {self._own!r}", name=self._own)
        return spec.loader

    def is_package(self, fullname: str) -> bool:
        return bool(self._delegate().is_package(self._own))

    def get_code(self, fullname: str) -> CodeType | None:
        # For `python -m`.
        code: CodeType | None = self._delegate().get_code(self._own)
        return code

    def get_source(self, fullname: str) -> str | None:
        source: str | None = self._delegate().get_source(self._own)
        return source


class DropInFinder(MetaPathFinder):
    """Finds `fastapi`, `starlette` and what is below them, and their metadata."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in ROOTS:
            return None
        own = own_name(fullname)
        if own is None:
            # Nor is there one elsewhere: other finders search below our packages, which are its parents.
            return None
        own_spec = find_spec(own)
        assert own_spec is not None
        spec = ModuleSpec(
            fullname,
            _AliasLoader(own),
            origin=own_spec.origin,
            is_package=own_spec.submodule_search_locations is not None,
        )
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.extend(own_spec.submodule_search_locations or ())
        return spec

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """The distributions of `fastapi` and `starlette`, for `importlib.metadata`."""
        return distributions(None if context is None else context.name)


def aliased_modules() -> list[str]:
    """The names of the imported modules of FastAPI and Starlette."""
    return [name for name in sys.modules if name.partition(".")[0] in ROOTS]
