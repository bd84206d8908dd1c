"""The application's own answer to an exception that a plan's function raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastrapi._exception_handler import wrap_app_handling_exceptions
from fastrapi._routing.base import wrap_in_middleware
from fastrapi.middleware.errors import ServerErrorMiddleware
from fastrapi.middleware.exceptions import ExceptionMiddleware
from fastrapi.requests import Request
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.applications import Starlette

EXCEPTION = "fastrapi.exception"
"""The key of the exception in the scope."""


UNHANDLED = "fastrapi.unhandled"
"""The key of a function to call when the application's handlers do not take the exception."""


async def _raise(scope: Scope, receive: Receive, send: Send) -> None:
    raise scope[EXCEPTION]


async def _raise_in_route(scope: Scope, receive: Receive, send: Send) -> None:
    # As routes do: what one handler raises is for another.
    await wrap_app_handling_exceptions(_raise, Request(scope, receive, send))(scope, receive, send)


def error_application(app: Starlette) -> ASGIApp:
    """The exception handlers of an application around nothing but the exception.

    The same middleware answers on the general lane, so the answers cannot differ.
    """
    layers = app.middleware_layers()
    handlers = [layer for layer in layers if layer.cls is ExceptionMiddleware]
    last_resort = [layer for layer in layers if layer.cls is ServerErrorMiddleware]
    handled = wrap_in_middleware(_raise_in_route, handlers)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await handled(scope, receive, send)
        except Exception:
            if UNHANDLED in scope:
                scope[UNHANDLED]()
            raise

    return wrap_in_middleware(handle, last_resort)
