"""Refuses requests whose Host header names a host that is not the application's."""

from __future__ import annotations

from collections.abc import Sequence

from fastrapi._host import parse_host_header
from fastrapi.datastructures import URL, Headers
from fastrapi.responses import PlainTextResponse, RedirectResponse, Response
from fastrapi.types import ASGIApp, Receive, Scope, Send

ENFORCE_DOMAIN_WILDCARD = "Domain wildcard patterns must be like '*.example.com'."


class TrustedHostMiddleware:
    """Answers requests for other hosts with 400.

    Args:
        app: The application.
        allowed_hosts: The hosts, without ports, regardless of case; `*.example.com` allows every
            subdomain, `*` every host. By default `["*"]`.
        www_redirect: Whether a request for `example.com` is redirected to `www.example.com` if only that
            is allowed.

    Attributes:
        allowed_hosts: The hosts in lower case.
        allow_any: Whether every host is allowed.
        www_redirect: As given.

    Raises:
        AssertionError: A pattern has a wildcard elsewhere than at its beginning.
    """

    def __init__(
        self, app: ASGIApp, allowed_hosts: Sequence[str] | None = None, www_redirect: bool = True
    ) -> None:
        self.app = app
        patterns = ["*"] if allowed_hosts is None else allowed_hosts
        for pattern in patterns:
            assert "*" not in pattern[1:], ENFORCE_DOMAIN_WILDCARD
            assert pattern == "*" or pattern[:1] != "*" or pattern[1:2] == ".", ENFORCE_DOMAIN_WILDCARD
        self.allowed_hosts = [pattern.lower() for pattern in patterns]
        self.allow_any = "*" in self.allowed_hosts
        self.www_redirect = www_redirect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.allow_any or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        parsed = parse_host_header(Headers(scope=scope).get("host"))
        if parsed is not None and self._is_allowed(parsed.host.lower()):
            await self.app(scope, receive, send)
        elif parsed is not None and self.www_redirect and f"www.{parsed.host.lower()}" in self.allowed_hosts:
            await self._redirect(scope, parsed.host)(scope, receive, send)
        else:
            await PlainTextResponse("Invalid host header", status_code=400)(scope, receive, send)

    def _is_allowed(self, host: str) -> bool:
        return any(
            host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in self.allowed_hosts
        )

    @staticmethod
    def _redirect(scope: Scope, host: str) -> Response:
        return RedirectResponse(url=URL(scope=scope).replace(hostname=f"www.{host}"))
