"""Finds out who makes a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastrapi.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    UnauthenticatedUser,
)
from fastrapi.requests import HTTPConnection
from fastrapi.responses import PlainTextResponse, Response
from fastrapi.types import ASGIApp, Receive, Scope, Send


class AuthenticationMiddleware:
    """Puts credentials and user of each connection into `request.auth` and `request.user`.

    Args:
        app: The application.
        backend: Authenticates a connection.
        on_error: A sync function of the connection and the `AuthenticationError` for the response to a
            connection that the backend refuses; by default the error as plain text, status 400.
    """

    def __init__(
        self,
        app: ASGIApp,
        backend: AuthenticationBackend,
        on_error: Callable[[HTTPConnection[Any], AuthenticationError], Response] | None = None,
    ) -> None:
        self.app = app
        self.backend = backend
        self.on_error = self.default_on_error if on_error is None else on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection: HTTPConnection[Any] = HTTPConnection(scope)
        try:
            result = await self.backend.authenticate(connection)
        except AuthenticationError as exc:
            response = self.on_error(connection, exc)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            else:
                await response(scope, receive, send)
            return
        scope["auth"], scope["user"] = (
            (AuthCredentials(), UnauthenticatedUser()) if result is None else result
        )
        await self.app(scope, receive, send)

    @staticmethod
    def default_on_error(conn: HTTPConnection[Any], exc: Exception) -> Response:
        """The error's text with status 400."""
        return PlainTextResponse(str(exc), status_code=400)
