"""Decoding of multipart bodies (RFC 2046, section 5.1; RFC 7578), without any I/O.

Bytes go into `MultipartDecoder.feed` in pieces of any size, events come out as soon as they are certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

MAX_BOUNDARY_LENGTH = 256
MAX_HEADERS = 8
"""For each part. RFC 7578 knows three."""
MAX_HEADER_LINE = 8192
"""In bytes."""

_HEADER_LINE = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\r\n\0]*)")

# Longest of what may follow a boundary: "\r\n" before another part, "--" after the last.
_SUFFIX = 2


class MultipartDecodeError(Exception):
    """The body is not a valid multipart body."""


class PartBegin(NamedTuple):
    """A part begins; its headers, names in lower case."""

    headers: list[tuple[bytes, bytes]]


class PartData(NamedTuple):
    """Bytes of the content of the current part, never empty."""

    data: bytes


class PartEnd(NamedTuple):
    """The current part is complete."""


Event = PartBegin | PartData | PartEnd


class _State(Enum):
    PREAMBLE = auto()
    HEADERS = auto()
    CONTENT = auto()
    EPILOGUE = auto()


class MultipartDecoder:
    """Takes a multipart body apart.

    Args:
        boundary: The boundary, from the Content-Type header.

    Raises:
        MultipartDecodeError: The boundary is empty or too long.
    """

    def __init__(self, boundary: bytes) -> None:
        if not 0 < len(boundary) <= MAX_BOUNDARY_LENGTH:
            raise MultipartDecodeError(f"A boundary has 1 to {MAX_BOUNDARY_LENGTH} bytes")
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray()
        self._state = _State.PREAMBLE
        self._headers: list[tuple[bytes, bytes]] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        """Takes the next bytes of the body and gives the events they complete.

        Raises:
            MultipartDecodeError: The body is malformed. The decoder must not be used any more.
        """
        self._buffer += data
        while True:
            before = self._state
            yield from self._step()
            # A step that changes the state may have left bytes for the next one.
            if self._state is before:
                return

    def _step(self) -> Iterator[Event]:
        """One step: the first boundary, the headers of a part, or a piece of its content."""
        match self._state:
            case _State.PREAMBLE:
                self._read_preamble()
            case _State.HEADERS:
                if self._read_headers():
                    yield PartBegin(self._headers)
            case _State.CONTENT:
                content, complete = self._read_content()
                if content:
                    yield PartData(content)
                if complete:
                    yield PartEnd()
            case _State.EPILOGUE:
                # RFC 2046 has it ignored.
                self._buffer.clear()

    def finish(self) -> None:
        """To be called at the end of the body.

        Raises:
            MultipartDecodeError: The closing boundary is missing, so the body was cut off.
        """
        if self._state is _State.EPILOGUE or (self._state is _State.PREAMBLE and not self._buffer):
            return
        raise MultipartDecodeError("The body ends before its closing boundary")

    def _read_preamble(self) -> None:
        """The first boundary. Line breaks before it are tolerated, text is not."""
        buffer = self._buffer
        if buffer.startswith((b"\r", b"\n")):
            buffer[:] = buffer.lstrip(b"\r\n")
        boundary = self._delimiter[2:]
        if len(buffer) < len(boundary) + _SUFFIX:
            if not boundary.startswith(buffer[: len(boundary)]):
                raise MultipartDecodeError("The body does not begin with its boundary")
            return
        if not buffer.startswith(boundary):
            raise MultipartDecodeError("The body does not begin with its boundary")
        self._after_boundary(len(boundary))
        if self._state is _State.PREAMBLE:
            raise MultipartDecodeError("A boundary is followed by a line break or by two hyphens")

    def _after_boundary(self, end: int) -> None:
        """Goes on behind the boundary that ends at `end`, if it is one."""
        suffix = self._buffer[end : end + _SUFFIX]
        if suffix == b"\r\n":
            self._state = _State.HEADERS
            self._headers = []
        elif suffix == b"--":
            self._state = _State.EPILOGUE
        else:
            return
        del self._buffer[: end + _SUFFIX]

    def _read_headers(self) -> bool:
        """The header lines that are complete; whether that was all of them."""
        buffer = self._buffer
        start = 0
        while True:
            end = buffer.find(b"\r\n", start, start + MAX_HEADER_LINE + 2)
            if end == -1:
                if len(buffer) - start > MAX_HEADER_LINE:
                    raise MultipartDecodeError(f"A header line has at most {MAX_HEADER_LINE} bytes")
                del buffer[:start]
                return False
            if end == start:
                del buffer[: start + 2]
                self._state = _State.CONTENT
                return True
            # Copied, since a match on the buffer would forbid to shorten it.
            line = _HEADER_LINE.fullmatch(bytes(buffer[start:end]))
            if line is None or len(self._headers) == MAX_HEADERS:
                raise MultipartDecodeError("Malformed or too many headers")
            self._headers.append((line[1].lower(), line[2].rstrip(b" \t")))
            start = end + 2

    def _read_content(self) -> tuple[bytes, bool]:
        """The content that is certain, and whether the part ends with it."""
        buffer, delimiter = self._buffer, self._delimiter
        found = buffer.find(delimiter)
        while found != -1:
            end = found + len(delimiter)
            if len(buffer) < end + _SUFFIX:
                return self._take(found), False
            if buffer.startswith((b"\r\n", b"--"), end):
                content = self._take(found)
                self._after_boundary(len(delimiter))
                return content, True
            # Content that merely begins like the delimiter.
            found = buffer.find(delimiter, found + 1)
        # The beginning of a delimiter may have arrived: it starts at a CR near the end.
        possible = buffer.find(b"\r", max(0, len(buffer) - len(delimiter) + 1))
        return self._take(len(buffer) if possible == -1 else possible), False

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken
