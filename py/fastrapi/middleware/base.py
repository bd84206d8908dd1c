"""Middleware written as a function of a request that returns a response."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context, copy_context
from typing import Any

import anyio

from fastrapi.middleware._handover import EndOfMessages, Handover, Signal
from fastrapi.middleware._inside import Inside
from fastrapi.middleware._relayed_response import AnswerSource, RelayedResponse, WholeBody
from fastrapi.middleware._side_tasks import SideTasks, side_tasks
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.routing.planned import LAST_MESSAGE, evaluate
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

RequestResponseEndpoint = Callable[[Request[Any]], Awaitable[Response]]
DispatchFunction = Callable[[Request[Any], RequestResponseEndpoint], Awaitable[Response]]

_DISCONNECT: Message = {"type": "http.disconnect"}
_INTERIM = ("http.response.early_hint", "http.response.push")


class BaseHTTPMiddleware:
    """Calls `dispatch` with each request, and with a function that gives the application's response.

    The application runs in a task of its own, in step with the client: it goes on when what it has sent
    was sent to the client, or when its response was discarded. Context variables that it sets are not
    seen outside of it.

    Args:
        app: The application.
        dispatch: An async function of the request and `call_next`; by default the method `dispatch`.
    """

    def __init__(self, app: ASGIApp, dispatch: DispatchFunction | None = None) -> None:
        self.app = app
        self.dispatch_func: DispatchFunction = self.dispatch if dispatch is None else dispatch
        self._inside = Inside.of(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Dispatch(self.app, self._inside, scope, receive, send).run(self.dispatch_func)
        else:
            await self.app(scope, receive, send)

    async def dispatch(self, request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        """Answers a request, usually with what `call_next(request)` returns."""
        raise NotImplementedError()


class _SharedRequest(Request[Any]):
    """The request that `dispatch` sees, whose body it shares with the application behind it.

    What `dispatch` has read by `body()` is there for the application, what it has read by `stream()` is
    gone.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._body_replayed = False

    async def wrapped_receive(self) -> Message:
        """The receive channel of the application."""
        if self._is_disconnected and (self._body_replayed or not hasattr(self, "_body")):
            return _DISCONNECT
        if not self._body_replayed and (hasattr(self, "_body") or self._stream_consumed):
            self._body_replayed = True
            return {"type": "http.request", "body": getattr(self, "_body", b""), "more_body": False}
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_disconnected = True
        elif not message.get("more_body", False):
            # The application has read the body, so `dispatch` cannot any more.
            self._body_replayed = self._stream_consumed = True
        return message


class _Dispatch:
    """One call of `dispatch`."""

    def __init__(self, app: ASGIApp, inside: Inside, scope: Scope, receive: Receive, send: Send) -> None:
        self.app = app
        self.inside = inside
        self.send = send
        self.scope = scope
        self.request = _SharedRequest(scope, receive, send)
        self.is_over = False
        self.calls: list[_Call] = []
        self._tasks: SideTasks

    async def run(self, dispatch: DispatchFunction) -> None:
        failure: Exception | None = None
        async with side_tasks() as self._tasks:
            try:
                response = await dispatch(self.request, self._call_next)
                if type(response) is not RelayedResponse or not response.has_been_delivered(self.send):
                    await response(self.scope, self.request.wrapped_receive, self.send)
            except Exception as exc:
                failure = exc
                self._tasks.cancel()
            finally:
                self.is_over = True
                for call in self.calls:
                    call.end()
        for call in self.calls:
            if failure is None and not call.was_error_raised:
                failure = call.error  # of a background task, or of a response that was discarded
        self.calls.clear()  # they refer to this object
        if failure is not None:
            raise failure

    async def _call_next(self, request: Request[Any]) -> Response:
        planned = self.inside.short_plan(self.scope)
        handlers = self.inside.handlers
        if planned is None or handlers is None:
            return await self._run(_Call(self, self.app), copy_context(), is_short=planned is not None)
        # The plan alone needs neither a task nor messages, unless something is left to be done after it.
        handlers.announce(self.scope)
        call = _Call(self, self.app) if planned.takes_request else None
        context = copy_context()
        answer = context.run(evaluate, planned, self.scope, None if call is None else call.request())
        if isinstance(answer, tuple):
            status, headers, body = answer
            return RelayedResponse(WholeBody(planned, body, self.calls), status, headers)
        call = call or _Call(self, self.app)
        if answer is not None:
            call.app = handlers.around(answer)
        return await self._run(call, context)

    async def _run(self, call: _Call, context: Context, *, is_short: bool = False) -> Response:
        self.calls.append(call)
        self._tasks.start(call.run, context, is_short=is_short)
        return await call.response()


class _Call(AnswerSource):
    """One run of the application behind the middleware.

    Attributes:
        app: The application, or what is left of it to be done.
        error: What it has raised.
        was_error_raised: Whether `dispatch` has seen that.
    """

    def __init__(self, dispatch: _Dispatch, app: ASGIApp) -> None:
        self.app = app
        self._dispatch = dispatch
        self._messages = Handover()
        self._sent = Signal()
        self._receiving: set[anyio.CancelScope] = set()
        self._was_sent_by_us = False
        self.error: Exception | None = None
        self.was_error_raised = False

    async def run(self) -> None:
        try:
            await self.app(self._dispatch.scope, self._receive, self._send)
        except Exception as exc:
            self.error = exc
        finally:
            self._messages.end()

    def request(self) -> Request[Any]:
        """The request as the application sees it."""
        return Request(self._dispatch.scope, self._receive, self._send)

    def end(self) -> None:
        """Lets the application go on, as if its client had gone, if it was held."""
        self._messages.abandon()
        self._sent.set()
        for scope in self._receiving:
            scope.cancel()

    @property
    def is_last(self) -> bool:
        return self._messages.has_ended and len(self._dispatch.calls) == 1

    def mark_sent(self) -> None:
        self._was_sent_by_us = True
        self._sent.set()

    async def _receive(self) -> Message:
        if self._dispatch.is_over:
            return _DISCONNECT
        with anyio.CancelScope() as scope:
            self._receiving.add(scope)
            try:
                return await self._dispatch.request.wrapped_receive()
            finally:
                self._receiving.discard(scope)
        return _DISCONNECT

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind in _INTERIM or (kind == "http.response.trailers" and self._was_sent_by_us):
            await self._dispatch.send(message)
            return
        self._messages.put(message)
        if kind == "http.response.pathsend" or (
            kind == "http.response.body" and not message.get("more_body")
        ):
            # Background tasks come after the response, not while its end is still on its way.
            if not (LAST_MESSAGE in message and self._dispatch.inside.ends_with_response):
                await self._sent.wait()
        elif kind == "http.response.body":
            await self._messages.taken()

    async def _next_message(self) -> Message | None:
        """The next message; None if there is none because the application has ended.

        Raises:
            Exception: What the application raised.
        """
        message = self._messages.get_nowait()
        if message is not None:
            return message
        try:
            return await self._messages.get()
        except EndOfMessages:
            if self.error is None:
                return None
            self.was_error_raised = True
            # The explicit cause keeps the end of the messages out of the traceback.
            raise self.error from self.error.__cause__ or self.error.__context__

    async def response(self) -> Response:
        """Waits for the beginning of the application's response."""
        message = await self._next_message()
        info = None
        if message is not None and message["type"] == "http.response.debug":
            info = message["info"]
            message = await self._next_message()
        if message is None:
            raise RuntimeError("No response returned.")
        assert message["type"] == "http.response.start", f"Unexpected message {message['type']!r}."
        return RelayedResponse.of_message(self, message, info)

    def take_whole_body(self) -> bytes | None:
        message = self._messages.peek()
        if message is None or LAST_MESSAGE not in message or message.get("more_body"):
            return None
        self._messages.get_nowait()
        body: bytes = message.get("body", b"")
        return body

    async def body(self) -> AsyncIterator[bytes | Message]:
        while (message := await self._next_message()) is not None:
            if message["type"] == "http.response.pathsend":
                yield message
                return
            assert message["type"] == "http.response.body", f"Unexpected message {message['type']!r}."
            chunk = message.get("body", b"")
            if chunk:
                yield chunk
            if not message.get("more_body", False):
                return
