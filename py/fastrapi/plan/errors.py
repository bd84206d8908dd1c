"""The application's own answer to an exception that a plan's function raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastrapi._routing.base import wrap_in_middleware
from fastrapi.middleware.errors import ServerErrorMiddleware
from fastrapi.middleware.exceptions import ExceptionMiddleware
from fastrapi.types import ASGIApp

if TYPE_CHECKING:
    from fastrapi.applications import Starlette

EXCEPTION = "fastrapi.exception"
"""The key of the exception in the scope."""


async def _raise(scope: Any, receive: Any, send: Any) -> None:
    raise scope[EXCEPTION]


def error_application(app: Starlette) -> ASGIApp:
    """The exception handlers of an application around nothing but the exception.

    The same middleware answers on the general lane, so the answers cannot differ.
    """
    layers = [
        layer for layer in app.middleware_layers() if layer.cls in (ServerErrorMiddleware, ExceptionMiddleware)
    ]
    return wrap_in_middleware(_raise, layers)
