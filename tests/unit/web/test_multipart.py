from __future__ import annotations

import pytest

from fastrapi._multipart import (
    MAX_HEADER_LINE,
    MultipartDecodeError,
    MultipartDecoder,
    PartBegin,
    PartData,
)

Parts = list[tuple[list[tuple[bytes, bytes]], bytes]]


def decode(body: bytes, size: int | None = None, boundary: bytes = b"B") -> Parts:
    """The parts of a body that is fed in pieces of `size` bytes."""
    decoder = MultipartDecoder(boundary)
    parts: Parts = []
    step = size or max(len(body), 1)
    for start in range(0, len(body), step):
        for event in decoder.feed(body[start : start + step]):
            if isinstance(event, PartBegin):
                parts.append((event.headers, b""))
            elif isinstance(event, PartData):
                assert event.data
                headers, content = parts[-1]
                parts[-1] = (headers, content + event.data)
    decoder.finish()
    return parts


def part(content: bytes, *headers: bytes) -> bytes:
    return b"--B\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + content + b"\r\n"


END = b"--B--\r\n"


@pytest.mark.parametrize("size", [None, 1, 2, 3, 5, 7, 64])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"\r\n",
        b"\r\n\r\n--",
        b"\r\n--",
        b"\r\n--C",
        b"\r\n--BB\r\n",
        b"\r\n--B-\r\n",
        b"\r\n--B \r\n",
        b"--B\r\n",
        b"\r" * 100,
        b"\r\n--" * 50,
        bytes(range(256)) * 20,
    ],
)
def test_content_is_kept_whatever_the_pieces(content: bytes, size: int | None) -> None:
    body = part(content, b"A: 1") + part(b"second", b"B: 2") + END
    assert decode(body, size) == [([(b"a", b"1")], content), ([(b"b", b"2")], b"second")]


@pytest.mark.parametrize("size", [None, 1, 3])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        END,
        b"--B--",
        b"\r\n\r\n" + END,
        END + b"epilogue",
        END + part(b"after the end"),
    ],
)
def test_bodies_without_parts(body: bytes, size: int | None) -> None:
    assert decode(body, size) == []


@pytest.mark.parametrize("size", [None, 1, 3])
@pytest.mark.parametrize(
    "body",
    [
        b"preamble\r\n" + END,
        b"--C\r\n",
        b"--B\n\nx\n--B--\n",
        b"--B \r\n\r\n\r\n" + END,
        b"--B",
        b"--B\r\nA: 1",
        b"--B\r\nA: 1\r\n" + END,
        part(b"cut off"),
        part(b"cut off") + b"--B-",
        part(b"", b"A B: 1") + END,
        part(b"", b"no colon") + END,
        part(b"", b": no name") + END,
        part(b"", b"A: 1\r\n folded") + END,
        part(b"", b"A: nul\0") + END,
        part(b"", b"A: cr\r1") + END,
        part(b"", b"A: lf\n1") + END,
        part(b"", *[b"A: 1"] * 9) + END,
        part(b"", b"A: " + b"x" * MAX_HEADER_LINE) + END,
        b"--B\r\nA: " + b"x" * MAX_HEADER_LINE,
    ],
)
def test_malformed_bodies(body: bytes, size: int | None) -> None:
    with pytest.raises(MultipartDecodeError):
        decode(body, size)


def test_headers_at_their_limits() -> None:
    longest = b"A: " + b"x" * (MAX_HEADER_LINE - 3)
    parts = decode(part(b"", *[longest] * 8) + END, 1000)
    assert len(parts[0][0]) == 8


def test_boundary_length() -> None:
    for boundary in (b"", b"x" * 257):
        with pytest.raises(MultipartDecodeError):
            MultipartDecoder(boundary)
    longest = b"x" * 256
    assert decode(b"--" + longest + b"\r\n\r\nc\r\n--" + longest + b"--", boundary=longest) == [([], b"c")]


def test_content_is_not_held_back() -> None:
    decoder = MultipartDecoder(b"B")
    events = list(decoder.feed(b"--B\r\n\r\n" + b"x" * 1000))
    assert events == [PartBegin([]), PartData(b"x" * 1000)]
    assert list(decoder.feed(b"y\r\n-")) == [PartData(b"y")]
    assert list(decoder.feed(b"zzzz")) == [PartData(b"\r\n-zzzz")]
