"""What needs no Python is answered while a handler holds the interpreter's lock."""

import contextlib
import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_process import PATIENCE, Server, StartServer

APPLICATION = """
import ctypes, os
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"])
app.mount("/static", StaticFiles(directory="."))

# Calls functions without giving the lock away.
libc = ctypes.PyDLL(None)

def hold():
    for name, call in (("held", libc.write), ("free", libc.read)):
        descriptor = os.open(name, os.O_RDWR)
        call(descriptor, ctypes.create_string_buffer(1), 1)
        os.close(descriptor)

@app.get("/hold")
async def hold_on_the_loop():
    hold()

@app.get("/hold-in-a-thread")
def hold_in_a_thread():
    hold()

@app.get("/hello")
async def hello():
    return "hello"

@app.get("/short")
def short():
    return abs(-1)
"""
PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}


@contextlib.contextmanager
def held(server: Server, directory: Path, target: str) -> Iterator[None]:
    """While a handler holds the lock."""
    done: list[int] = []
    holder = threading.Thread(target=lambda: done.append(server.get(target).status_code))
    for name in ("held", "free"):
        os.mkfifo(directory / name)
    # Opened for both directions, so that opening waits for nobody.
    taken, free = (os.open(directory / name, os.O_RDWR) for name in ("held", "free"))
    try:
        holder.start()
        assert select.select([taken], [], [], PATIENCE)[0], "the handler runs"
        os.read(taken, 1)
        yield
        assert not done
    finally:
        os.write(free, b"x")
        holder.join(PATIENCE)
        os.close(taken)
        os.close(free)
    assert done == [200]


def answers(server: Server) -> list[int]:
    """The statuses of requests that need no Python, each on a connection of its own."""
    requests = [
        ("GET", "/nothing", {}),
        ("POST", "/hello", {}),
        ("OPTIONS", "/hello", PREFLIGHT),
        ("GET", "/static/app.py", {}),
    ]
    fresh = {"Connection": "close"}
    with server.client() as client:
        return [
            client.request(method, path, headers={**headers, **fresh}).status_code
            for method, path, headers in requests
        ]


EXPECTED = [404, 405, 200, 200]


def ask(server: Server, target: str) -> socket.socket:
    """A connection with a request on its way."""
    connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("target", ["/hold", "/hold-in-a-thread"])
def test_what_needs_no_python_is_answered(start_server: StartServer, tmp_path: Path, target: str) -> None:
    server = start_server(APPLICATION)
    assert answers(server) == EXPECTED
    with held(server, tmp_path, target):
        assert answers(server) == EXPECTED
    assert server.get("/hello").json() == "hello"


@pytest.mark.parametrize("target", ["/hold", "/hold-in-a-thread"])
@pytest.mark.parametrize("waiter", ["/hello", "/short"])
@pytest.mark.parametrize("count", [1, 16])
def test_those_who_wait_for_the_lock_are_in_nobodys_way(
    start_server: StartServer, tmp_path: Path, target: str, waiter: str, count: int
) -> None:
    server = start_server(APPLICATION)
    # The media type of a file is asked for once.
    assert answers(server) == EXPECTED
    with server.client() as client:
        # So often that a sync handler may run on the worker that has its request.
        assert {client.get(waiter).status_code for _ in range(100)} == {200}
    with contextlib.ExitStack() as stack:
        with held(server, tmp_path, target):
            asked = [stack.enter_context(ask(server, waiter)) for _ in range(count)]
            for _ in range(5):
                assert answers(server) == EXPECTED
        for connection in asked:
            answer = stack.enter_context(connection.makefile("rb"))
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
