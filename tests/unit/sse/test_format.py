"""The wire format of server-sent events, and what an event may be."""

from collections.abc import AsyncIterator

import anyio
import pytest
from pydantic import ValidationError

from fastrapi.sse import KEEPALIVE_COMMENT, ServerSentEvent, format_sse_event, with_keep_alive


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, b"\n"),
        ({"data_str": "x"}, b"data: x\n\n"),
        ({"data_str": ""}, b"data: \n\n"),
        ({"data_str": "a\nb\r\nc\rd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data_str": "end\n"}, b"data: end\ndata: \n\n"),
        ({"data_str": "a\u2028b"}, "data: a\u2028b\n\n".encode()),
        ({"comment": "x\ny"}, b": x\n: y\n\n"),
        (
            {"data_str": "d", "event": "e", "id": "1", "retry": 3, "comment": "c"},
            b": c\nevent: e\ndata: d\nid: 1\nretry: 3\n\n",
        ),
    ],
)
def test_fields(fields: dict[str, object], expected: bytes) -> None:
    assert format_sse_event(**fields) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "a\nb"},
        {"event": "a\r"},
        {"id": "a\nb"},
        {"id": "a\0"},
        {"retry": -1},
        {"data": 1, "raw_data": "x"},
    ],
)
def test_impossible_events_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServerSentEvent(**fields)  # type: ignore[arg-type]


def test_silence_is_filled_with_comments_and_nothing_is_lost() -> None:
    release = None

    async def events() -> AsyncIterator[bytes]:
        assert release is not None
        yield b"first"
        await release.wait()
        yield b"second"

    async def collect() -> list[bytes]:
        nonlocal release
        release = anyio.Event()
        chunks = []
        async with anyio.create_task_group() as tasks:
            async for chunk in with_keep_alive(events(), interval=0.001, task_group=tasks):
                chunks.append(chunk)
                if chunk == KEEPALIVE_COMMENT:
                    release.set()
        return chunks

    chunks = anyio.run(collect)
    assert chunks[0] == b"first"
    assert KEEPALIVE_COMMENT in chunks
    assert chunks[-1] == b"second"


def test_an_error_in_the_stream_arrives_as_it_is() -> None:
    async def events() -> AsyncIterator[bytes]:
        yield b"first"
        raise ValueError("broken")

    async def read_twice() -> None:
        async with anyio.create_task_group() as tasks:
            chunks = with_keep_alive(events(), interval=60, task_group=tasks)
            assert await anext(chunks) == b"first"
            with pytest.raises(ValueError, match="broken"):
                await anext(chunks)

    anyio.run(read_twice)
