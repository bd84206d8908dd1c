"""Exceptions that turn into an HTTP response or a WebSocket close frame."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

__all__ = ["HTTPException", "StarletteDeprecationWarning", "WebSocketException"]


def _reason_phrase(status_code: int) -> str:
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        # Non-standard codes such as nginx's 499 are legal and have no phrase.
        return ""


class HTTPException(Exception):
    """Ends the request with an error response.

    Args:
        status_code: The HTTP status of the response.
        detail: Text for the client; the status's reason phrase if omitted.
        headers: Headers to add to the response.
    """

    def __init__(
        self, status_code: int, detail: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status_code = status_code
        self.detail = _reason_phrase(status_code) if detail is None else detail
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status_code={self.status_code!r}, detail={self.detail!r})"


class WebSocketException(Exception):
    """Closes a WebSocket.

    Args:
        code: The close code (RFC 6455, section 7.4).
        reason: The close reason, at most 123 bytes in UTF-8.
    """

    def __init__(self, code: int, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, reason={self.reason!r})"


class StarletteDeprecationWarning(UserWarning):
    """A deprecated name of the Starlette vocabulary was used.

    Not a `DeprecationWarning`, which Python hides by default outside `__main__`.
    """
