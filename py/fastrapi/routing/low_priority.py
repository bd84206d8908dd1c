"""Routes that are tried when no other route of the application matches: frontends, above all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastrapi.compat.starlette.routing import BaseRoute, Match
from fastrapi.routing.effective import EffectiveRoute, make_effective
from fastrapi.routing.frontend import FrontendRoute, FrontendRouteGroup
from fastrapi.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.routing.inclusion import RouterIncludeContext


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
    if isinstance(route, EffectiveRoute):
        await route.call(scope, receive, send)
    else:
        await route.handle(scope, receive, send)
