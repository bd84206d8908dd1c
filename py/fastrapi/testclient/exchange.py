"""One HTTP request to the application under test and its response, while it is produced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
from anyio.from_thread import BlockingPortal

from fastrapi.types import Message, Scope

if TYPE_CHECKING:
    from fastrapi.testclient.application import Executor


class HTTPExchange:
    """Runs the application for one request, in step with the client that reads the response.

    The application is held at each piece of the body until the client asks for it, so that a test sees
    what a slow client would see. The public methods belong to the client's thread, the coroutines run in
    the portal's loop.

    Args:
        portal: The portal to the event loop.
        executor: Who runs the application.
        scope: The request's ASGI scope.
        read_body: Reads the request's body, if and when the application asks for it.

    Attributes:
        status: The status code; None if the application ended without a response.
        headers: The raw headers in order.
        trailers: The trailers received so far; None if none were announced.
        debug_info: What was sent by the `http.response.debug` extension; None if nothing.
    """

    def __init__(
        self, portal: BlockingPortal, executor: Executor, scope: Scope, read_body: Callable[[], bytes]
    ) -> None:
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.trailers: list[tuple[bytes, bytes]] | None = None
        self.debug_info: dict[str, Any] | None = None
        self._portal = portal
        self._executor = executor
        self._scope = scope
        self._read_body: Callable[[], bytes] | None = read_body
        self._is_head = scope["method"] == "HEAD"
        self._body_sent = False
        self._complete = False
        self._finished = False
        self._outcome: Future[Any]
        # Returns when the head of the response was sent or the application has ended.
        self._outcome, _ = portal.start_task(self._run)

    def chunks(self) -> Iterator[bytes]:
        """The pieces of the body. It ends when the application has ended."""
        while (chunk := self._portal.call(self._next_chunk)) is not None:
            yield chunk

    def finish(self, *, cancel: bool = False) -> None:
        """Waits for the application to end; an incomplete response, or `cancel`, cancels it first.

        Raises:
            Exception: What the application raised.
        """
        if self._finished:
            return
        self._finished = True
        if not self._outcome.done() and (cancel or not self._complete):
            self._portal.call(self._cancel_scope.cancel)
        try:
            self._outcome.result()
        finally:
            self._chunks_out.close()

    async def _run(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        self._task_status = task_status
        self._reading = anyio.Event()
        self._response_over = anyio.Event()
        # Without a buffer: a chunk is sent when the client takes it.
        self._chunks_in, self._chunks_out = anyio.create_memory_object_stream[tuple[bytes, bool]](0)
        with anyio.CancelScope() as self._cancel_scope, self._chunks_in:
            try:
                await self._executor(self._scope, self._receive, self._send)
            finally:
                if self.status is None:
                    task_status.started()

    async def _next_chunk(self) -> bytes | None:
        self._reading.set()
        try:
            chunk, is_last = await self._chunks_out.receive()
        except anyio.EndOfStream:
            return None
        if is_last:
            self._end_of_body()
        return chunk

    async def _receive(self) -> Message:
        read_body, self._read_body = self._read_body, None
        if read_body is not None:
            return {"type": "http.request", "body": read_body()}
        # Asked only when needed: on trio, waiting for what has happened gives way to a cancellation.
        if not self._response_over.is_set():
            await self._response_over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._on_start(message)
        elif kind == "http.response.body":
            await self._on_body(message)
        elif kind == "http.response.trailers":
            self._on_trailers(message)
        elif kind == "http.response.debug":
            self.debug_info = message["info"]

    def _on_start(self, message: Message) -> None:
        assert self.status is None, 'Received multiple "http.response.start" messages.'
        self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
        if message.get("trailers", False):
            self.trailers = []
        self.status = message["status"]
        self._task_status.started()

    async def _on_body(self, message: Message) -> None:
        assert self.status is not None, 'Received "http.response.body" without "http.response.start".'
        assert not self._complete, 'Received "http.response.body" after response completed.'
        assert not self._body_sent, 'Received "http.response.body" after body completed.'
        await self._reading.wait()
        chunk = bytes(message.get("body", b""))  # a copy: the application may reuse its buffer
        is_last = not message.get("more_body", False)
        self._body_sent = is_last
        if chunk and not self._is_head:
            await self._chunks_in.send((chunk, is_last))
        if is_last:
            # Here too, since on trio the application may go on before the client has taken the chunk.
            self._end_of_body()

    def _end_of_body(self) -> None:
        if self.trailers is None:
            self._end_of_response()

    def _on_trailers(self, message: Message) -> None:
        assert self.trailers is not None, 'Received "http.response.trailers" without declaring trailers.'
        assert self._body_sent, 'Received "http.response.trailers" before body completed.'
        assert not self._complete, 'Received "http.response.trailers" after response completed.'
        self.trailers += [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
        if not message.get("more_trailers", False):
            self._end_of_response()

    def _end_of_response(self) -> None:
        self._complete = True
        self._response_over.set()
