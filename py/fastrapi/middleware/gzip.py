"""Compresses responses with gzip."""

from __future__ import annotations

import os
import zlib

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from fastrapi.datastructures import Headers, MutableHeaders
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT_EXCLUDED_CONTENT_TYPES = (
    "application/grpc",
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "audio/*",
    "font/woff",
    "font/woff2",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/event-stream",
    "video/*",
)
"""Content types that are compressed already, or whose messages must not wait for a compressor."""

_GZIP_WINDOW = zlib.MAX_WBITS + 16  # a gzip header instead of zlib's
_PARTIAL_CONTENT = 206
_THREAD_MINIMUM_SIZE = 128 * 1024

_limiter: RunVar[anyio.CapacityLimiter] = RunVar("fastrapi.gzip_limiter")


def _thread_limiter() -> anyio.CapacityLimiter:
    """The limiter of the threads, a thread for each core: compression waits for nothing but the processor."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(os.cpu_count() or 1)
        _limiter.set(limiter)
        return limiter


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client accepts gzip (RFC 9110, section 12.5.3): by name or by `*`, and not with q=0."""
    by_wildcard = False
    for item in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if coding in ("gzip", "x-gzip"):
            return _quality(parameters) > 0
        if coding == "*":
            by_wildcard = _quality(parameters) > 0
    return by_wildcard


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


class GZipMiddleware:
    """Compresses responses for clients that accept it.

    Left alone are responses that have a Content-Encoding, partial content, and the excluded types.
    Of a response that is streamed, each piece is compressed and sent as it comes.

    Args:
        app: The application.
        minimum_size: The smallest body in bytes that is compressed, unless it is streamed.
        compresslevel: From 1, fast, to 9, small.
        thread_minimum_size: The smallest piece in bytes that is compressed in a thread.
        exclude_content_types: Media types that are not compressed, exact or as `type/*`;
            `application/grpc` includes its `+` variants.
    """

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int = 500,
        compresslevel: int = 9,
        thread_minimum_size: int = _THREAD_MINIMUM_SIZE,
        *,
        exclude_content_types: tuple[str, ...] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        self.app = app
        self.minimum_size = minimum_size
        self.compresslevel = compresslevel
        self.thread_minimum_size = thread_minimum_size
        self.exclude_content_types = exclude_content_types
        self._identity = IdentityResponder(app, minimum_size, exclude_content_types=exclude_content_types)
        self._gzip = GZipResponder(
            app,
            minimum_size,
            compresslevel,
            thread_minimum_size=thread_minimum_size,
            exclude_content_types=exclude_content_types,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif accepts_gzip(", ".join(Headers(scope=scope).getlist("accept-encoding"))):
            await self._gzip(scope, receive, send)
        else:
            await self._identity(scope, receive, send)


class IdentityResponder:
    """Runs the application for a client that does not accept its responses compressed.

    The responses say that other clients may get another representation.

    Args:
        app: The application.
        minimum_size: As for `GZipMiddleware`.
        exclude_content_types: As for `GZipMiddleware`.
    """

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int,
        *,
        exclude_content_types: tuple[str, ...] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        self.app = app
        self.minimum_size = minimum_size
        types = [_media_type(content_type) for content_type in exclude_content_types]
        self._excluded = frozenset(types)
        prefixes = [name[:-1] for name in types if name.endswith("/*")]
        if "application/grpc" in self._excluded:
            prefixes.append("application/grpc+")
        self._excluded_prefixes = tuple(prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, _Compression(self, send).send)

    def is_excluded(self, start: Message) -> bool:
        """Whether a response is left as it is, judging by its head."""
        headers = Headers(raw=list(start.get("headers", ())))
        media_type = _media_type(headers.get("content-type", ""))
        return (
            start["status"] == _PARTIAL_CONTENT
            or "content-encoding" in headers
            or media_type in self._excluded
            or media_type.startswith(self._excluded_prefixes)
        )

    def new_encoder(self) -> Encoder | None:
        """What encodes one response; None if it stays as it is."""
        return None


class GZipResponder(IdentityResponder):
    """Runs the application for a client that accepts gzip.

    Args:
        app: The application.
        minimum_size: As for `GZipMiddleware`.
        compresslevel: As for `GZipMiddleware`.
        thread_minimum_size: As for `GZipMiddleware`.
        exclude_content_types: As for `GZipMiddleware`.
    """

    content_encoding = "gzip"

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int,
        compresslevel: int = 9,
        *,
        thread_minimum_size: int = _THREAD_MINIMUM_SIZE,
        exclude_content_types: tuple[str, ...] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        super().__init__(app, minimum_size, exclude_content_types=exclude_content_types)
        self.compresslevel = compresslevel
        self.thread_minimum_size = thread_minimum_size

    def new_encoder(self) -> Encoder | None:
        return Encoder(self.compresslevel, self.thread_minimum_size)


class Encoder:
    """Compresses the pieces of one response."""

    def __init__(self, compresslevel: int, thread_minimum_size: int) -> None:
        self._compressor = zlib.compressobj(compresslevel, zlib.DEFLATED, _GZIP_WINDOW)
        self._thread_minimum_size = thread_minimum_size

    async def encode(self, body: bytes, *, more_body: bool) -> bytes:
        """The piece compressed, completely: a decoder needs nothing of the next one."""
        if not body and more_body:
            return b""
        if len(body) >= self._thread_minimum_size:
            return await anyio.to_thread.run_sync(self._encode, body, more_body, limiter=_thread_limiter())
        return self._encode(body, more_body)

    def _encode(self, body: bytes, more_body: bool) -> bytes:
        mode = zlib.Z_SYNC_FLUSH if more_body else zlib.Z_FINISH
        return self._compressor.compress(body) + self._compressor.flush(mode)


class _Compression:
    """The state of one response on its way."""

    __slots__ = ("_encoder", "_passes", "_responder", "_send", "_start")

    def __init__(self, responder: IdentityResponder, send: Send) -> None:
        self._responder = responder
        self._send = send
        self._start: Message | None = None  # held back until the first piece tells the size
        self._passes = False
        self._encoder: Encoder | None = None

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and not self._responder.is_excluded(message):
            self._start = message
        elif kind == "http.response.body" and not self._passes:
            await self._send_body(message)
        elif kind in ("http.response.start", "http.response.pathsend"):
            self._passes = True
            await self._send_start()
            await self._send(message)
        else:
            await self._send(message)

    async def _send_start(self) -> None:
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)

    async def _send_body(self, message: Message) -> None:
        body, more_body = message.get("body", b""), message.get("more_body", False)
        start = self._start
        if start is not None:
            if not more_body and len(body) < self._responder.minimum_size:
                self._passes = True
                await self._send_start()
                await self._send(message)
                return
            self._encoder = self._responder.new_encoder()
            start.setdefault("headers", [])
            MutableHeaders(scope=start).add_vary_header("Accept-Encoding")
        if self._encoder is not None:
            message["body"] = await self._encoder.encode(body, more_body=more_body)
            if start is not None:
                self._describe_encoding(start, len(message["body"]), is_whole=not more_body)
        await self._send_start()
        await self._send(message)

    @staticmethod
    def _describe_encoding(start: Message, size: int, *, is_whole: bool) -> None:
        headers = MutableHeaders(scope=start)
        headers["Content-Encoding"] = GZipResponder.content_encoding
        if is_whole and not start.get("trailers", False):
            headers["Content-Length"] = str(size)
        else:
            del headers["Content-Length"]
