from __future__ import annotations

from typing import Any

import pytest

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.endpoints import HTTPEndpoint, WebSocketEndpoint
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse
from fastrapi.websockets import WebSocket

from .conftest import Call, body_of, headers_of

pytestmark = pytest.mark.anyio


class Endpoint(HTTPEndpoint):
    async def get(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("get")

    def post(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("post")

    def secret(self, request: Request) -> PlainTextResponse:
        raise AssertionError


async def test_methods(call: Call) -> None:
    assert body_of(await call(Endpoint, method="GET")) == b"get"
    assert body_of(await call(Endpoint, method="POST")) == b"post"
    assert (await call(Endpoint, method="HEAD"))[0]["status"] == 200


@pytest.mark.parametrize("method", ["PUT", "SECRET", "get", "DISPATCH", "__INIT__"])
async def test_other_methods(call: Call, method: str) -> None:
    sent = await call(Endpoint, method=method)
    assert sent[0]["status"] == 405
    assert headers_of(sent)["allow"] == "GET, HEAD, POST"
    with pytest.raises(HTTPException) as caught:
        await call(Endpoint, method=method, app=object())
    assert caught.value.headers == {"Allow": "GET, HEAD, POST"}


class Recording(WebSocketEndpoint):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.events: list[Any] = self.scope["events"]

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        self.events.append(data)
        if data == "fail":
            raise LookupError

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        self.events.append(close_code)


CONNECT = {"type": "websocket.connect"}


async def test_websocket_events(call: Call) -> None:
    events: list[Any] = []
    sent = await call(
        Recording,
        CONNECT,
        {"type": "websocket.receive", "text": ""},
        {"type": "websocket.receive", "text": None, "bytes": b"b"},
        {"type": "websocket.disconnect", "code": 1001},
        type="websocket",
        events=events,
    )
    assert [message["type"] for message in sent] == ["websocket.accept"]
    assert events == ["", b"b", 1001]


async def test_websocket_that_fails(call: Call) -> None:
    events: list[Any] = []
    message = {"type": "websocket.receive", "text": "fail"}
    with pytest.raises(LookupError):
        await call(Recording, CONNECT, message, type="websocket", events=events)
    assert events == ["fail", 1011]


@pytest.mark.parametrize(
    ("encoding", "message", "error"),
    [
        ("text", {"bytes": b"a"}, "Expected text websocket messages, but got bytes"),
        ("bytes", {"text": "a", "bytes": None}, "Expected bytes websocket messages, but got text"),
        ("json", {"text": "{"}, "Malformed JSON data received."),
        ("json", {"bytes": b"\xff"}, "Malformed JSON data received."),
    ],
)
async def test_websocket_encodings(call: Call, encoding: Any, message: Any, error: str) -> None:
    events: list[Any] = []
    sent: list[Any] = []

    class Encoded(Recording):
        pass

    Encoded.encoding = encoding

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def record(message: Any) -> None:
            sent.append(message)

        await Encoded(scope, receive, record)

    with pytest.raises(RuntimeError, match=error):
        await call(app, CONNECT, {"type": "websocket.receive", **message}, type="websocket", events=events)
    assert sent[-1] == {"type": "websocket.close", "code": 1003, "reason": ""}
    assert events == [1011]
