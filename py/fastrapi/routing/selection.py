"""Telling the telemetry which route a router has chosen."""

from __future__ import annotations

from fastrapi.compat.starlette.routing import BaseRoute, Mount
from fastrapi.routing.frontend import FrontendRoute
from fastrapi.telemetry.state import STATE_KEY
from fastrapi.types import Scope

CHOSEN = "fastapi_chosen_routes"
"""In the scope: what the inclusions on the way have chosen, the outermost first."""

_REST = "/{path}"


def note_selected_route(scope: Scope, route: BaseRoute, child_scope: Scope) -> None:
    """Note the path template of a chosen route, if the request is recorded.

    Args:
        scope: The scope of the request.
        route: The route, which may be an inclusion.
        child_scope: What the route adds to the scope.
    """
    telemetry = scope.get(STATE_KEY)
    if telemetry is None:
        return
    innermost = child_scope.get(CHOSEN, (route,))[-1]
    if isinstance(innermost, FrontendRoute):
        telemetry.route_selected(innermost.path.rstrip("/"), is_mount=True)
        return
    template: str | None = getattr(innermost, "path_format", None)
    if template is None:
        return
    if isinstance(getattr(innermost, "starlette_route", innermost), Mount):
        telemetry.route_selected(template.removesuffix(_REST), is_mount=True)
    else:
        telemetry.route_selected(template)
