"""Responses that send a file, or ranges of it."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from mimetypes import guess_type
from secrets import token_hex
from urllib.parse import quote

import anyio
import anyio.to_thread

from fastrapi._datastructures.headers import Headers, MutableHeaders
from fastrapi._responses.base import Response, adapt_send
from fastrapi._responses.ranges import (
    MalformedRangeHeader,
    MultipartByteRanges,
    RangeNotSatisfiable,
    parse_range_header,
)
from fastrapi._responses.streaming import sends_raise_on_disconnect, wait_for_disconnect
from fastrapi._utils import create_collapsing_task_group
from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.types import Message, Receive, Scope, Send


def _content_disposition(kind: str, filename: str) -> str:
    """The value of a Content-Disposition header (RFC 6266)."""
    quoted = quote(filename)
    if quoted == filename:
        return f'{kind}; filename="{filename}"'
    return f"{kind}; filename*=utf-8''{quoted}"


class FileResponse(Response):
    """A response that sends a file, with support for range requests.

    Args:
        path: The file.
        status_code: The HTTP status. Ranges are served with 200 only.
        headers: Headers to add.
        media_type: The value of Content-Type; guessed from the file's name if omitted.
        background: What to run after the response was sent.
        filename: The name for the client to save the file under.
        stat_result: The result of `os.stat()` if it is known already.
        content_disposition_type: "attachment" or "inline", for the header that carries `filename`.
    """

    chunk_size = 64 * 1024
    max_ranges = 100
    """A request for more ranges gets the whole file: each range costs a read and some headers."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        self.path = path
        self.status_code = status_code
        self.filename = filename
        if media_type is None:
            media_type = guess_type(filename or path)[0] or "application/octet-stream"
        self.media_type = media_type
        self.background = background
        self.init_headers(headers)
        self.headers.setdefault("accept-ranges", "bytes")
        if filename is not None:
            self.headers.setdefault(
                "content-disposition", _content_disposition(content_disposition_type, filename)
            )
        self.stat_result = stat_result
        if stat_result is not None:
            self.set_stat_headers(stat_result)

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        """Sets the headers that follow from the file's size and date, unless they are set."""
        self.headers.setdefault("content-length", str(stat_result.st_size))
        self.headers.setdefault("last-modified", formatdate(stat_result.st_mtime, usegmt=True))
        self.headers.setdefault("etag", f'"{stat_result.st_mtime_ns:x}-{stat_result.st_size:x}"')

    async def _stat(self) -> os.stat_result:
        try:
            result = await anyio.to_thread.run_sync(os.stat, self.path)
        except FileNotFoundError:
            raise RuntimeError(f"File at path {self.path} does not exist.") from None
        # Pipes and devices have no end, and opening one can block.
        if not stat.S_ISREG(result.st_mode):
            raise RuntimeError(f"File at path {self.path} is not a file.")
        return result

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response, then runs the background tasks.

        Raises:
            RuntimeError: There is no such file, or it became shorter while it was sent.
        """
        if self.stat_result is None:
            self.stat_result = await self._stat()
            self.set_stat_headers(self.stat_result)
        await _Transfer(self, self.stat_result.st_size, scope, receive, send).run()
        if self.background is not None:
            await self.background()


class _Transfer:
    """Sending a file response to one client."""

    def __init__(self, response: FileResponse, size: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._response = response
        self._size = size
        self._scope = scope
        self._receive = receive
        self._send = adapt_send(scope, send)
        self._method = scope.get("method", "GET").upper()
        # A response may be sent many times, with different ranges.
        self._headers = MutableHeaders(raw=list(response.raw_headers))

    async def run(self) -> None:
        """Sends the response."""
        try:
            ranges = self._requested_ranges(Headers(raw=list(self._scope["headers"])))
        except MalformedRangeHeader as error:
            await self._refuse(error.content, 400, {})
            return
        except RangeNotSatisfiable as error:
            await self._refuse("", 416, {"Content-Range": f"bytes */{error.max_size}"})
            return
        framing = self._describe(ranges)
        status = 206 if ranges else self._response.status_code
        if self._method == "HEAD":
            await self._start(status)
            await self._send(_body(b"", more_body=False))
        elif not ranges and "http.response.pathsend" in self._scope.get("extensions", {}):
            await self._start(status)
            await self._send({"type": "http.response.pathsend", "path": str(self._response.path)})
        elif self._scope["type"] == "websocket" or sends_raise_on_disconnect(self._scope):
            await self._send_content(status, ranges, framing)
        else:
            await self._send_until_disconnect(status, ranges, framing)

    async def _refuse(self, text: str, status: int, headers: dict[str, str]) -> None:
        response = Response(text, status, headers, media_type="text/plain")
        await response({**self._scope, "type": "http"}, self._receive, self._send)

    def _requested_ranges(self, request: Headers) -> list[tuple[int, int]]:
        """The ranges to send; empty for the whole file."""
        header = request.get("range")
        if header is None or self._method not in ("GET", "HEAD") or self._response.status_code != 200:
            return []
        if not self._matches_if_range(request.get("if-range")):
            return []
        return parse_range_header(header, self._size, self._response.max_ranges)

    def _matches_if_range(self, if_range: str | None) -> bool:
        """Whether the client's copy is of this version (RFC 9110, section 13.1.5): a strong comparison."""
        if if_range is None:
            return True
        if if_range.startswith("W/"):
            return False
        return if_range in (self._headers["last-modified"], self._headers["etag"])

    def _describe(self, ranges: list[tuple[int, int]]) -> MultipartByteRanges | None:
        """Sets the headers for these ranges, and gives the framing if there are several."""
        if len(ranges) == 1:
            start, end = ranges[0]
            self._headers["content-length"] = str(end - start)
            self._headers["content-range"] = f"bytes {start}-{end - 1}/{self._size}"
        if len(ranges) < 2:
            return None
        # Random, so that no content can contain it by intent.
        boundary = token_hex(13)
        framing = MultipartByteRanges(ranges, boundary, self._size, self._headers["content-type"])
        self._headers["content-length"] = str(framing.content_length)
        self._headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
        return framing

    async def _start(self, status: int) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": self._headers.raw})

    async def _send_until_disconnect(
        self, status: int, ranges: list[tuple[int, int]], framing: MultipartByteRanges | None
    ) -> None:
        """Sends for a server whose `send` says nothing about the client: its messages have to be read."""
        async with create_collapsing_task_group() as task_group:

            async def listen() -> None:
                await wait_for_disconnect(self._receive)
                task_group.cancel_scope.cancel()

            task_group.start_soon(listen)
            await self._send_content(status, ranges, framing)
            task_group.cancel_scope.cancel()

    async def _send_content(
        self, status: int, ranges: list[tuple[int, int]], framing: MultipartByteRanges | None
    ) -> None:
        async with self._open() as file:
            await self._start(status)
            if framing is None:
                start, end = ranges[0] if ranges else (0, self._size)
                await self._send_bytes(file, start, end, is_last=True)
                return
            for start, end in framing.ranges:
                await self._send(_body(framing.part_header(start, end), more_body=True))
                await self._send_bytes(file, start, end, is_last=False)
                await self._send(_body(framing.part_end, more_body=True))
            await self._send(_body(framing.end, more_body=False))

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[anyio.AsyncFile[bytes]]:
        """The open file. To be entered before the headers are sent: opening it can fail."""
        file = await anyio.open_file(self._response.path, mode="rb")
        try:
            yield file
        finally:
            # Also if the client has gone, which cancels this task.
            with anyio.CancelScope(shield=True):
                await file.aclose()

    async def _send_bytes(self, file: anyio.AsyncFile[bytes], start: int, end: int, *, is_last: bool) -> None:
        """Sends exactly these bytes: the length was announced, so more or less would break the connection."""
        if start:
            await file.seek(start)
        if start == end:
            await self._send(_body(b"", more_body=not is_last))
        while start < end:
            chunk = await file.read(min(self._response.chunk_size, end - start))
            if not chunk:
                raise RuntimeError(f"File at path {self._response.path} is shorter than expected.")
            start += len(chunk)
            await self._send(_body(chunk, more_body=start < end or not is_last))


def _body(body: bytes, *, more_body: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more_body}
