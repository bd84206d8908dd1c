"""WebSockets: handshakes, messages, denials, beside routes of the same path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from calls import Call, call, get, grouped
from lanes import Lanes
from server_process import PATIENCE, Server
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

APP = "sockets_app:app"
IGNORED = {"date", "sec-websocket-accept"}

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec_WebSocket_Version": "13",
}


def handshake(path: str, **changes: str | None) -> Call:
    headers = {**HANDSHAKE, **changes}
    return get(path, **{name: value for name, value in headers.items() if value is not None})


CORPUS = [
    *(
        handshake(path)
        for path in [
            "/denied",
            "/denied-response",
            "/denied-exception",
            "/crash",
            "/nothing",
            "/params/x",
            "/params/1",
        ]
    ),
    handshake("/echo", Sec_WebSocket_Version="12"),
    handshake("/echo", Sec_WebSocket_Version=None),
    handshake("/echo", Sec_WebSocket_Key=None),
    handshake("/echo", Sec_WebSocket_Key="short"),
    handshake("/echo", Connection=None),
    handshake("/echo", Upgrade=None),
    handshake("/echo", Upgrade="other"),
    get("/echo"),
    get("/in/a/b"),
    call("POST", "/echo", **HANDSHAKE),
    get("/params/1"),
]

SESSIONS: list[tuple[str, Sequence[str | bytes], dict[str, Any], int]] = [
    ("/echo", ["text é", b"\x00\xff", "", b"", "x" * 70_000], {}, 1),
    ("/params/1?token=t&q=1&q=2", [], {"additional_headers": {"x": "h", "Cookie": "ads=c"}}, 2),
    ("/params/1?token=t", [], {}, 2),
    ("/params/x?token=t", [], {}, 0),
    ("/params/1?token=t&q=x", [], {}, 0),
    ("/params/1", [], {}, 0),
    ("/protocol", [], {"subprotocols": ["a", "b"]}, 0),
    ("/protocol", [], {}, 0),
    ("/closed-by-exception", [], {}, 0),
    ("/crash-later", ["x"], {}, 0),
    ("/in/r%20x/n?q=1", [], {"additional_headers": {"Host": "testserver"}}, 0),
    ("/nothing", [], {}, 0),
]


def talk(server: Server, path: str, messages: Sequence[str | bytes], **options: Any) -> list[Any]:
    """What a client sees of a connection: the handshake's headers, the messages, the close."""
    url = server.url.replace("http:", "ws:") + path
    try:
        socket = connect(url, open_timeout=PATIENCE, proxy=None, compression=None, **options)
    except InvalidStatus as error:
        response = error.response
        headers = sorted((name.lower(), value) for name, value in response.headers.raw_items())
        return [
            response.status_code,
            [header for header in headers if header[0] not in IGNORED],
            response.body,
        ]
    seen: list[Any] = [socket.subprotocol]
    with socket:
        assert socket.response is not None
        headers = sorted((name.lower(), value) for name, value in socket.response.headers.raw_items())
        seen.append([header for header in headers if header[0] not in IGNORED])
        try:
            for message in messages:
                socket.send(message)
                seen.append(socket.recv(PATIENCE))
            if messages:
                socket.close(4000, "enough")
            else:
                while True:
                    seen.append(socket.recv(PATIENCE))
        except ConnectionClosed as closed:
            seen.append(closed.rcvd and (closed.rcvd.code, closed.rcvd.reason))
    return seen


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_handshakes(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)


@pytest.mark.parametrize(("path", "messages", "options", "effects"), SESSIONS)
def test_sessions(
    lanes: Lanes, path: str, messages: Sequence[str | bytes], options: dict[str, Any], effects: int
) -> None:
    assert talk(lanes.direct, path, messages, **options) == talk(lanes.general, path, messages, **options)
    if effects:
        general, direct = (json.loads(answer.body) for answer in lanes.exchange(get(f"/effects/{effects}")))
        assert direct == general
        assert len(direct) == effects
