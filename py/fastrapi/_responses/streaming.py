"""Responses whose body is produced while it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping

from fastrapi._responses.base import Response, adapt_send
from fastrapi._utils import create_collapsing_task_group
from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.concurrency import iterate_in_threadpool
from fastrapi.requests import ClientDisconnect
from fastrapi.types import Receive, Scope, Send

Content = str | bytes | memoryview
SyncContentStream = Iterable[Content]
AsyncContentStream = AsyncIterable[Content]
ContentStream = AsyncContentStream | SyncContentStream


def sends_raise_on_disconnect(scope: Scope) -> bool:
    """Whether the server's `send` raises `OSError` once the client is gone (ASGI 2.4)."""
    version = scope.get("asgi", {}).get("spec_version", "2.0")
    return tuple(map(int, version.split("."))) >= (2, 4)


async def wait_for_disconnect(receive: Receive) -> None:
    """Returns when the client has gone away."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return


class StreamingResponse(Response):
    """A response whose body comes from an iterable.

    Args:
        content: Gives the body in pieces. What is not asynchronous is iterated in a thread.
        status_code: The HTTP status.
        headers: Headers to add.
        media_type: The value of Content-Type; a charset is added to text.
        background: What to run after the response was sent.
    """

    body_iterator: AsyncContentStream

    def __init__(
        self,
        content: ContentStream,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        if isinstance(content, AsyncIterable):
            self.body_iterator = content
        else:
            self.body_iterator = iterate_in_threadpool(content)
        self.status_code = status_code
        self.media_type = self.media_type if media_type is None else media_type
        self.background = background
        self.init_headers(headers)

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Returns when the client has gone away."""
        await wait_for_disconnect(receive)

    async def stream_response(self, send: Send) -> None:
        """Sends the whole response."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for chunk in self.body_iterator:
                body = chunk if isinstance(chunk, bytes | memoryview) else chunk.encode(self.charset)
                await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            # A generator is ended here if the client is gone, not at some time by the garbage collector:
            # what its cleanup needs may be gone by then.
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream_until_disconnect(self, receive: Receive, send: Send) -> None:
        """Streams for a server whose `send` says nothing about the client: its messages have to be read."""
        async with create_collapsing_task_group() as task_group:

            async def stream() -> None:
                await self.stream_response(send)
                task_group.cancel_scope.cancel()

            task_group.start_soon(stream)
            await self.listen_for_disconnect(receive)
            task_group.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response, then runs the background tasks.

        Raises:
            ClientDisconnect: The client went away, on a server that reports it when sending.
        """
        send = adapt_send(scope, send)
        if scope["type"] == "websocket":
            await self.stream_response(send)
        elif sends_raise_on_disconnect(scope):
            try:
                await self.stream_response(send)
            except OSError as error:
                raise ClientDisconnect() from error
        else:
            await self._stream_until_disconnect(receive, send)
        if self.background is not None:
            await self.background()
