"""The server's side of a WebSocket, with the state that the ASGI protocol gives it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from enum import Enum
from typing import Any, TypeVar

from fastrapi._responses.base import Response
from fastrapi.requests import HTTPConnection, StateT
from fastrapi.types import Message, Receive, Scope, Send

__all__ = [
    "WebSocket",
    "WebSocketClose",
    "WebSocketDisconnect",
    "WebSocketDisconnected",
    "WebSocketState",
]

T = TypeVar("T")

_NO_STATUS_RECEIVED = 1005
_ABNORMAL_CLOSURE = 1006


class WebSocketState(Enum):
    """How far one side of the connection is."""

    CONNECTING = 0
    CONNECTED = 1
    DISCONNECTED = 2
    RESPONSE = 3
    """The connection is being refused with an HTTP response."""


class WebSocketDisconnect(Exception):
    """The other side closed the connection, or it broke.

    Args:
        code: The close code (RFC 6455, section 7.4); 1006 if there was no close frame.
        reason: The close reason.
    """

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""


class WebSocketDisconnected(RuntimeError):
    """The operation needs an open connection, and this one is not open, or not any more."""


_CONNECTED = WebSocketState.CONNECTED
_EXPECTED_FROM_CLIENT = {
    WebSocketState.CONNECTING: ("websocket.connect",),
    WebSocketState.CONNECTED: ("websocket.receive", "websocket.disconnect"),
}
_EXPECTED_FROM_APPLICATION = {
    WebSocketState.CONNECTING: ("websocket.accept", "websocket.close", "websocket.http.response.start"),
    WebSocketState.CONNECTED: ("websocket.send", "websocket.close"),
    WebSocketState.RESPONSE: ("websocket.http.response.body",),
}


def _check_expected(message: Message, expected: tuple[str, ...]) -> None:
    if message["type"] not in expected:
        names = [f'"{name}"' for name in expected]
        listed = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        raise RuntimeError(f"Expected ASGI message {listed}, but got {message['type']!r}")


class WebSocket(HTTPConnection[StateT]):
    """A WebSocket.

    Args:
        scope: The ASGI scope.
        receive: The channel of incoming messages.
        send: The channel of outgoing messages.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "websocket"
        self.scope = scope
        self._receive = receive
        self._send = send
        self.client_state = WebSocketState.CONNECTING
        self.application_state = WebSocketState.CONNECTING

    async def receive(self) -> Message:
        """The next ASGI message.

        Raises:
            WebSocketDisconnected: The client has disconnected before.
        """
        if self.client_state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected('Cannot call "receive" once a disconnect message has been received.')
        message = await self._receive()
        # Nearly all messages are of this kind; the others change the state.
        if message["type"] == "websocket.receive" and self.client_state is _CONNECTED:
            return message
        _check_expected(message, _EXPECTED_FROM_CLIENT[self.client_state])
        if message["type"] == "websocket.connect":
            self.client_state = WebSocketState.CONNECTED
        elif message["type"] == "websocket.disconnect":
            self.client_state = WebSocketState.DISCONNECTED
        return message

    async def send(self, message: Message) -> None:
        """Sends an ASGI message.

        Raises:
            WebSocketDisconnected: The connection was closed before.
            WebSocketDisconnect: The connection broke.
            RuntimeError: The message is not allowed in this state.
        """
        state = self.application_state
        if state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected('Cannot call "send" once a close message has been sent.')
        if message["type"] != "websocket.send" or state is not _CONNECTED:
            self._note_sending(message)
        if state is not _CONNECTED:
            await self._send(message)
            return
        try:
            await self._send(message)
        except OSError:
            # What servers raise when the peer is gone (ASGI, "Disconnected Client - send exception").
            self.application_state = WebSocketState.DISCONNECTED
            raise WebSocketDisconnect(code=_ABNORMAL_CLOSURE) from None

    def _note_sending(self, message: Message) -> None:
        """The state that a message of the application leads to."""
        _check_expected(message, _EXPECTED_FROM_APPLICATION[self.application_state])
        match message["type"]:
            case "websocket.accept":
                self.application_state = WebSocketState.CONNECTED
            case "websocket.close":
                self.application_state = WebSocketState.DISCONNECTED
            case "websocket.http.response.start":
                self.application_state = WebSocketState.RESPONSE
            case "websocket.http.response.body" if not message.get("more_body", False):
                self.application_state = WebSocketState.DISCONNECTED

    async def accept(
        self, subprotocol: str | None = None, headers: Iterable[tuple[bytes, bytes]] | None = None
    ) -> None:
        """Accepts the connection.

        Args:
            subprotocol: One of those that the client offered.
            headers: Headers to add to the handshake response.
        """
        if self.client_state is WebSocketState.CONNECTING:
            # The client's message is taken here unless the application has done it.
            await self.receive()
        await self.send(
            {"type": "websocket.accept", "subprotocol": subprotocol, "headers": list(headers or ())}
        )

    def _check_accepted(self) -> None:
        if self.application_state is not _CONNECTED:
            raise WebSocketDisconnected('WebSocket is not connected. Need to call "accept" first.')

    async def receive_text(self) -> str:
        """The next message.

        Raises:
            WebSocketDisconnect: The client closed the connection.
            KeyError: The message is a binary one.
        """
        self._check_accepted()
        text: str = _content(await self.receive(), "text")
        return text

    async def receive_bytes(self) -> bytes:
        """The next message.

        Raises:
            WebSocketDisconnect: The client closed the connection.
            KeyError: The message is a text.
        """
        self._check_accepted()
        content: bytes = _content(await self.receive(), "bytes")
        return content

    async def receive_json(self, mode: str = "text") -> Any:
        """The next message parsed as JSON.

        Args:
            mode: "text" or "binary", the kind of message.

        Raises:
            WebSocketDisconnect: The client closed the connection.
            json.JSONDecodeError: The message is no JSON.
        """
        kind = _content_kind(mode)
        self._check_accepted()
        return json.loads(_content(await self.receive(), kind))

    def iter_text(self) -> AsyncIterator[str]:
        """The messages until the client disconnects."""
        return _until_disconnect(self.receive_text)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """The messages until the client disconnects."""
        return _until_disconnect(self.receive_bytes)

    def iter_json(self) -> AsyncIterator[Any]:
        """The messages, parsed as JSON, until the client disconnects."""
        return _until_disconnect(self.receive_json)

    async def send_text(self, data: str) -> None:
        await self.send({"type": "websocket.send", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any, mode: str = "text") -> None:
        """Sends a value as JSON.

        Args:
            data: What the standard library's `json` can encode.
            mode: "text" or "binary", the kind of message.
        """
        kind = _content_kind(mode)
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        await self.send({"type": "websocket.send", kind: text if kind == "text" else text.encode()})

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Closes the connection, or refuses it if it has not been accepted.

        Args:
            code: The close code (RFC 6455, section 7.4).
            reason: The close reason, at most 123 bytes in UTF-8.
        """
        await self.send({"type": "websocket.close", "code": code, "reason": reason or ""})

    async def send_denial_response(self, response: Response) -> None:
        """Refuses the connection with an HTTP response.

        Raises:
            RuntimeError: The server does not support the ASGI extension for it.
        """
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            raise RuntimeError("The server doesn't support the Websocket Denial Response extension.")
        await response(self.scope, self.receive, self.send)


async def _until_disconnect(receive: Callable[[], Awaitable[T]]) -> AsyncIterator[T]:
    try:
        while True:
            yield await receive()
    except WebSocketDisconnect:
        return


def _content(message: Message, kind: str) -> Any:
    """The content of a message that has to be of this kind, "text" or "bytes"."""
    content = message.get(kind)
    if content is not None:
        return content
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", _NO_STATUS_RECEIVED), message.get("reason"))
    raise KeyError(kind)


def _content_kind(mode: str) -> str:
    if mode not in ("text", "binary"):
        raise RuntimeError('The "mode" argument should be "text" or "binary".')
    return "text" if mode == "text" else "bytes"


class WebSocketClose:
    """An ASGI application that refuses the WebSocket.

    Args:
        code: The close code.
        reason: The close reason.
    """

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": self.code, "reason": self.reason})
