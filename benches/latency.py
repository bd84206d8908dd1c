"""Does a blocking sync handler hold up the others?

Measures the latency of an async hello handler on a connection of its own, alone and while `wrk` keeps 64
connections busy with a sync handler that sleeps 10 ms, and counts how many new connections are answered while
200 handlers sleep. Exits with 1 if p99 rises by more than 5 ms. Usage: latency.py SERVER [--venv DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

from serving import serving

ALLOWED_RISE_MS = 5.0
SAMPLES = 1500
INTERVAL = 0.002


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, target: str) -> bytes:
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._read()
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._read()
        return body

    def _read(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, "the server closed the connection"
        return data


def hello_latencies(port: int) -> list[float]:
    """Milliseconds, sorted."""
    client = Client(port)
    found = []
    for _ in range(SAMPLES):
        started = time.perf_counter()
        client.get("/hello")
        found.append((time.perf_counter() - started) * 1000)
        time.sleep(INTERVAL)
    return sorted(found)


def quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


@contextlib.contextmanager
def load(port: int, target: str) -> Iterator[None]:
    command = ["wrk", "-t1", "-c64", "-d30", f"http://127.0.0.1:{port}{target}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


def sleeping_handlers(port: int, count: int = 200) -> dict[str, float]:
    """While `count` handlers sleep one second: the slowest of 50 new connections, in milliseconds."""
    sleepers = [threading.Thread(target=lambda: Client(port).get("/sleep?ms=1000")) for _ in range(count)]
    for sleeper in sleepers:
        sleeper.start()
    time.sleep(0.2)
    slowest = 0.0
    for _ in range(50):
        started = time.perf_counter()
        Client(port).get("/hello")
        slowest = max(slowest, (time.perf_counter() - started) * 1000)
    for sleeper in sleepers:
        sleeper.join()
    return {"new_connections": 50, "slowest_ms": round(slowest, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("server", help="path of fastrapi-server")
    parser.add_argument("--venv", help="environment of the application")
    arguments = parser.parse_args()
    report: dict[str, object] = {}
    worst = 0.0
    with serving(arguments.server, arguments.venv, "blocking:app") as port:
        alone = hello_latencies(port)
        report["alone"] = {"p50_ms": quantile(alone, 0.5), "p99_ms": quantile(alone, 0.99)}
        for name, target in (("sleep", "/sleep"), ("turncoat", "/turncoat")):
            if name == "turncoat":
                client = Client(port)
                for _ in range(10_000):
                    client.get(target)
            with load(port, target):
                loaded = hello_latencies(port)
            rise = quantile(loaded, 0.99) - quantile(alone, 0.99)
            worst = max(worst, rise)
            report[name] = {
                "p50_ms": quantile(loaded, 0.5), "p99_ms": quantile(loaded, 0.99), "p99_rise_ms": rise,
            }  # fmt: skip
        report["200_sleeping"] = sleeping_handlers(port)
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0 if worst <= ALLOWED_RISE_MS else 1


if __name__ == "__main__":
    sys.exit(main())
