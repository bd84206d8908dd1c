"""Routes that are tried when no other route of the application matches: frontends, above all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import TYPE_CHECKING

from fastrapi.compat.starlette.routing import BaseRoute, Match
from fastrapi.routing.effective import EffectiveRoute, make_effective
from fastrapi.routing.frontend import FrontendRoute, FrontendRouteGroup
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.routing.inclusion import RouterIncludeContext
    from fastrapi.routing.layers import RouterLayers


def own_low_priority_routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, with the frontends of a group in its place."""
    for route in routes:
        if isinstance(route, FrontendRouteGroup):
            yield from route.routes
        else:
            yield route


def effective_low_priority_routes(
    routes: Iterable[BaseRoute], context: RouterIncludeContext
) -> Iterator[BaseRoute]:
    """The routes of an included router as the inclusion makes them."""
    for route in own_low_priority_routes(routes):
        if isinstance(route, FrontendRoute):
            yield route.below(context)
            continue
        effective = make_effective(route, context)
        if isinstance(effective, EffectiveRoute):
            effective.complete()
        if effective is not None:
            yield effective


def choose_low_priority(routes: Iterable[BaseRoute], scope: Scope) -> tuple[BaseRoute, Scope] | None:
    """The first route that matches; of several frontends, the one with the longest path."""
    frontend: FrontendRoute | None = None
    frontend_scope: Scope = {}
    for route in routes:
        if isinstance(route, FrontendRoute):
            if frontend is None or len(route.path) > len(frontend.path):
                match, child_scope = route.matches(scope)
                if match is not Match.NONE:
                    frontend, frontend_scope = route, child_scope
        elif frontend is None:
            match, child_scope = (
                route.ask(scope) if isinstance(route, EffectiveRoute) else route.matches(scope)
            )
            if match is not Match.NONE:
                return route, child_scope
    return None if frontend is None else (frontend, frontend_scope)


async def handle_low_priority(route: BaseRoute, scope: Scope, receive: Receive, send: Send) -> None:
    """Let a chosen route handle the request."""
    await _entry(route)(scope, receive, send)


def _entry(route: BaseRoute) -> ASGIApp:
    if isinstance(route, (EffectiveRoute, FrontendRoute)) and route.layered is not None:
        return route.layered
    return route.call if isinstance(route, EffectiveRoute) else route.handle


def behind_layers(routes: list[BaseRoute], layers: RouterLayers) -> list[BaseRoute]:
    """The effective routes of an included router inside its layers."""
    if not layers:
        return routes
    layered = []
    for route in routes:
        # A copy: those of a nested inclusion are kept by it, and served again when this list is made anew.
        inside = copy(route)
        assert isinstance(inside, (EffectiveRoute, FrontendRoute)), "the routes are effective ones"
        inside.layered = layers.around(_entry(route))
        layered.append(inside)
    return layered  # type: ignore[return-value]
