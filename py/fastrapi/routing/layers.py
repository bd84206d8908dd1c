"""What a router puts around its routes: middleware, and exception handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastrapi._exception_handler import (
    ROUTER_HANDLERS,
    RouterHandlers,
    wrap_app_handling_exceptions,
)
from fastrapi._routing.base import wrap_in_middleware
from fastrapi.requests import Request
from fastrapi.types import ASGIApp, ExceptionHandler, Receive, Scope, Send
from fastrapi.websockets import WebSocket

if TYPE_CHECKING:
    from fastrapi.middleware import Middleware


class RouterLayers:
    """The layers of one router. It is falsy if there are none.

    Args:
        middleware: The middleware, the first one outermost.
        exception_handlers: Handlers by exception class or status. The one for `Exception` or 500 gets
            what nobody else handles, the application's handlers included.
    """

    def __init__(
        self,
        middleware: Sequence[Middleware] | None,
        exception_handlers: Mapping[Any, ExceptionHandler] | None,
    ) -> None:
        self.middleware = list(middleware or ())
        self.exception_handlers = dict(exception_handlers or {})

    def __bool__(self) -> bool:
        return bool(self.middleware or self.exception_handlers)

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application inside the layers; itself if there are none."""
        app = wrap_in_middleware(app, self.middleware)
        return (
            _HandlersFirst(app, RouterHandlers.of(self.exception_handlers))
            if self.exception_handlers
            else app
        )


class _HandlersFirst:
    """Has the handlers looked at first, by the routes inside and for what their middleware raises."""

    def __init__(self, app: ASGIApp, handlers: RouterHandlers) -> None:
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        is_http = scope["type"] == "http"
        connection = Request(scope, receive, send) if is_http else WebSocket(scope, receive, send)
        outer: tuple[RouterHandlers, ...] = scope.get(ROUTER_HANDLERS, ())
        scope[ROUTER_HANDLERS] = (self._handlers, *outer)
        try:
            await wrap_app_handling_exceptions(self._app, connection)(scope, receive, send)
        finally:
            # What is raised from here on is not this router's any more.
            scope[ROUTER_HANDLERS] = outer
