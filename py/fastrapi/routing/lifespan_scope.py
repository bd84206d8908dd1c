"""The dependencies of the scope `lifespan` of an application, around the time that it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastrapi.dependencies.analysis import get_parameterless_sub_dependant
from fastrapi.dependencies.models import Dependant
from fastrapi.routing.context import iter_route_contexts
from fastrapi.routing.frontend import FrontendRoute

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI


@asynccontextmanager
async def resolved_lifespan_dependencies(app: FastAPI) -> AsyncIterator[None]:
    """The time during which the dependencies of all routes of the application have their values."""
    async with app.lifespan_values.resolved(_trees(app), app.dependency_overrides):
        yield


def _trees(app: FastAPI) -> Iterator[Dependant]:
    for context in iter_route_contexts([*app.routes, *app.router._iter_low_priority_routes()]):
        route: Any = context.effective_route
        dependant = getattr(route, "dependant", None)
        if isinstance(dependant, Dependant):
            yield dependant
        elif isinstance(route, FrontendRoute):
            for depends in route.dependencies:
                yield get_parameterless_sub_dependant(depends=depends, path="/")
