"""The exception handlers that an application starts with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from fastrapi._json_safe import json_safe
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.encoders import jsonable_encoder
from fastrapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from fastrapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastrapi.problem_details import problem
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.types import ExceptionHandler
from fastrapi.utils import is_body_allowed_for_status_code

_Handlers = dict[type[Exception], Callable[..., Awaitable[Response | None]]]


async def http_problem(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and headers, and its detail as the problem's."""
    if not is_body_allowed_for_status_code(exc.status_code):
        return Response(status_code=exc.status_code, headers=exc.headers)
    return problem(request.scope, exc.status_code, jsonable_encoder(exc.detail), headers=exc.headers)


async def validation_problem(request: Request, exc: RequestValidationError) -> Response:
    """Answer 422 with the errors, up to the application's `max_validation_errors`."""
    limit = getattr(request.scope.get("app"), "max_validation_errors", None)
    errors = exc.errors() if limit is None else exc.errors()[:limit]
    detail = "The request is not valid"
    try:
        return problem(request.scope, 422, detail, errors=jsonable_encoder(errors))
    except ValueError:
        # The errors quote what the client sent, and that need not be JSON or even text.
        return problem(request.scope, 422, detail, errors=jsonable_encoder(json_safe(errors)))


async def unhandled_problem(request: Request, exc: Exception) -> Response:
    """Answer 500, and tell nothing about the error."""
    return problem(request.scope, 500, "The server met an error that it did not expect")


def add_default_handlers(handlers: dict[Any, ExceptionHandler], *, problem_details: bool) -> None:
    """Add the handlers for which the application has none of its own.

    Args:
        handlers: The application's handlers by exception class or status.
        problem_details: Whether the bodies are problem details (RFC 9457).
    """
    defaults: _Handlers = {
        HTTPException: http_problem if problem_details else http_exception_handler,
        RequestValidationError: (
            validation_problem if problem_details else request_validation_exception_handler
        ),
        WebSocketRequestValidationError: websocket_request_validation_exception_handler,
    }
    if problem_details and 500 not in handlers:
        defaults[Exception] = unhandled_problem
    for kind, handler in defaults.items():
        handlers.setdefault(kind, cast(ExceptionHandler, handler))
