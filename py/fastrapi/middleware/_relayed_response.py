"""The response that `call_next` of a middleware returns."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sized
from typing import Any

from fastrapi._datastructures.headers import RawHeaders
from fastrapi.middleware.errors import ObservedSend
from fastrapi.responses import Response
from fastrapi.routing.planned import LAST_MESSAGE, PlannedCall
from fastrapi.types import Message, Receive, Scope, Send


class AnswerSource:
    """Where a relayed response comes from: what the middleware has started, and waits for."""

    @property
    def is_last(self) -> bool:
        """Whether the application has ended, and no other run of it goes on."""
        raise NotImplementedError

    def body(self) -> AsyncIterator[bytes | Message]:
        """The pieces of the body, or the message that names a file to send instead."""
        raise NotImplementedError

    def take_whole_body(self) -> bytes | None:
        """The body, if all of it is there and nothing follows it."""
        raise NotImplementedError

    def mark_sent(self) -> None:
        """The response was sent."""


class WholeBody(AnswerSource):
    """The body of an answer that was complete at once.

    Args:
        planned: What has given it.
        content: The body itself.
        others: What else the middleware has started.
    """

    __slots__ = ("_others", "content", "planned")

    def __init__(self, planned: PlannedCall, content: bytes, others: Sized) -> None:
        self.planned = planned
        self.content = content
        self._others = others

    @property
    def is_last(self) -> bool:
        return not self._others

    async def body(self) -> AsyncIterator[bytes | Message]:
        if self.content:
            yield self.content

    def take_whole_body(self) -> bytes | None:
        return self.content

    def mark_sent(self) -> None:
        """Nothing waits for it."""


class RelayedResponse(Response):
    """The application's response: its head, which can be changed, and its body as it comes.

    Args:
        source: Where the body comes from.
        status: Its status.
        headers: Its headers, which become the response's own.
    """

    info: Mapping[str, Any] | None = None
    _trailers = False
    _body: AsyncIterable[Any] | None = None

    def __init__(self, source: AnswerSource, status: int, headers: RawHeaders) -> None:
        self._source = source
        self.status_code = status
        self.raw_headers = headers
        self.background = None

    @classmethod
    def of_message(
        cls, source: AnswerSource, start: Message, info: Mapping[str, Any] | None
    ) -> RelayedResponse:
        """The response that a message begins.

        Args:
            source: Where the body comes from.
            start: The message with the head.
            info: What the application has told of the response, for tests.
        """
        response = cls(source, start["status"], list(start.get("headers", ())))
        response.info = info
        response._trailers = start.get("trailers", False)
        return response

    @property
    def body_iterator(self) -> AsyncIterable[Any]:
        """The body as it comes; can be replaced."""
        if self._body is None:
            self._body = self._source.body()
        return self._body

    @body_iterator.setter
    def body_iterator(self, body: AsyncIterable[Any]) -> None:
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.info is not None:
            await send({"type": "http.response.debug", "info": self.info})
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if self._trailers:
            start["trailers"] = True
        await send(start)
        whole = None
        if self._body is None and _is_nobodys_business(send) and self._has_length():
            whole = self._source.take_whole_body()
        if whole is None:
            await self._send_pieces(send)
        else:
            body: Message = {"type": "http.response.body", "body": whole, "more_body": False}
            if self.background is None and self._source.is_last:
                body[LAST_MESSAGE] = True
            await send(body)
        self._source.mark_sent()
        if self.background is not None:
            await self.background()

    def has_been_delivered(self, send: Send) -> bool:
        """Sends the response, if that takes no messages: the server takes it as a whole."""
        source = self._source
        return (
            type(source) is WholeBody
            and type(send) is ObservedSend
            and self._body is None
            and self.background is None
            and type(self.raw_headers) is list
            and send.has_delivered(source.planned, self.status_code, self.raw_headers, source.content)
        )

    def _has_length(self) -> bool:
        """Whether the client learns the length in any case, in however many messages the body is sent."""
        return any(name == b"content-length" for name, _ in self.raw_headers)

    async def _send_pieces(self, send: Send) -> None:
        is_file = False
        async for chunk in self.body_iterator:
            if isinstance(chunk, Mapping):
                is_file = True
                await send(dict(chunk))
            else:
                body = chunk.encode(self.charset) if isinstance(chunk, str) else chunk
                await send({"type": "http.response.body", "body": body, "more_body": True})
        if not is_file:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_nobodys_business(send: Send) -> bool:
    """Whether nothing on the way to the server could tell a body in one message from the same in two."""
    return type(send) is ObservedSend or isinstance(getattr(send, "__self__", None), AnswerSource)
