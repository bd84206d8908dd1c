"""What an exception means for a span, and how it is logged."""

from __future__ import annotations

import time
from typing import Any

from opentelemetry._logs import Logger, SeverityNumber

from fastrapi.compat.starlette import SHARED_MODULES
from fastrapi.compat.starlette.exceptions import HTTPException, WebSocketException
from fastrapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastrapi.telemetry.state import RequestTelemetry
from fastrapi.websockets import WebSocketDisconnect

_ANSWERS = (HTTPException, WebSocketException, RequestValidationError, WebSocketRequestValidationError)
"""Exceptions that are a way to answer, not failures."""

_EVENTS = {
    "http": ("http.server.request.exception", "Unhandled exception in FastAPI request"),
    "websocket": ("fastapi.websocket.exception", "Unhandled exception in FastAPI WebSocket connection"),
}

_OWN = "fastrapi."
_COMPATIBLE = "fastrapi.compat."
_NORMAL_CLOSURE = 1000
_GOING_AWAY = 1001


def exception_type(exc: BaseException) -> str:
    """The value of `error.type`: the qualified name of the class, alone for built-in ones.

    The framework's own classes go by the module names of FastAPI and Starlette, which dashboards
    already know.
    """
    cls = type(exc)
    if cls.__module__ == "builtins":
        return cls.__qualname__
    module = cls.__module__
    if module.startswith(_COMPATIBLE):
        module = module.removeprefix(_COMPATIBLE)
    elif module.startswith(_OWN):
        rest = module.removeprefix(_OWN)
        package = "starlette" if rest.partition(".")[0] in SHARED_MODULES else "fastapi"
        module = f"{package}.{rest}"
    return f"{module}.{cls.__qualname__}"


def is_normal_disconnect(exc: BaseException) -> bool:
    """Whether the client closed the WebSocket as it should (RFC 6455, section 7.4.1)."""
    return isinstance(exc, WebSocketDisconnect) and exc.code in (_NORMAL_CLOSURE, _GOING_AWAY)


def is_answer(exc: BaseException) -> bool:
    """Whether the exception is a way to answer or an ordinary end, and not a failure."""
    return isinstance(exc, _ANSWERS) or is_normal_disconnect(exc)


def emit_event(
    logger: Logger,
    state: RequestTelemetry,
    name: str,
    *,
    body: str,
    severity: SeverityNumber,
    attributes: dict[str, Any] | None = None,
    exception: BaseException | None = None,
) -> None:
    """Write a log record about the request, with its route and in its context."""
    route = {} if state.route is None else {"http.route": state.route}
    logger.emit(
        timestamp=time.time_ns(),
        context=state.context,
        severity_number=severity,
        severity_text=severity.name,
        body=body,
        attributes={**route, **(attributes or {})},
        event_name=name,
        exception=exception,
    )


def report_exception(state: RequestTelemetry, exc: BaseException) -> None:
    """Note that the request failed, and log why, once for each exception."""
    if is_normal_disconnect(exc) or any(known is exc for known in state.reported):
        return
    state.reported.append(exc)
    if state.error_type is None:
        state.error_type = exception_type(exc)
    if state.logger is not None and isinstance(exc, Exception):
        name, body = _EVENTS[state.protocol]
        emit_event(state.logger, state, name, body=body, severity=SeverityNumber.ERROR, exception=exc)
