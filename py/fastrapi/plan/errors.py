"""The application's own answer to an exception that a plan's function raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastrapi._routing.base import wrap_in_middleware
from fastrapi.middleware.errors import ServerErrorMiddleware
from fastrapi.middleware.exceptions import ExceptionMiddleware
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.applications import Starlette

EXCEPTION = "fastrapi.exception"
"""The key of the exception in the scope."""


UNHANDLED = "fastrapi.unhandled"
"""The key of a function to call when the application's handlers do not take the exception."""


async def _raise(scope: Scope, receive: Receive, send: Send) -> None:
    raise scope[EXCEPTION]


def error_application(app: Starlette) -> ASGIApp:
    """The exception handlers of an application around nothing but the exception.

    The same middleware answers on the general lane, so the answers cannot differ.
    """
    layers = app.middleware_layers()
    handlers = [layer for layer in layers if layer.cls is ExceptionMiddleware]
    last_resort = [layer for layer in layers if layer.cls is ServerErrorMiddleware]
    handled = wrap_in_middleware(_raise, handlers)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await handled(scope, receive, send)
        except Exception:
            if UNHANDLED in scope:
                scope[UNHANDLED]()
            raise

    return wrap_in_middleware(handle, last_resort)
