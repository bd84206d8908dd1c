"""Redirects plain connections to TLS."""

from __future__ import annotations

from fastrapi.datastructures import URL
from fastrapi.responses import PlainTextResponse, RedirectResponse, Response
from fastrapi.types import ASGIApp, Receive, Scope, Send

_SECURE_SCHEMES = {"http": "https", "ws": "wss"}
_STANDARD_PORTS = (80, 443)


class HTTPSRedirectMiddleware:
    """Redirects http and ws to https and wss on the same host; the standard ports are left out.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["scheme"] in _SECURE_SCHEMES:
            await self._redirect(scope)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    @staticmethod
    def _redirect(scope: Scope) -> Response:
        url = URL(scope=scope)
        if not url.netloc:  # the Host header is invalid and the server does not know its own address
            return PlainTextResponse("Invalid host header", status_code=400)
        url = url.replace(scheme=_SECURE_SCHEMES[url.scheme])
        if url.port in _STANDARD_PORTS:
            url = url.replace(port=None)
        return RedirectResponse(url=url, status_code=307)
