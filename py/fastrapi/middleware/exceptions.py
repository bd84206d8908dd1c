"""Turns exceptions that an application expects into responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrapi._exception_handler import wrap_app_handling_exceptions
from fastrapi.compat.starlette.exceptions import HTTPException, WebSocketException
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse, Response
from fastrapi.types import ASGIApp, ExceptionHandler, Receive, Scope, Send
from fastrapi.websockets import WebSocket

_WITHOUT_BODY = (204, 304)


class ExceptionMiddleware:
    """Hands exceptions to handlers, which are found by status code or by class.

    Args:
        app: The application around which exceptions are handled.
        handlers: Handlers by exception class, or by the status code of an `HTTPException`. Those for
            `HTTPException` and `WebSocketException` have a default.
        debug: Whether the application is in debug mode.
    """

    def __init__(
        self, app: ASGIApp, handlers: Mapping[Any, ExceptionHandler] | None = None, debug: bool = False
    ) -> None:
        self.app = app
        self.debug = debug
        self._status_handlers: dict[int, ExceptionHandler] = {}
        self._exception_handlers: dict[type[Exception], ExceptionHandler] = {
            HTTPException: self.http_exception,
            WebSocketException: self.websocket_exception,
        }
        for key, handler in (handlers or {}).items():
            self.add_exception_handler(key, handler)

    def add_exception_handler(
        self, exc_class_or_status_code: int | type[Exception], handler: ExceptionHandler
    ) -> None:
        """Adds or replaces a handler."""
        if isinstance(exc_class_or_status_code, int):
            self._status_handlers[exc_class_or_status_code] = handler
        else:
            assert issubclass(exc_class_or_status_code, Exception)
            self._exception_handlers[exc_class_or_status_code] = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: Request[Any] | WebSocket[Any]
        if scope["type"] == "http":
            connection = Request(scope, receive, send)
        elif scope["type"] == "websocket":
            connection = WebSocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)
            return
        self.announce(scope)
        await wrap_app_handling_exceptions(self.app, connection)(scope, receive, send)

    def announce(self, scope: Scope) -> None:
        """Tells routes the handlers: they handle exceptions by the same, but inside their own middleware."""
        scope["starlette.exception_handlers"] = (self._exception_handlers, self._status_handlers)

    def around(self, app: ASGIApp) -> ASGIApp:
        """What stands for a route, with the same handlers around it as a route has."""

        async def handled(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive, send)
            # Twice, as the route does it, too: what one handler raises is for another.
            route = wrap_app_handling_exceptions(app, request)
            await wrap_app_handling_exceptions(route, request)(scope, receive, send)

        return handled

    async def http_exception(self, request: Request[Any], exc: Exception) -> Response:
        """The default answer to an `HTTPException`: its detail as plain text."""
        assert isinstance(exc, HTTPException)
        if exc.status_code in _WITHOUT_BODY:
            return Response(status_code=exc.status_code, headers=exc.headers)
        return PlainTextResponse(exc.detail, status_code=exc.status_code, headers=exc.headers)

    async def websocket_exception(self, websocket: WebSocket[Any], exc: Exception) -> None:
        """The default answer to a `WebSocketException`: closes with its code and reason."""
        assert isinstance(exc, WebSocketException)
        await websocket.close(code=exc.code, reason=exc.reason)
