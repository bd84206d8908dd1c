"""`request_id_header=` of the application: every request has an id, and every answer says it."""

from __future__ import annotations

import re
from uuid import uuid4

from fastrapi.datastructures import Headers, MutableHeaders
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

# What may be taken over from a client without doing harm in a log or a header.
_HARMLESS = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIdMiddleware:
    """Takes the id of a request from a header, or makes one, and puts it into the response.

    The application finds it in `request.state.request_id`.

    Args:
        app: the application inside.
        header: the name of the header.
    """

    def __init__(self, app: ASGIApp, header: str) -> None:
        self.app = app
        self._header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(self._header, "")
        request_id = given if _HARMLESS.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def naming_send(message: Message) -> None:
            if message["type"] in (
                "http.response.start",
                "websocket.accept",
                "websocket.http.response.start",
            ):
                MutableHeaders(scope=message)[self._header] = request_id
            await send(message)

        await self.app(scope, receive, naming_send)
