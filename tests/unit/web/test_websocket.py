from __future__ import annotations

from typing import Any

import pytest

from fastrapi.responses import JSONResponse
from fastrapi.websockets import (
    WebSocket,
    WebSocketClose,
    WebSocketDisconnect,
    WebSocketDisconnected,
    WebSocketState,
)

pytestmark = pytest.mark.anyio

CONNECT = {"type": "websocket.connect"}
DISCONNECT = {"type": "websocket.disconnect", "code": 1001, "reason": "away"}


def text(content: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": content}


def make_websocket(*messages: dict[str, Any], **scope: Any) -> tuple[WebSocket, list[Any]]:
    incoming = list(messages)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    return WebSocket({"type": "websocket", "path": "/", "headers": [], **scope}, receive, send), sent


async def test_conversation() -> None:
    websocket, sent = make_websocket(CONNECT, text("a"), text('{"b": 1}'), DISCONNECT)
    await websocket.accept(subprotocol="p", headers=[(b"a", b"b")])
    assert await websocket.receive_text() == "a"
    assert await websocket.receive_json() == {"b": 1}
    await websocket.send_text("c")
    await websocket.send_bytes(b"d")
    await websocket.send_json({"e": "é"})
    await websocket.send_json([1], mode="binary")
    with pytest.raises(WebSocketDisconnect) as caught:
        await websocket.receive_text()
    assert (caught.value.code, caught.value.reason) == (1001, "away")
    assert sent == [
        {"type": "websocket.accept", "subprotocol": "p", "headers": [(b"a", b"b")]},
        {"type": "websocket.send", "text": "c"},
        {"type": "websocket.send", "bytes": b"d"},
        {"type": "websocket.send", "text": '{"e":"é"}'},
        {"type": "websocket.send", "bytes": b"[1]"},
    ]


async def test_iteration_ends_with_the_connection() -> None:
    websocket, _ = make_websocket(CONNECT, text("a"), text("b"), DISCONNECT)
    await websocket.accept()
    assert [message async for message in websocket.iter_text()] == ["a", "b"]


async def test_a_message_of_the_other_kind_is_an_error() -> None:
    both = {"type": "websocket.receive", "text": None, "bytes": b"a"}
    websocket, _ = make_websocket(CONNECT, both, text("a"))
    await websocket.accept()
    with pytest.raises(KeyError, match="text"):
        await websocket.receive_text()
    with pytest.raises(KeyError, match="bytes"):
        await websocket.receive_bytes()


async def test_close_code_that_the_server_does_not_give() -> None:
    websocket, _ = make_websocket(CONNECT, {"type": "websocket.disconnect"})
    await websocket.accept()
    with pytest.raises(WebSocketDisconnect) as caught:
        await websocket.receive_text()
    assert caught.value.code == 1005


async def test_operations_that_need_an_open_connection() -> None:
    websocket, _ = make_websocket(CONNECT, DISCONNECT)
    with pytest.raises(WebSocketDisconnected, match='Need to call "accept" first'):
        await websocket.receive_text()
    await websocket.accept()
    await websocket.receive()
    with pytest.raises(WebSocketDisconnected, match='Cannot call "receive"'):
        await websocket.receive()
    await websocket.close(1000)
    with pytest.raises(WebSocketDisconnected, match='Cannot call "send"'):
        await websocket.send_text("a")


async def test_messages_that_a_state_does_not_allow() -> None:
    websocket, _ = make_websocket(text("a"))
    with pytest.raises(RuntimeError, match=r'Expected ASGI message "websocket.connect", but got'):
        await websocket.receive()
    with pytest.raises(
        RuntimeError,
        match=r'"websocket.accept", "websocket.close" or "websocket.http.response.start", but got',
    ):
        await websocket.send_text("a")
    websocket, _ = make_websocket(CONNECT)
    await websocket.accept()
    with pytest.raises(RuntimeError, match=r'"websocket.send" or "websocket.close", but got'):
        await websocket.accept()


async def test_denial_response() -> None:
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    websocket, sent = make_websocket(CONNECT, extensions=extensions)
    await websocket.receive()
    await websocket.send_denial_response(JSONResponse({}, status_code=401))
    assert [message["type"] for message in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert websocket.application_state is WebSocketState.DISCONNECTED
    with pytest.raises(RuntimeError, match="doesn't support"):
        await make_websocket(CONNECT)[0].send_denial_response(JSONResponse({}))


async def test_a_broken_connection_is_a_disconnect() -> None:
    async def receive() -> dict[str, Any]:
        return CONNECT

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            raise OSError("broken pipe")

    websocket: WebSocket = WebSocket({"type": "websocket"}, receive, send)
    await websocket.accept()
    with pytest.raises(WebSocketDisconnect) as caught:
        await websocket.send_text("a")
    assert caught.value.code == 1006
    assert websocket.application_state is WebSocketState.DISCONNECTED


async def test_json_modes() -> None:
    websocket, _ = make_websocket(CONNECT)
    with pytest.raises(RuntimeError, match='should be "text" or "binary"'):
        await websocket.send_json({}, mode="other")
    with pytest.raises(RuntimeError, match='should be "text" or "binary"'):
        await websocket.receive_json(mode="other")


async def test_close_application() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return CONNECT

    await WebSocketClose(1001, "away")({}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1001, "reason": "away"}]
