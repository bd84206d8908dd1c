"""Turning exceptions into responses with the handlers that an application registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastrapi._utils import is_async_callable
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.concurrency import run_in_threadpool
from fastrapi.requests import Request
from fastrapi.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send
from fastrapi.websockets import WebSocket

ExceptionHandlers = dict[Any, ExceptionHandler]
StatusHandlers = dict[int, ExceptionHandler]

ROUTER_HANDLERS = "fastapi.router_exception_handlers"
"""Scope key of the handlers of the routers around the route, the innermost first."""


@dataclass(frozen=True, slots=True)
class RouterHandlers:
    """The handlers of one router.

    Attributes:
        by_class: Handlers by exception class.
        by_status: Handlers by the status of an HTTP exception.
        last_resort: The handler for what neither the router nor the application has one for.
    """

    by_class: ExceptionHandlers
    by_status: StatusHandlers
    last_resort: ExceptionHandler | None

    @classmethod
    def of(cls, handlers: Mapping[Any, ExceptionHandler]) -> RouterHandlers:
        """Handlers by exception class or status; the last one for `Exception` or 500 is the last resort."""
        last = [handler for key, handler in handlers.items() if key in (Exception, 500)]
        others = {key: handler for key, handler in handlers.items() if key not in (Exception, 500)}
        by_status = {key: handler for key, handler in others.items() if isinstance(key, int)}
        by_class = {key: handler for key, handler in others.items() if key not in by_status}
        return cls(by_class, by_status, last[-1] if last else None)


def _lookup_exception_handler(exc_handlers: ExceptionHandlers, exc: Exception) -> ExceptionHandler | None:
    """The handler for the nearest class that the exception is of."""
    for cls in type(exc).__mro__:
        if cls in exc_handlers:
            return exc_handlers[cls]
    return None


def _find_handler(scope: Scope, exc: Exception) -> ExceptionHandler | None:
    """The handler of the innermost router that has one, else the application's."""
    routers: tuple[RouterHandlers, ...] = scope.get(ROUTER_HANDLERS, ())
    for router in routers:
        handler = _choose(router.by_class, router.by_status, exc)
        if handler is not None:
            return handler
    exception_handlers: ExceptionHandlers
    status_handlers: StatusHandlers
    # Set by ExceptionMiddleware.
    exception_handlers, status_handlers = scope.get("starlette.exception_handlers", ({}, {}))
    handler = _choose(exception_handlers, status_handlers, exc)
    if handler is None and routers:
        return next((router.last_resort for router in routers if router.last_resort is not None), None)
    return handler


def _choose(
    by_class: ExceptionHandlers, by_status: StatusHandlers, exc: Exception
) -> ExceptionHandler | None:
    """A handler for the status of an HTTP exception counts before one for its class."""
    if isinstance(exc, HTTPException) and exc.status_code in by_status:
        return by_status[exc.status_code]
    return _lookup_exception_handler(by_class, exc)


async def _respond(
    handler: Any, conn: Request | WebSocket, exc: Exception, receive: Receive, send: Send
) -> None:
    if is_async_callable(handler):
        response = await handler(conn, exc)
    else:
        response = await run_in_threadpool(handler, conn, exc)
    # Handlers of a WebSocket use it and return nothing.
    if response is not None:
        await response(conn.scope, receive, send)


def wrap_app_handling_exceptions(app: ASGIApp, conn: Request | WebSocket) -> ASGIApp:
    """The application with exceptions handled by the handlers in the connection's scope.

    Raises:
        RuntimeError: There is a handler, but the response had begun.
    """

    async def wrapped_app(scope: Scope, receive: Receive, send: Send) -> None:
        response_started = False

        async def sender(message: Message) -> None:
            nonlocal response_started
            if message["type"] == "http.response.start":
                response_started = True
            await send(message)

        try:
            await app(scope, receive, sender)
        except Exception as exc:
            handler = _find_handler(conn.scope, exc)
            if handler is None:
                raise
            if response_started:
                raise RuntimeError("Caught handled exception, but response already started.") from exc
            await _respond(handler, conn, exc, receive, sender)
            # An exception object that is raised again and again would keep the frames of every request.
            exc.__traceback__ = None

    return wrapped_app
