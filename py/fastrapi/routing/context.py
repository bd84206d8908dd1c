"""Enumerating routes with what inclusions make of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fastrapi.compat.starlette.routing import BaseRoute

if TYPE_CHECKING:
    from fastrapi.routing.effective import EffectiveRoute


class RouteContext:
    """A route as requests find it: directly, or through an inclusion.

    Beside the attributes below it has those of the effective route, for example `tags`.

    Args:
        route: The route.
        _route_context: What an inclusion makes of it.

    Attributes:
        route: The route as it was declared.
    """

    __slots__ = ("_route_context", "route")

    def __init__(self, route: BaseRoute, _route_context: EffectiveRoute | None = None) -> None:
        self.route = route
        self._route_context = _route_context

    @property
    def original_route(self) -> BaseRoute:
        """The route as it was declared."""
        return self.route

    @property
    def effective_route(self) -> BaseRoute:
        """The route itself, or what an inclusion makes of it."""
        return self.route if self._route_context is None else self._route_context

    @property
    def path(self) -> str | None:
        """The whole path template; `None` for a route that does not look at the path."""
        return getattr(self.effective_route, "path", None)

    @property
    def path_format(self) -> str | None:
        """The path template without convertors."""
        return getattr(self.effective_route, "path_format", None)

    @property
    def name(self) -> str | None:
        """The name for `url_for`."""
        return getattr(self.effective_route, "name", None)

    @property
    def methods(self) -> set[str] | None:
        """The HTTP methods; `None` if the route does not look at them."""
        return getattr(self.effective_route, "methods", None)

    @property
    def endpoint(self) -> Any | None:
        """The function; `None` for a route without one."""
        return getattr(self.effective_route, "endpoint", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.effective_route, name)

    def __repr__(self) -> str:
        return f"RouteContext(route={self.route!r})"


def iter_route_contexts(routes: Sequence[BaseRoute | RouteContext]) -> Iterator[RouteContext]:
    """All routes, with those of included routers in their place. Contexts are passed on as they are."""
    from fastrapi.routing.inclusion import IncludedRouter

    for route in routes:
        if isinstance(route, RouteContext):
            yield route
        elif isinstance(route, IncludedRouter):
            for effective in route.effective_route_contexts():
                yield RouteContext(effective.original_route, effective)
        else:
            yield RouteContext(route)


def iter_included_route_candidates(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """All routes that may be asked: own ones as they were declared, foreign ones below their prefix."""
    for context in iter_route_contexts(routes):
        yield getattr(context.effective_route, "starlette_route", context.original_route)
