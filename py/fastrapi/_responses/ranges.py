"""Range requests (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The length is limited because int() of thousands of digits is slow, or refused.
_RANGE_SPEC = re.compile(r"\s*([0-9]{0,32})\s*-\s*([0-9]{0,32})\s*", re.ASCII)


class MalformedRangeHeader(Exception):
    """The Range header cannot be understood."""

    def __init__(self, content: str = "Malformed range header.") -> None:
        self.content = content


class RangeNotSatisfiable(Exception):
    """No range asked for lies within the content.

    Args:
        max_size: The size of the content in bytes.
    """

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size


def _parse_spec(spec: str, size: int) -> tuple[int, int] | None:
    """A range as a half-open interval, perhaps empty; `None` if the text is no range."""
    match = _RANGE_SPEC.fullmatch(spec)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        # The last bytes of the content.
        return max(size - int(match[2]), 0), size
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        raise MalformedRangeHeader("Range header: start must be less than end")
    return start, min(int(match[2]) + 1, size) if match[2] else size


def _merge(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, with those that overlap or touch made one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def parse_range_header(header: str, size: int, max_ranges: int) -> list[tuple[int, int]]:
    """The ranges of a Range header as half-open intervals, in order and disjoint.

    Specifications that are no ranges are skipped. The result is empty if there are more than
    `max_ranges`: RFC 9110, section 14.2, lets a server ignore such a header.

    Raises:
        MalformedRangeHeader: The header is no list of byte ranges.
        RangeNotSatisfiable: None of the ranges lies within a content of `size` bytes.
    """
    unit, equals, listed = header.partition("=")
    if not equals:
        raise MalformedRangeHeader()
    if unit.strip().lower() != "bytes":
        raise MalformedRangeHeader("Only support bytes range")
    if listed.count(",") >= max_ranges:
        return []
    parsed = [_parse_spec(spec, size) for spec in listed.split(",")]
    ranges = [item for item in parsed if item is not None]
    if not ranges:
        raise MalformedRangeHeader("Range header: range must be requested")
    satisfiable = [(start, end) for start, end in ranges if start < end]
    if not satisfiable:
        raise RangeNotSatisfiable(size)
    return _merge(satisfiable)


class MultipartByteRanges:
    """The framing of a `multipart/byteranges` body (RFC 9110, section 14.6).

    Args:
        ranges: Half-open intervals.
        boundary: The boundary.
        size: The size of the whole content in bytes.
        content_type: The media type of the content.
    """

    def __init__(
        self, ranges: Sequence[tuple[int, int]], boundary: str, size: int, content_type: str
    ) -> None:
        self.ranges = ranges
        self._boundary = boundary
        self._size = size
        self._content_type = content_type

    def part_header(self, start: int, end: int) -> bytes:
        """What comes before a part."""
        return (
            f"--{self._boundary}\r\n"
            f"Content-Type: {self._content_type}\r\n"
            f"Content-Range: bytes {start}-{end - 1}/{self._size}\r\n"
            "\r\n"
        ).encode("latin-1")

    @property
    def part_end(self) -> bytes:
        """What comes after a part."""
        return b"\r\n"

    @property
    def end(self) -> bytes:
        """What comes after the last part."""
        return f"--{self._boundary}--".encode("latin-1")

    @property
    def content_length(self) -> int:
        """The size of the whole body in bytes."""
        parts = sum(
            len(self.part_header(start, end)) + (end - start) + len(self.part_end)
            for start, end in self.ranges
        )
        return parts + len(self.end)
