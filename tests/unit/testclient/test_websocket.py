from __future__ import annotations

from typing import Any

import anyio
import pytest

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.responses import PlainTextResponse
from fastrapi.testclient import TestClient, WebSocketDenialResponse
from fastrapi.types import Receive, Scope, Send
from fastrapi.websockets import WebSocket, WebSocketDisconnect


def test_handshake() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket: WebSocket[Any] = WebSocket(scope, receive, send)
        await websocket.accept(subprotocol="b", headers=[(b"x", b"y")])
        await websocket.send_json([str(websocket.url), scope["subprotocols"], websocket.headers["cookie"]])

    client = TestClient(app, cookies={"a": "1"})
    with client.websocket_connect("/p?q=1", subprotocols=["a", "b"]) as session:
        assert session.receive_json() == ["ws://testserver/p?q=1", ["a", "b"], "a=1"]
        assert session.accepted_subprotocol == "b"
        assert session.extra_headers == [(b"x", b"y")]


@pytest.mark.parametrize(
    ("base_url", "url", "expected"),
    [
        ("http://testserver", "/a", "ws://testserver/a"),
        ("https://example.org:8443/api/", "/a", "wss://example.org:8443/a"),
        ("https://example.org", "ws://other/a", "ws://other/a"),
    ],
)
def test_url(base_url: str, url: str, expected: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket: WebSocket[Any] = WebSocket(scope, receive, send)
        await websocket.accept()
        await websocket.send_text(str(websocket.url))

    with TestClient(app, base_url=base_url).websocket_connect(url) as session:
        assert session.receive_text() == expected


def test_application_that_ends_without_closing(backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "last"})

    with TestClient(app, backend=backend).websocket_connect("/") as session:
        assert session.receive_text() == "last"
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive()
        assert caught.value.code == 1006
        session.send_text("to nobody")


def test_application_that_never_accepts(backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "websocket"

    with pytest.raises(WebSocketDisconnect), TestClient(app, backend=backend).websocket_connect("/"):
        raise AssertionError("not reached")


def test_error_is_raised_where_it_is_noticed(backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        await receive()
        raise ValueError("boom")

    client = TestClient(app, backend=backend)
    with client.websocket_connect("/") as session:
        session.send_text("x")
        with pytest.raises(ValueError, match="boom"):
            session.receive()


def test_error_is_raised_on_leaving(backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        assert (await receive())["type"] == "websocket.disconnect"
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"), TestClient(app, backend=backend).websocket_connect("/"):
        pass


def test_application_may_clean_up_after_the_close(backend: Any) -> None:
    steps: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        for step in range(10):
            await anyio.lowlevel.checkpoint()
            steps.append(step)

    with TestClient(app, backend=backend).websocket_connect("/"):
        pass
    assert steps == list(range(10))


def test_application_that_does_not_end_is_cancelled(backend: Any) -> None:
    cancelled: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append(True)

    with TestClient(app, backend=backend).websocket_connect("/"):
        assert cancelled == []
    assert cancelled == [True]


def test_denial_response() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket: WebSocket[Any] = WebSocket(scope, receive, send)
        await websocket.receive()
        await websocket.send_denial_response(PlainTextResponse("no", status_code=403, headers={"X-A": "b"}))

    with pytest.raises(WebSocketDenialResponse) as caught, TestClient(app).websocket_connect("/"):
        raise AssertionError("not reached")
    response = caught.value
    assert (response.status_code, response.text, response.headers["x-a"]) == (403, "no", "b")
    assert response.code == 1006


def test_json_modes() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket: WebSocket[Any] = WebSocket(scope, receive, send)
        await websocket.accept()
        for _ in range(2):
            message = await websocket.receive()
            await websocket.send({**message, "type": "websocket.send"})

    with TestClient(app).websocket_connect("/") as session:
        session.send_json({"a": "ü"})
        assert session.receive() == {"type": "websocket.send", "text": '{"a":"ü"}'}
        session.send_json([1, 2], mode="binary")
        assert session.receive_json(mode="binary") == [1, 2]


def test_url_that_is_no_websocket() -> None:
    with pytest.raises(RuntimeError, match="Expected WebSocket upgrade"):
        TestClient(PlainTextResponse("OK")).websocket_connect("http://testserver/")


def test_error_of_the_block_is_not_hidden() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await anyio.sleep_forever()

    with pytest.raises(HTTPException), TestClient(app).websocket_connect("/"):
        raise HTTPException(400)
