"""What is legal in an application and hardly meant: `fastrapi-server check` and `routes` report it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastrapi.applications import FastAPI
from fastrapi.compat.starlette.routing import Route, compile_path
from fastrapi.dependencies.models import Dependant
from fastrapi.plan.compile import effective_routes
from fastrapi.routing.effective import EffectiveAPIRoute

_SAMPLES = {
    "StringConvertor": "~",
    "PathConvertor": "~/~",
    "IntegerConvertor": "1",
    "FloatConvertor": "1.5",
    "UUIDConvertor": "00000000-0000-4000-8000-000000000000",
}
"""A text that each convertor takes and, where that is possible, no narrower one."""


def find_oddities(application: Any) -> list[str]:
    """A sentence for each finding, in the order of the routes; nothing for a foreign application."""
    if not isinstance(application, FastAPI):
        return []
    earlier = _Earlier()
    found: list[str] = []
    for route in effective_routes(application.routes):
        if isinstance(route, (Route, EffectiveAPIRoute)):
            found += _shadows(route, earlier)
            found += _unused_names(route)
            earlier.add(route)
    return found


class _Earlier:
    """The routes before one. Those without parameters, which are the most, are found without trying each."""

    def __init__(self) -> None:
        self._static: dict[tuple[str, str], str] = {}
        self._patterns: list[tuple[re.Pattern[str], str, frozenset[str]]] = []

    def add(self, route: Any) -> None:
        pattern, _, convertors = compile_path(route.path)
        methods = frozenset(route.methods or ())
        if convertors:
            self._patterns.append((pattern, route.path, methods))
        else:
            self._static |= {(method, route.path): route.path for method in methods}

    def taking(self, method: str, path: str) -> str | None:
        """The pattern of a route that takes such a request."""
        if (method, path) in self._static:
            return path
        return next(
            (p for pattern, p, methods in self._patterns if method in methods and pattern.match(path)), None
        )


def _shadows(route: Any, earlier: _Earlier) -> Iterator[str]:
    sample = _sample_path(route.path)
    if sample is None:
        return
    for method in sorted(route.methods or ()):
        other = earlier.taking(method, sample)
        if other is not None:
            yield f"{method} {route.path} is never reached: {other} comes first and takes its requests"


def _sample_path(path: str) -> str | None:
    """A path that the template matches; none for a template with a convertor that is not known."""
    _, path_format, convertors = compile_path(path)
    kinds = {name: type(convertor).__name__ for name, convertor in convertors.items()}
    if not set(kinds.values()) <= _SAMPLES.keys():
        return None
    return path_format.format(**{name: _SAMPLES[kind] for name, kind in kinds.items()})


def _unused_names(route: Any) -> Iterator[str]:
    dependant = getattr(route, "dependant", None)
    if not isinstance(dependant, Dependant):
        return
    taken = {parameter.alias for parameter in _path_parameters(dependant)}
    _, _, convertors = compile_path(route.path)
    for name in convertors:
        if name not in taken:
            yield f"nothing takes {{{name}}} of {route.path}"
    for name in sorted(taken - convertors.keys()):
        yield f"{route.path} has no {{{name}}}, which its handler takes from the path"


def _path_parameters(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.path_params
    for dependency in dependant.dependencies:
        yield from _path_parameters(dependency)
