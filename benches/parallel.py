"""Does everything that needs no Python go on while a handler holds the interpreter's lock?

A handler makes one long call into C that never gives the lock away: once as a coroutine on the event loop,
once as a plain function in a thread, and then also while requests for another handler wait for Python. Counts
what is answered meanwhile. Exits with 1 if one kind is not answered 10 times before the call ends.

Usage: parallel.py SERVER [--venv DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from serving import serving

HELD_S = 1.5
REQUIRED = 10
WAITING = 8
MASK = b"\0\0\0\0"

Probe = Callable[[int], None]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), HELD_S * 20)


def head_of(connection: socket.socket) -> tuple[bytes, bytes]:
    """A response's head, and what came of its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(1 << 16)
        if not received:
            raise ConnectionError(f"the server closed the connection after {data!r}")
        data += received
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def exchange(port: int, target: str, *headers: str, method: str = "GET", host: str = "localhost") -> int:
    """The status of a request on a connection of its own, once its answer is whole."""
    with connect(port) as connection:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        head, _ = head_of(connection)
        while connection.recv(1 << 16):
            pass
    return int(head.split(b" ")[1])


def expecting(status: int, target: str, *headers: str, method: str = "GET", host: str = "localhost") -> Probe:
    def probe(port: int) -> None:
        found = exchange(port, target, *headers, method=method, host=host)
        if found != status:
            raise RuntimeError(f"{method} {target}: status {found} instead of {status}")

    return probe


def malformed(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        head, _ = head_of(connection)
    if not head.startswith(b"HTTP/1.1 400"):
        raise RuntimeError(f"two Host fields: {head!r}")


class Pings:
    """Pings on one WebSocket, which has to be open before Python is held up."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self.socket.sendall(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        head, _ = head_of(self.socket)
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"no WebSocket: {head!r}")

    def __call__(self, _: int) -> None:
        self.socket.sendall(b"\x89\x82" + MASK + b"hi")
        while (answer := self.socket.recv(2, socket.MSG_WAITALL)) == b"\x89\x00":
            self.socket.sendall(b"\x8a\x80" + MASK)  # the server has pings of its own
        if answer != b"\x8a\x02" or self.socket.recv(2, socket.MSG_WAITALL) != b"hi":
            raise RuntimeError(f"no pong but {answer!r}")


@dataclass
class Held:
    """The time during which a handler holds the lock."""

    port: int
    target: str
    thread: threading.Thread = field(init=False)
    ended: float = 0.0

    def __enter__(self) -> Held:
        self.thread = threading.Thread(target=self._hold)
        self.thread.start()
        time.sleep(0.3)
        return self

    def _hold(self) -> None:
        exchange(self.port, self.target)
        self.ended = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.thread.join()


def answered(probe: Probe, held: Held) -> list[float]:
    """Milliseconds of each exchange that ended before the lock was free."""
    ends: list[tuple[float, float]] = []
    while not held.ended and len(ends) < 500:
        begun = time.perf_counter()
        probe(held.port)
        end = time.perf_counter()
        ends.append((end, (end - begun) * 1000))
        time.sleep(0.002)
    held.thread.join()
    return [took for end, took in ends if end < held.ended]


def calibrate(port: int) -> int:
    """How far to count so that it takes `HELD_S` seconds."""
    count = 20_000_000
    begun = time.perf_counter()
    exchange(port, f"/hold?count={count}")
    return int(count * HELD_S / (time.perf_counter() - begun))


@contextlib.contextmanager
def waiting_for_python(port: int, count: int) -> Iterator[None]:
    waiters = [threading.Thread(target=exchange, args=(port, "/hello")) for _ in range(count)]
    for waiter in waiters:
        waiter.start()
    time.sleep(0.1 if count else 0)
    yield
    for waiter in waiters:
        waiter.join()


def compressed(port: int, held_target: str) -> bool:
    """Whether a large answer, made before the lock is taken, is compressed while it is held."""
    done: list[float] = []

    def fetch() -> None:
        exchange(port, "/large", "Accept-Encoding: gzip")
        done.append(time.perf_counter())

    fetcher = threading.Thread(target=fetch)
    fetcher.start()
    time.sleep(0.02)
    held = Held(port, held_target)
    with held:
        pass
    fetcher.join()
    return done[0] < held.ended


def show(kind: str, took: list[float]) -> bool:
    holds = len(took) >= REQUIRED
    figures = f"p50 {statistics.median(took):7.2f} ms, slowest {max(took):7.2f} ms" if took else ""
    print(f"  {'yes' if holds else 'NO ':3} {kind:18} {len(took):4} answered  {figures}")
    return holds


def rounds(port: int) -> bool:
    probes: dict[str, Probe] = {
        "static file": expecting(200, "/static/holding.py"),
        "not modified": expecting(304, "/static/holding.py", f"If-None-Match: {etag(port)}"),
        "unknown path": expecting(404, "/nowhere"),
        "refused method": expecting(405, "/hello", method="DELETE"),
        "refused host": expecting(400, "/hello", host="evil.example"),
        "malformed request": malformed,
        "CORS preflight": expecting(
            200, "/hello", "Origin: https://a.example", "Access-Control-Request-Method: GET", method="OPTIONS"
        ),
        "WebSocket ping": Pings(port),
    }
    count = calibrate(port)
    everything = True
    for name, path, waiting in (
        ("a coroutine holds the lock", "/hold", 0),
        ("a thread holds the lock", "/hold-in-a-thread", 0),
        (f"a coroutine holds the lock and {WAITING} requests wait for Python", "/hold", WAITING),
        (f"a thread holds the lock and {WAITING} requests wait for Python", "/hold-in-a-thread", WAITING),
    ):
        print(f"{name}, {HELD_S:g} s:")
        target = f"{path}?count={count}"
        with Held(port, target) as held:
            if len(answered(expecting(200, "/hello"), held)) >= REQUIRED:
                sys.exit("error: a handler was answered meanwhile: nothing held the lock")
        for kind, probe in probes.items():
            with Held(port, target) as held, waiting_for_python(port, waiting):
                everything &= show(kind, answered(probe, held))
        done = compressed(port, target)
        print(f"  {'yes' if done else 'NO ':3} a large answer is compressed meanwhile")
        everything &= done
    return everything


def etag(port: int) -> str:
    with connect(port) as connection:
        connection.sendall(b"GET /static/holding.py HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, _ = head_of(connection)
    return next(line[6:] for line in head.decode().split("\r\n") if line.lower().startswith("etag: "))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("server", help="path of fastrapi-server")
    parser.add_argument("--venv", help="environment of the application")
    arguments = parser.parse_args()
    with serving(arguments.server, arguments.venv, "holding:app") as port:
        return 0 if rounds(port) else 1


if __name__ == "__main__":
    sys.exit(main())
