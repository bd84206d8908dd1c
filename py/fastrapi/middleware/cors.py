"""Cross-Origin Resource Sharing (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from fastrapi.datastructures import Headers, MutableHeaders
from fastrapi.responses import PlainTextResponse, Response
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
SAFELISTED_HEADERS = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}

_PREFLIGHT_VARY = ", ".join(
    (
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Private-Network",
    )
)


class CORSMiddleware:
    """Answers preflight requests, and adds to other responses what lets a browser share them.

    Args:
        app: The application.
        allow_origins: The origins allowed, or `*`.
        allow_methods: The methods allowed, or `*` for all standard ones.
        allow_headers: The request headers allowed beyond the safelisted ones, or `*`.
        allow_credentials: Whether requests may carry credentials; an allowed origin is then named in
            the response even if all are allowed.
        allow_origin_regex: A pattern for origins that are allowed too.
        allow_private_network: Whether preflights from public into private networks are allowed.
        expose_headers: The response headers that scripts may read.
        max_age: For how many seconds browsers may keep the answer to a preflight.

    Attributes:
        allow_origin_regex: The compiled pattern.
        allow_headers: The allowed request headers in lower case, the safelisted ones included.
        allow_all_origins, allow_all_headers: Whether there is a `*`.
    """

    def __init__(
        self,
        app: ASGIApp,
        allow_origins: Collection[str] = (),
        allow_methods: Collection[str] = ("GET",),
        allow_headers: Collection[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Collection[str] = (),
        max_age: int = 600,
    ) -> None:
        self.app = app
        self.allow_origins = allow_origins
        self.allow_methods = ALL_METHODS if "*" in allow_methods else allow_methods
        self.allow_credentials = allow_credentials
        self.allow_origin_regex = None if allow_origin_regex is None else re.compile(allow_origin_regex)
        self.allow_private_network = allow_private_network
        self.expose_headers = expose_headers
        self.max_age = max_age
        self.allow_all_origins = "*" in allow_origins
        self.allow_all_headers = "*" in allow_headers
        named_headers = sorted(SAFELISTED_HEADERS | set(allow_headers))
        self.allow_headers = [name.lower() for name in named_headers]

        self.simple_headers: dict[str, str] = {}
        if allow_credentials:
            self.simple_headers["Access-Control-Allow-Credentials"] = "true"
        if expose_headers:
            self.simple_headers["Access-Control-Expose-Headers"] = ", ".join(expose_headers)
        self.preflight_headers = {
            "Vary": _PREFLIGHT_VARY,
            "Access-Control-Allow-Methods": ", ".join(self.allow_methods),
            "Access-Control-Max-Age": str(max_age),
        }
        if not self.allow_all_headers:
            self.preflight_headers["Access-Control-Allow-Headers"] = ", ".join(named_headers)
        if allow_credentials:
            self.preflight_headers["Access-Control-Allow-Credentials"] = "true"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        if is_preflight and "origin" in headers:
            await self.preflight_response(headers)(scope, receive, send)
        else:
            await self.simple_response(scope, receive, send, request_headers=headers)

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether responses may be shared with the origin."""
        return (
            self.allow_all_origins
            or origin in self.allow_origins
            or (self.allow_origin_regex is not None and self.allow_origin_regex.fullmatch(origin) is not None)
        )

    def _allowed_origin_header(self, origin: str) -> str | None:
        """The value of Access-Control-Allow-Origin, or None if the origin is not allowed."""
        if self.allow_all_origins and not self.allow_credentials:
            return "*"
        return origin if self.is_allowed_origin(origin) else None

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a preflight: 200, or 400 with what is not allowed."""
        headers = dict(self.preflight_headers)
        disallowed: list[str] = []

        allowed_origin = self._allowed_origin_header(request_headers["origin"])
        if allowed_origin is None:
            disallowed.append("origin")
        else:
            headers["Access-Control-Allow-Origin"] = allowed_origin

        if request_headers["access-control-request-method"] not in self.allow_methods:
            disallowed.append("method")

        requested = request_headers.get("access-control-request-headers")
        if requested is not None:
            if self.allow_all_headers:
                headers["Access-Control-Allow-Headers"] = requested
            elif any(name.strip().lower() not in self.allow_headers for name in requested.split(",")):
                disallowed.append("headers")

        if "access-control-request-private-network" in request_headers:
            if self.allow_private_network:
                headers["Access-Control-Allow-Private-Network"] = "true"
            else:
                disallowed.append("private-network")

        if disallowed:
            return PlainTextResponse(
                f"Disallowed CORS {', '.join(disallowed)}", status_code=400, headers=headers
            )
        return PlainTextResponse("OK", status_code=200, headers=headers)

    async def simple_response(
        self, scope: Scope, receive: Receive, send: Send, request_headers: Headers
    ) -> None:
        """Runs the application and adds the headers to its response."""
        await self.app(
            scope, receive, functools.partial(self.send, send=send, request_headers=request_headers)
        )

    async def send(self, message: Message, send: Send, request_headers: Headers) -> None:
        """Sends a message, with the headers if it is the response's head."""
        if message["type"] == "http.response.start":
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            # Also without an Origin header, and for origins refused: caches must not mix them up.
            headers.add_vary_header("Origin")
            origin = request_headers.get("origin")
            if origin is not None:
                headers.update(self.simple_headers)
                allowed_origin = self._allowed_origin_header(origin)
                if allowed_origin is not None:
                    headers["Access-Control-Allow-Origin"] = allowed_origin
        await send(message)
