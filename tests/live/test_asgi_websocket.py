"""Any ASGI application over WebSockets, on the general lane."""

from socket import SHUT_RDWR
from textwrap import dedent, indent
from typing import Any

import pytest
from server_process import PATIENCE, Server, StartServer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

HEAD = """
import asyncio

async def app(scope, receive, send):
    assert scope["type"] == "websocket"
    assert await receive() == {"type": "websocket.connect"}
    async def accept(**fields):
        await send({"type": "websocket.accept", **fields})
"""
ECHO = """
await accept()
while True:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        print("disconnect", message["code"], repr(message["reason"]), flush=True)
        return
    await send({**message, "type": "websocket.send"})
"""

DENIAL = """
await send({"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-a", b"b")]})
await send({"type": "websocket.http.response.body", "body": b"te", "more_body": True})
await send({"type": "websocket.http.response.body", "body": b"a"})
"""


def application(code: str) -> str:
    return HEAD + indent(dedent(code), "    ")


def open_socket(server: Server, path: str = "/", **keywords: Any) -> ClientConnection:
    url = server.url.replace("http:", "ws:") + path
    socket: ClientConnection = connect(url, open_timeout=PATIENCE, proxy=None, **keywords)
    return socket


def closed(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(PATIENCE)
    received = caught.value.rcvd
    return (received.code, received.reason) if received else (1006, "")


def test_messages_are_echoed_in_order(start_server: StartServer) -> None:
    server = start_server(application(ECHO))
    with open_socket(server) as socket:
        messages: list[str | bytes] = ["text é", b"\x00\xff", "", "x" * 300_000]
        for message in messages:
            socket.send(message)
            assert socket.recv(PATIENCE) == message
        for number in range(500):
            socket.send(str(number))
        assert [socket.recv(PATIENCE) for _ in range(500)] == [str(number) for number in range(500)]
        socket.close(4000, "enough")
    server.wait_for("disconnect 4000 'enough'")


def test_the_scope_and_the_accepted_subprotocol(start_server: StartServer) -> None:
    server = start_server(
        application("""
        assert scope["scheme"] == "ws" and scope["path"] == "/x" and scope["query_string"] == b"q=1"
        assert "method" not in scope and "websocket.http.response" in scope["extensions"]
        await accept(subprotocol=scope["subprotocols"][1], headers=[(b"x-more", b"1")])
        await send({"type": "websocket.close"})
        """)
    )
    with open_socket(server, "/x?q=1", subprotocols=["a", "b"]) as socket:
        assert socket.subprotocol == "b"
        assert socket.response is not None
        assert socket.response.headers["x-more"] == "1"
        assert closed(socket) == (1000, "")


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        ("await send({'type': 'websocket.close'})", 403, b"Forbidden"),
        ("await send({'type': 'websocket.close', 'code': 1008, 'reason': [{'loc': []}]})", 403, b"Forbidden"),
        (DENIAL, 418, b"tea"),
        ("raise ValueError('early')", 500, b"Internal Server Error"),
        ("return", 500, b"Internal Server Error"),
        ("await send({'type': 'websocket.send', 'text': 'early'})", 500, b"Internal Server Error"),
    ],
)
def test_a_handshake_can_be_refused(start_server: StartServer, code: str, status: int, text: bytes) -> None:
    server = start_server(application(code))
    with pytest.raises(InvalidStatus) as caught, open_socket(server):
        pass
    assert caught.value.response.status_code == status
    assert bytes(caught.value.response.body or b"") == text


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("await send({'type': 'websocket.close', 'code': 4001, 'reason': 'bye'})", (4001, "bye")),
        ("return", (1000, "")),
        ("raise ValueError('late')", (1011, "")),
        ("await send({'type': 'websocket.close', 'code': 1005})", (1011, "")),
        ("await accept()", (1011, "")),
        ("await send({'type': 'websocket.send'})", (1011, "")),
    ],
)
def test_how_a_socket_is_closed(start_server: StartServer, code: str, expected: tuple[int, str]) -> None:
    server = start_server(application(f"await accept()\n{code}"))
    with open_socket(server) as socket:
        assert closed(socket) == expected


def test_a_broken_connection_is_a_disconnect(start_server: StartServer) -> None:
    server = start_server(application(ECHO))
    with open_socket(server, ping_interval=None) as socket:
        socket.socket.shutdown(SHUT_RDWR)
        server.wait_for("disconnect 1006 ''")


def test_sending_to_a_client_that_has_gone_raises_an_os_error(start_server: StartServer) -> None:
    server = start_server(
        application("""
        await accept()
        assert (await receive())["type"] == "websocket.disconnect"
        try:
            await send({"type": "websocket.send", "text": "x"})
        except OSError as error:
            print("send raised", type(error).__name__, flush=True)
            raise
        """)
    )
    with open_socket(server) as socket:
        socket.close()
    server.wait_for("send raised ClientDisconnected")
    assert "Traceback" not in server.log


def test_a_slow_reader_holds_the_application_back(start_server: StartServer) -> None:
    server = start_server(
        application("""
        await accept()
        for number in range(400):
            await send({"type": "websocket.send", "bytes": b"%06d" % number * 20_000})
        print("all sent", flush=True)
        await send({"type": "websocket.close"})
        """)
    )
    with open_socket(server, max_queue=1, compression=None) as socket:
        assert socket.recv(PATIENCE, decode=False)[:6] == b"000000"
        assert "all sent" not in server.log
        for number in range(1, 400):
            assert socket.recv(PATIENCE, decode=False)[:6] == b"%06d" % number
        assert closed(socket) == (1000, "")
    server.wait_for("all sent")


def test_both_directions_are_independent(start_server: StartServer) -> None:
    server = start_server(
        application("""
        await accept()
        async def tick():
            for number in range(3):
                await send({"type": "websocket.send", "text": f"tick {number}"})
        async with asyncio.TaskGroup() as group:
            group.create_task(tick())
            message = await receive()
            await send({"type": "websocket.send", "text": "got " + message["text"]})
        await send({"type": "websocket.close"})
        """)
    )
    with open_socket(server) as socket:
        ticks = [socket.recv(PATIENCE) for _ in range(3)]
        socket.send("it")
        assert [*ticks, socket.recv(PATIENCE)] == ["tick 0", "tick 1", "tick 2", "got it"]


def test_a_stop_closes_with_1001(start_server: StartServer) -> None:
    server = start_server(application(ECHO))
    with open_socket(server) as socket:
        socket.send("x")
        assert socket.recv(PATIENCE) == "x"
        server.process.terminate()
        assert closed(socket)[0] == 1001
    server.wait_for("disconnect 1001")
    assert server.process.wait(PATIENCE) == 0
