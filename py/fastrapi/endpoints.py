"""Endpoints as classes: a method for each HTTP method, or for each event of a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import Any, Literal

from fastrapi import status
from fastrapi._utils import is_async_callable
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.concurrency import run_in_threadpool
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse, Response
from fastrapi.types import Message, Receive, Scope, Send
from fastrapi.websockets import WebSocket

__all__ = ["HTTPEndpoint", "WebSocketEndpoint"]

# The methods a class can handle. A fixed list: the name of a method comes from the client, and must not
# reach any other attribute of the class.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


class HTTPEndpoint:
    """An ASGI application whose methods `get`, `post`, ... handle the HTTP methods of these names.

    `get` handles HEAD as well unless there is a method `head`.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        self.scope = scope
        self.receive = receive
        self.send = send
        self._allowed_methods = [method for method in _METHODS if self._handler_name(method) is not None]

    @classmethod
    def _handler_name(cls, method: str) -> str | None:
        """The name of the method that handles an HTTP method."""
        if method not in _METHODS:
            return None
        name = method.lower()
        if getattr(cls, name, None) is not None:
            return name
        return "get" if method == "HEAD" and getattr(cls, "get", None) is not None else None

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    async def dispatch(self) -> None:
        """Handles the request."""
        request: Request = Request(self.scope, self.receive, self.send)
        name = self._handler_name(request.method)
        handler: Callable[[Request], Any] = self.method_not_allowed if name is None else getattr(self, name)
        response: Response
        if is_async_callable(handler):
            response = await handler(request)
        else:
            response = await run_in_threadpool(handler, request)
        await response(self.scope, self.receive, self.send)

    async def method_not_allowed(self, request: Request) -> Response:
        """The response for other HTTP methods.

        Raises:
            HTTPException: The same, inside of an application, so that its handlers see it.
        """
        headers = {"Allow": ", ".join(self._allowed_methods)}
        if "app" in self.scope:
            raise HTTPException(status_code=405, headers=headers)
        return PlainTextResponse("Method Not Allowed", status_code=405, headers=headers)


class WebSocketEndpoint:
    """An ASGI application whose methods handle the events of a WebSocket.

    The attribute `encoding` says which messages are accepted, and whether they are JSON.
    """

    encoding: Literal["text", "bytes", "json"] | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "websocket"
        self.scope = scope
        self.receive = receive
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    async def dispatch(self) -> None:
        """Handles the connection from its beginning to its end."""
        websocket: WebSocket = WebSocket(self.scope, receive=self.receive, send=self.send)
        await self.on_connect(websocket)
        close_code = status.WS_1000_NORMAL_CLOSURE
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.receive":
                    await self.on_receive(websocket, await self.decode(websocket, message))
                elif message["type"] == "websocket.disconnect":  # pragma: no branch
                    close_code = int(message.get("code") or status.WS_1000_NORMAL_CLOSURE)
                    break
        except Exception:
            close_code = status.WS_1011_INTERNAL_ERROR
            raise
        finally:
            await self.on_disconnect(websocket, close_code)

    async def decode(self, websocket: WebSocket, message: Message) -> Any:
        """The content of a message; the connection is closed if it is not what `encoding` says.

        Raises:
            RuntimeError: It is not.
        """
        # ASGI lets a server send both keys, with None for the one that does not apply.
        text, binary = message.get("text"), message.get("bytes")
        match self.encoding:
            case "text":
                if text is None:
                    return await self._reject(websocket, "Expected text websocket messages, but got bytes")
                return text
            case "bytes":
                if binary is None:
                    return await self._reject(websocket, "Expected bytes websocket messages, but got text")
                return binary
            case "json":
                try:
                    return json.loads(message["bytes"] if text is None else text)
                except ValueError:
                    return await self._reject(websocket, "Malformed JSON data received.")
        assert self.encoding is None, f"Unsupported 'encoding' attribute {self.encoding}"
        return message["bytes"] if text is None else text

    async def _reject(self, websocket: WebSocket, reason: str) -> None:
        await websocket.close(code=status.WS_1003_UNSUPPORTED_DATA)
        raise RuntimeError(reason)

    async def on_connect(self, websocket: WebSocket) -> None:
        """The client wants to connect; accepts unless overridden."""
        await websocket.accept()

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        """A message has come."""

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        """The connection has ended."""
