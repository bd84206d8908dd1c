"""Limits the size of request bodies."""

from __future__ import annotations

import math

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.problem_details import too_large
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_SIZE_SCOPE_KEY = "starlette.max_body_size"
"""Scope key of the limit in force, in bytes."""

_METER_SCOPE_KEY = "fastrapi.body_meter"
_REASON = "Content Too Large"
_LONGEST_LENGTH = 18  # digits; more than that is more than any limit


class _BodyTooLarge(HTTPException):
    """Raised to the reader of a body that exceeds the limit."""

    def __init__(self) -> None:
        super().__init__(status_code=413, detail=_REASON)


class _ResponseReplaced(Exception):
    """Raised to an application whose response was replaced by a 413, so that it stops."""


def is_due_to_limit(exc: BaseException) -> bool:
    """Whether an application failed because it met a body limit."""
    if isinstance(exc, BaseExceptionGroup):
        # What else is in a group must not be hidden, whatever it was raised from.
        return _is_of_limit(exc)
    # One that had begun its response then raises an error of its own.
    return _is_of_limit(exc) or (exc.__cause__ is not None and _is_of_limit(exc.__cause__))


def _is_of_limit(exc: BaseException) -> bool:
    if isinstance(exc, BaseExceptionGroup):  # several tasks met the limit at once
        return all(map(_is_of_limit, exc.exceptions))
    return isinstance(exc, _BodyTooLarge | _ResponseReplaced)


class RequestBodyLimitMiddleware:
    """Answers requests whose body is too large with 413.

    The innermost middleware decides: a route may have a higher or a lower limit than the application
    around it. So a declared length is checked no sooner than the body is read or the response starts.
    The bytes are counted whatever was declared.

    Args:
        app: The application.
        max_body_size: The largest body in bytes.
    """

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self.app = app
        self.max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        meter = scope.get(_METER_SCOPE_KEY)
        outer_limit = scope.get(MAX_BODY_SIZE_SCOPE_KEY)
        scope[MAX_BODY_SIZE_SCOPE_KEY] = self.max_body_size
        try:
            if isinstance(meter, _BodyMeter):
                meter.override(self.max_body_size)
                await self.app(scope, receive, send)
            else:
                await self._run_metered(scope, receive, send)
        finally:
            if outer_limit is None:
                del scope[MAX_BODY_SIZE_SCOPE_KEY]
            else:
                scope[MAX_BODY_SIZE_SCOPE_KEY] = outer_limit

    async def _run_metered(self, scope: Scope, receive: Receive, send: Send) -> None:
        meter = _BodyMeter(self.max_body_size, _declared_length(scope), receive, send)
        scope[_METER_SCOPE_KEY] = meter
        try:
            await self.app(scope, meter.receive, meter.send)
        except Exception as exc:
            if meter.started or not is_due_to_limit(exc):
                raise
            meter.refused = True
        finally:
            del scope[_METER_SCOPE_KEY]
        if meter.refused:
            await too_large(scope, _REASON)(scope, receive, send)


class _BodyMeter:
    """Measures one request's body, for all limits that its route lies behind.

    Attributes:
        started: Whether the application's response has begun.
        refused: Whether its response is replaced by a 413.
    """

    __slots__ = ("_declared", "_limit", "_received", "_server_receive", "_server_send", "refused", "started")

    def __init__(self, limit: int, declared: float | None, receive: Receive, send: Send) -> None:
        self._limit = limit
        self._declared = declared
        self._received = 0
        self._server_receive = receive
        self._server_send = send
        self.started = False
        self.refused = False

    def override(self, limit: int) -> None:
        """Puts a limit into force; raises if middleware has already read more than it allows."""
        self._limit = limit
        if self._received > limit:
            raise _BodyTooLarge()

    def _is_declared_too_large(self) -> bool:
        return self._declared is not None and self._declared > self._limit

    async def receive(self) -> Message:
        if self.refused:
            raise _ResponseReplaced()
        if self._is_declared_too_large():
            raise _BodyTooLarge()
        message = await self._server_receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise _BodyTooLarge()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.refused = self.refused or self._is_declared_too_large()
            self.started = not self.refused
        if self.refused:
            raise _ResponseReplaced()
        await self._server_send(message)


def _declared_length(scope: Scope) -> float | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit():  # of bytes: ASCII digits only
                return None
            digits = value.lstrip(b"0")
            return math.inf if len(digits) > _LONGEST_LENGTH else int(digits or b"0")
    return None
