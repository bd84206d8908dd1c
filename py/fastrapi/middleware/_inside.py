"""What a middleware may take for granted of the application behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastrapi.routing.planned import PLAN_EXTENSION, PlannedCall
from fastrapi.types import ASGIApp, Scope

if TYPE_CHECKING:
    from fastrapi.middleware.exceptions import ExceptionMiddleware


@dataclass(frozen=True, slots=True)
class Inside:
    """What is known of an application from the middleware that it consists of.

    Attributes:
        ends_with_response: It does nothing after a message that says to be the last thing, but end.
        is_plain: Nothing of it waits or asks for the current task, but the route.
        handlers: The handlers of exceptions around the router, if there is nothing else.
    """

    ends_with_response: bool
    is_plain: bool
    handlers: ExceptionMiddleware | None

    @classmethod
    def of(cls, app: ASGIApp) -> Inside:
        """Looks through the framework's own middleware, down to the router of an application."""
        # They import this module.
        from fastrapi.middleware.base import BaseHTTPMiddleware
        from fastrapi.middleware.exceptions import ExceptionMiddleware
        from fastrapi.plan.layers import KNOWN
        from fastrapi.routing.router import APIRouter

        layer: Any = app
        is_plain = True
        while True:
            kind = type(layer)
            if kind is APIRouter:
                handlers = app if isinstance(app, ExceptionMiddleware) and app.app is layer else None
                return cls(ends_with_response=True, is_plain=is_plain, handlers=handlers)
            if isinstance(layer, BaseHTTPMiddleware) and kind.__call__ is BaseHTTPMiddleware.__call__:
                is_plain = False
            elif kind is not ExceptionMiddleware and kind not in KNOWN:
                return cls(ends_with_response=False, is_plain=False, handlers=None)
            layer = layer.app

    def short_plan(self, scope: Scope) -> PlannedCall | None:
        """The plan by which this request is answered without waiting, unless it turns out not to fit."""
        if not self.is_plain:
            return None
        planned: PlannedCall | None = (scope.get("extensions") or {}).get(PLAN_EXTENSION)
        if planned is None or not planned.holds_at_once(scope):
            return None
        return planned
