"""Server-sent events: the response class, the event and its wire format (WHATWG HTML, section 9.2)."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from anyio.abc import TaskGroup
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fastrapi._responses.streaming import StreamingResponse

KEEPALIVE_COMMENT = b": ping\n\n"
"""A comment that clients ignore, and that tells proxies the connection is in use."""

KEEPALIVE_INTERVAL = 15.0
"""Seconds of silence before a keep-alive comment is sent, as the standard suggests."""

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}
"""One event in the OpenAPI document (`itemSchema`)."""

# The standard's line ends. `str.splitlines` knows others, which would cut the payload.
_LINE_END = re.compile(r"\r\n|\r|\n")


class EventSourceResponse(StreamingResponse):
    """A response that streams server-sent events.

    As the `response_class` of a path operation that yields, it formats each item as an event:
    a `ServerSentEvent` as it says, anything else as JSON in `data`.
    """

    media_type = "text/event-stream"


def _single_line_event(value: str | None) -> str | None:
    return _single_line(value, "event")


def _single_line_id(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError("SSE 'id' must not contain null characters")
    return _single_line(value, "id")


def _single_line(value: str | None, field: str) -> str | None:
    if value is not None and _LINE_END.search(value):
        raise ValueError(f"SSE '{field}' must be a single line")
    return value


class ServerSentEvent(BaseModel):
    """One event of a stream.

    Attributes:
        data: any value that can be JSON; it is always encoded, so that a string gets quotes.
            Not together with `raw_data`.
        raw_data: text sent as it is.
        event: the event's type, a single line; `message` in the browser by default.
        id: what the browser sends as `Last-Event-ID` when it connects again; a single line
            without null characters.
        retry: milliseconds for which the browser waits before it connects again.
        comment: lines that clients ignore.
    """

    model_config = ConfigDict(defer_build=True)

    data: Any = None
    raw_data: str | None = None
    event: Annotated[str | None, AfterValidator(_single_line_event)] = None
    id: Annotated[str | None, AfterValidator(_single_line_id)] = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None

    @model_validator(mode="after")
    def _one_payload(self) -> "ServerSentEvent":
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent. Use 'data' for "
                "JSON-serialized payloads or 'raw_data' for pre-formatted strings."
            )
        return self


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """One event in its wire format, UTF-8.

    Args:
        data_str: the payload; each of its lines becomes a `data` field.
        event: the event's type.
        id: the event's id.
        retry: the time before a new connection, in milliseconds.
        comment: text for comment lines.
    """
    lines = [] if comment is None else [f": {line}" for line in _LINE_END.split(comment)]
    if event is not None:
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += [f"data: {line}" for line in _LINE_END.split(data_str)]
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "".join(f"{line}\n" for line in (*lines, "")).encode()


async def with_keep_alive(
    events: AsyncIterator[bytes], *, interval: float, task_group: TaskGroup
) -> AsyncIterator[bytes]:
    """Pass events on, with a keep-alive comment after each `interval` seconds of silence.

    The events are read by a task of their own, since giving up a wait on `events` itself would
    end that generator. An error in it is raised here, between the same events.
    """
    failure: list[Exception] = []
    send, receive = anyio.create_memory_object_stream[bytes](1)

    async def read() -> None:
        async with send:
            try:
                async for event in events:
                    await send.send(event)
            except anyio.BrokenResourceError:
                pass  # nobody listens any more: the client went away
            except Exception as error:  # handed to the consumer below, whatever it is
                failure.append(error)

    task_group.start_soon(read)
    async with receive:
        while True:
            chunk = KEEPALIVE_COMMENT
            with anyio.move_on_after(interval):
                try:
                    chunk = await receive.receive()
                except anyio.EndOfStream:
                    break
            yield chunk
    if failure:
        raise failure[0]
