"""Sessions kept in a signed cookie."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from typing import Any, Literal

from fastrapi.datastructures import MutableHeaders, Secret
from fastrapi.logger import logger
from fastrapi.middleware._signing import BadSignature, TimestampSigner
from fastrapi.requests import HTTPConnection
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

_MAX_COOKIE_SIZE = 4096
"""The most bytes of name and value: browsers ignore a cookie that has more (RFC 6265bis, section 5.6)."""

_MISSING: Any = object()


class Session(dict[str, Any]):
    """The data of a session, which knows whether it was used.

    Attributes:
        accessed: Whether the application has asked for the session: the response then varies by cookie.
        modified: Whether it has changed it. Changes inside of values are not noticed.
    """

    accessed = False
    modified = False

    def mark_accessed(self) -> None:
        self.accessed = True

    def mark_modified(self) -> None:
        self.accessed = True
        self.modified = True

    def __setitem__(self, key: str, value: Any) -> None:
        self.mark_modified()
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self.mark_modified()
        super().__delitem__(key)

    def clear(self) -> None:
        self.mark_modified()
        super().clear()

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        if key in self:
            self.mark_modified()
        return super().pop(key) if default is _MISSING else super().pop(key, default)

    def popitem(self) -> tuple[str, Any]:
        self.mark_modified()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.mark_modified()
        return super().setdefault(key, default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        self.mark_modified()
        super().update(*args, **kwargs)

    def __ior__(self, other: Any, /) -> Session:  # type: ignore[override,misc]
        self.mark_modified()
        super().update(other)
        return self


class SessionMiddleware:
    """Keeps `request.session` in a cookie that clients can read but not change.

    Args:
        app: The application.
        secret_key: The secret for the signature.
        session_cookie: The name of the cookie.
        max_age: For how many seconds the session lives; None until the browser is closed.
        path: The path of the cookie.
        same_site: Its SameSite attribute.
        https_only: Whether it is sent by TLS only.
        domain: Its Domain attribute.
        partitioned: Whether it is kept for each top-level site apart.

    Attributes:
        signer: Signs the session.
        security_flags: The attributes of the cookie after its path and age.
    """

    def __init__(
        self,
        app: ASGIApp,
        secret_key: str | Secret,
        session_cookie: str = "session",
        max_age: int | None = 14 * 24 * 60 * 60,
        path: str = "/",
        same_site: Literal["lax", "strict", "none"] = "lax",
        https_only: bool = False,
        domain: str | None = None,
        partitioned: bool = False,
    ) -> None:
        self.app = app
        self.signer = TimestampSigner(str(secret_key))
        self.session_cookie = session_cookie
        self.max_age = max_age
        self.path = path
        self.same_site = same_site
        self.https_only = https_only
        self.domain = domain
        self.partitioned = partitioned
        flags = ["httponly", f"samesite={same_site}"]
        if https_only:
            flags.append("secure")
        if domain is not None:
            flags.append(f"domain={domain}")
        if partitioned:
            flags.append("partitioned")
        self.security_flags = "; ".join(flags)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        cookie = HTTPConnection(scope).cookies.get(self.session_cookie)
        loaded = None if cookie is None else self._load(cookie)
        scope["session"] = Session(loaded or {})

        async def send_with_session(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._save(scope["session"], message, had_session=bool(loaded))
            await send(message)

        await self.app(scope, receive, send_with_session)

    def _load(self, cookie: str) -> dict[str, Any] | None:
        """The data in a cookie; None if it is not one of ours."""
        try:
            data = self.signer.unsign(cookie.encode("utf-8", "replace"), self.max_age)
            session = json.loads(b64decode(data))
        except (BadSignature, binascii.Error, ValueError):
            return None
        return session if isinstance(session, dict) else None

    def _save(self, session: dict[str, Any], start: Message, *, had_session: bool) -> None:
        """Adds to the head of a response what keeps or removes the session."""
        if not isinstance(session, Session):
            # Replaced in the scope by a plain mapping, of which nothing is known but its content.
            session = Session(session)
            session.mark_modified()
        if not session.accessed:
            return
        start.setdefault("headers", [])
        headers = MutableHeaders(scope=start)
        headers.add_vary_header("Cookie")
        if not session.modified:
            return
        if session:
            self._set_cookie(headers, session)
        elif had_session:
            attributes = f"path={self.path}; expires=Thu, 01 Jan 1970 00:00:00 GMT; {self.security_flags}"
            headers.append("Set-Cookie", f"{self.session_cookie}=null; {attributes}")

    def _set_cookie(self, headers: MutableHeaders, session: Session) -> None:
        data = self.signer.sign(b64encode(json.dumps(session).encode("utf-8"))).decode("ascii")
        size = len(self.session_cookie.encode()) + len(data)
        if size > _MAX_COOKIE_SIZE:
            # Clients that would keep it, such as those of tests, must not hide what happens in browsers.
            logger.error(
                "The session is not kept: its cookie %r would have %d bytes, and browsers ignore one of more"
                " than %d. Keys: %s",
                self.session_cookie,
                size,
                _MAX_COOKIE_SIZE,
                ", ".join(sorted(map(str, session))),
            )
            return
        age = "" if self.max_age is None else f"Max-Age={self.max_age}; "
        headers.append(
            "Set-Cookie", f"{self.session_cookie}={data}; path={self.path}; {age}{self.security_flags}"
        )
