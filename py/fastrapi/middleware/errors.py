"""Turns exceptions that nothing else has handled into a 500 response."""

from __future__ import annotations

import traceback
from typing import Any

from fastrapi._datastructures.headers import RawHeaders
from fastrapi._utils import is_async_callable
from fastrapi.concurrency import run_in_threadpool
from fastrapi.middleware.body_limit import is_due_to_limit
from fastrapi.requests import Request
from fastrapi.responses import HTMLResponse, PlainTextResponse, Response
from fastrapi.routing.planned import PlannedCall
from fastrapi.telemetry.state import STATE_KEY
from fastrapi.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send


class ObservedSend:
    """A send channel that notes whether a response has begun.

    Attributes:
        has_started: Whether it has.
    """

    __slots__ = ("_send", "has_started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_started = False

    async def __call__(self, message: Message) -> None:
        self.has_started = self.has_started or message["type"] == "http.response.start"
        await self._send(message)

    def has_delivered(self, planned: PlannedCall, status: int, headers: RawHeaders, body: bytes) -> bool:
        """Sends a whole response without messages, if the channel is the server's own."""
        before, self.has_started = self.has_started, True
        if planned.deliver(self._send, status, headers, body):
            return True
        self.has_started = before
        return False


class ServerErrorMiddleware:
    """The outermost layer: answers unhandled exceptions, and raises them again for the server's log.

    Args:
        app: The application.
        handler: A handler, sync or async, for the answer; plain text if there is none.
        debug: Whether to answer with a traceback instead, as HTML where the client accepts it.
    """

    def __init__(self, app: ASGIApp, handler: ExceptionHandler | None = None, debug: bool = False) -> None:
        self.app = app
        self.handler = handler
        self.debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        observed = ObservedSend(send)
        try:
            await self.app(scope, receive, observed)
        except Exception as exc:
            if is_due_to_limit(exc):
                raise  # the limit belongs to an application around this one, which answers 413
            telemetry = scope.get(STATE_KEY)
            if telemetry is not None:
                telemetry.report_exception(exc)
            response = await self._response(Request(scope), exc)
            if not observed.has_started:
                await response(scope, receive, send)
            raise

    async def _response(self, request: Request[Any], exc: Exception) -> Response:
        if self.debug:
            return self.debug_response(request, exc)
        if self.handler is None:
            return self.error_response(request, exc)
        # The handler runs even if the response has begun: it may log or report the error.
        handler: Any = self.handler
        if is_async_callable(handler):
            response: Response = await handler(request, exc)
        else:
            response = await run_in_threadpool(handler, request, exc)
        return response

    def generate_html(self, exc: Exception, limit: int = 7) -> str:
        """The traceback as a page, with `limit` lines of source around each frame's line."""
        # Imported here because no request of a production server needs it.
        from fastrapi.middleware._debug_page import render_debug_page

        return render_debug_page(exc, context_lines=limit)

    def generate_plain_text(self, exc: Exception) -> str:
        """The traceback as Python prints it."""
        return "".join(traceback.format_exception(exc))

    def debug_response(self, request: Request[Any], exc: Exception) -> Response:
        """The answer in debug mode."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(self.generate_html(exc), status_code=500)
        return PlainTextResponse(self.generate_plain_text(exc), status_code=500)

    def error_response(self, request: Request[Any], exc: Exception) -> Response:
        """The answer without a handler; it tells nothing about the error."""
        return PlainTextResponse("Internal Server Error", status_code=500)
