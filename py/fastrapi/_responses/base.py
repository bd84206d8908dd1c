"""The response: status, headers and a body that is known as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from fastrapi._datastructures.headers import MutableHeaders, RawHeaders, encode_name, encode_value
from fastrapi._responses.cookies import format_set_cookie
from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.types import Message, Receive, Scope, Send


def _has_no_content_length(status_code: int) -> bool:
    """Whether the message must not carry a length (RFC 9110, section 8.6)."""
    return status_code < 200 or status_code in (204, 304)


@lru_cache(maxsize=128)
def _content_type(media_type: str, charset: str) -> bytes:
    """The value of Content-Type, the same few for all responses of an application."""
    if media_type.startswith("text/") and "charset=" not in media_type.lower():
        media_type = f"{media_type}; charset={charset}"
    return encode_value("content-type", media_type)


class Response:
    """A response; also an ASGI application that sends it.

    Args:
        content: The body: text, bytes, a `memoryview`, or `None` for an empty one.
        status_code: The HTTP status.
        headers: Headers to add. Content-Length and Content-Type are set unless they are given here.
        media_type: The value of Content-Type; a charset is added to text.
        background: What to run after the response was sent.

    Raises:
        ValueError: A header contains CR, LF or NUL, or its name is no token.
    """

    media_type: str | None = None
    charset = "utf-8"

    _headers: MutableHeaders | None = None

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.status_code = status_code
        if media_type is not None:
            self.media_type = media_type
        self.background = background
        self.body = self.render(content)
        self.init_headers(headers)

    def render(self, content: Any) -> bytes | memoryview:
        """The body for a content."""
        if content is None:
            return b""
        if isinstance(content, (bytes, memoryview)):
            return content
        encoded: bytes = content.encode(self.charset)
        return encoded

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Sets `raw_headers` from these headers, the body and the media type."""
        raw: RawHeaders = []
        has_length = has_type = False
        if headers is not None:
            for name, value in headers.items():
                encoded = encode_name(name)
                raw.append((encoded, encode_value(name, value)))
                if encoded == b"content-length":
                    has_length = True
                elif encoded == b"content-type":
                    has_type = True
        body = getattr(self, "body", None)
        if body is not None and not has_length and not _has_no_content_length(self.status_code):
            # len() of a memoryview counts items, not bytes.
            length = body.nbytes if isinstance(body, memoryview) else len(body)
            raw.append((b"content-length", b"%d" % length))
        if self.media_type is not None and not has_type:
            raw.append((b"content-type", _content_type(self.media_type, self.charset)))
        self.raw_headers = raw

    @property
    def headers(self) -> MutableHeaders:
        """The headers; changes show in `raw_headers`."""
        if self._headers is None:
            self._headers = MutableHeaders(raw=self.raw_headers)
        return self._headers

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        expires: datetime | str | int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Sets a cookie.

        Args:
            key: The name.
            value: The value; characters that are not allowed in one are quoted.
            max_age: The lifetime in seconds; 0 or less deletes the cookie.
            expires: When the cookie expires: a date, its text, or seconds from now.
            path: The paths it is sent to.
            domain: The domain it is sent to, with its subdomains; only this host if omitted.
            secure: Send it over HTTPS only.
            httponly: Hide it from scripts.
            samesite: Whether to send it with requests from other sites.
            partitioned: Keep one for each top-level site; needs Python 3.14.
        """
        value = format_set_cookie(
            key,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
        self.raw_headers.append((b"set-cookie", encode_value("set-cookie", value)))

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Makes the client forget a cookie. The attributes must be those it was set with."""
        self.set_cookie(
            key,
            max_age=0,
            expires=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response, then runs the background tasks."""
        send = adapt_send(scope, send)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})
        if self.background is not None:
            await self.background()


def adapt_send(scope: Scope, send: Send) -> Send:
    """The channel for a response on this connection.

    On a WebSocket, a response refuses the connection: its messages carry the prefix that the ASGI
    extension "WebSocket Denial Response" wants.
    """
    if scope["type"] != "websocket":
        return send

    async def send_denial(message: Message) -> None:
        if message["type"] in ("http.response.start", "http.response.body"):
            message = {**message, "type": f"websocket.{message['type']}"}
        await send(message)

    return send_denial
