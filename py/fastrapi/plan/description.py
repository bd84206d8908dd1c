"""What `fastrapi-server routes` shows: each route, the lane that serves it, and why."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Literal

from fastrapi.applications import FastAPI
from fastrapi.compat.starlette.routing import WebSocketRoute
from fastrapi.plan.compile import compile_application, effective_routes
from fastrapi.plan.model import ANY_PATH, RoutePlan, StaticPlan

WEBSOCKET = "WEBSOCKET"
_FOREIGN = "an application of another framework"
_PLACEMENTS = {"pure": "inline", "sync": "pool", "task": "loop"}


@dataclass(frozen=True, slots=True)
class RouteDescription:
    """One route. `methods` is empty where every method is taken. `reason` tells why the lane is not `direct`,
    or which middleware is around it."""

    methods: tuple[str, ...]
    path: str
    name: str
    lane: Literal["direct", "general"]
    reason: str
    placement: str
    """Where the handler runs: `inline`, `pool` or `loop`; empty where there is none, or the application
    decides."""


def describe_routes(application: Any) -> list[RouteDescription]:
    """The routes in the order in which they are tried; one that takes everything for a foreign
    application."""
    if not isinstance(application, FastAPI):
        return [RouteDescription((), ANY_PATH, type(application).__name__, "general", _FOREIGN, "")]
    plan = compile_application(application)
    around = f"inside of the middleware {plan.middleware}" if plan.middleware else ""
    planned = iter(plan.routes)
    return [
        _websocket(route) if isinstance(route, WebSocketRoute) else _http(next(planned), route, around)
        for route in effective_routes(application.routes)
    ]


def _websocket(route: Any) -> RouteDescription:
    return RouteDescription((WEBSOCKET,), route.path, route.name or "", "general", "a WebSocket", "loop")


def _http(planned: Any, route: Any, around: str) -> RouteDescription:
    if isinstance(planned, RoutePlan):
        lane: Literal["direct", "general"] = "direct"
        reason, placement = around, _PLACEMENTS[planned.placement]
    elif isinstance(planned, StaticPlan):
        lane, reason, placement = "direct", "", ""
    else:
        lane, reason, placement = (
            "general",
            planned.reason,
            _general_placement(getattr(route, "endpoint", None)),
        )
    return RouteDescription(planned.methods, planned.path, planned.name, lane, reason, placement)


def _general_placement(endpoint: Any) -> str:
    if not inspect.isroutine(endpoint):
        return ""
    return "loop" if inspect.iscoroutinefunction(endpoint) else "pool"
