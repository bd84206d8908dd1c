"""What is asked of the server, one exchange at a time."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

ORDER = (
    b'{"order_id":7,"customer":{"name":"Ada Lovelace","city":"London"},"lines":[{"sku":"SKU-1","quantity":2,'
    b'"unit_price":19.75,"tags":["brass","gear"]},{"sku":"SKU-2","quantity":1,"unit_price":3.5,"tags":[]}]}'
)

Ask = Callable[[socket.socket], None]


class CountError(RuntimeError):
    """What was to be counted did not happen."""


def request(target: str, *headers: str, method: str = "GET", body: bytes = b"") -> Ask:
    """One exchange on a connection that stays open; every answer has to be a 200 with a length."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    raw = "\r\n".join([*lines, "", ""]).encode() + body

    def ask(connection: socket.socket) -> None:
        connection.sendall(raw)
        head, _, rest = read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise CountError(f"{target}: {head!r}")
        missing = int(length[1]) - len(rest)
        while missing > 0:
            missing -= len(receive(connection))

    return ask


def receive(connection: socket.socket) -> bytes:
    received = connection.recv(1 << 16)
    if not received:
        raise CountError("the server closed the connection")
    return received


def read_until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        data += receive(connection)
    return data


def echo() -> Ask:
    """One WebSocket message and its echo; the first call opens the WebSocket."""
    opened: set[socket.socket] = set()
    message = b"hello from the counter"
    frame = b"\x81" + bytes([0x80 | len(message)]) + b"\0\0\0\0" + message

    def ask(connection: socket.socket) -> None:
        if connection not in opened:
            connection.sendall(
                b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            read_until(connection, b"\r\n\r\n")
            opened.add(connection)
        connection.sendall(frame)
        answer = read_until(connection, message)
        while answer.startswith(b"\x89\x00"):  # a ping of the server's keep-alive
            answer = answer[2:]
        if answer != b"\x81" + bytes([len(message)]) + message:
            raise CountError(f"no echo but {answer!r}")

    return ask


#: Application of benches/apps -> name of the budget -> what is asked
REQUESTS: dict[str, dict[str, Ask]] = {
    "counted:app": {
        "hello": request("/hello"),
        "hello_sync": request("/hello-sync"),
        "items": request("/items/4711?q=term42&limit=7"),
        "order": request("/orders", "Content-Type: application/json", method="POST", body=ORDER),
        "list": request("/orders"),
        "deps": request("/secure", "Authorization: Bearer secret-token"),
        "static": request("/static/one_model.py"),
        "ws": echo(),
    },
    "counted:behind": {"http_middleware": request("/hello")},
}
