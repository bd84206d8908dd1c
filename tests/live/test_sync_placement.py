"""Sync handlers: in threads until they have proved short, and never in the way of others."""

import socket
from contextlib import ExitStack

import httpx
import pytest
from server_process import PATIENCE, Server, StartServer

APPLICATION = """
import contextvars, threading
from anyio import from_thread
from fastapi import FastAPI
app = FastAPI()
gate = threading.Event()
blocked = threading.Semaphore(0)
seen = contextvars.ContextVar("seen", default="nothing")

@app.get("/hello")
async def hello():
    return "hello"

@app.get("/thread")
def thread():
    return threading.current_thread().name

# Spelt so that nothing in its code says that it may block.
wait = getattr(gate, "wa" + "it")

@app.get("/maybe")
def maybe(block: bool = False):
    if block:
        blocked.release()
        wait()
    return threading.get_ident()

@app.get("/blocked")
async def count():
    number = 0
    while blocked.acquire(blocking=False):
        number += 1
    return number

@app.get("/release")
async def release():
    gate.set()

async def on_the_loop():
    return threading.current_thread() is threading.main_thread()

@app.get("/from-thread")
def call_back():
    return from_thread.run(on_the_loop)

@app.get("/context")
def context():
    before = seen.get()
    seen.set("something")
    return before

@app.get("/fail")
def fail():
    raise ValueError("in a thread")
"""


def block_all(server: Server, stack: ExitStack, number: int) -> list[socket.socket]:
    """Has so many requests wait in their handlers."""
    connections = []
    for _ in range(number):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        connections.append(stack.enter_context(connection))
        connection.sendall(b"GET /maybe?block=true HTTP/1.1\r\nHost: x\r\n\r\n")
    waiting = 0
    with server.client() as client:
        while waiting < number:
            waiting += client.get("/blocked").json()
    return connections


def ask_maybe(client: httpx.Client, times: int) -> set[int]:
    return {client.get("/maybe").json() for _ in range(times)}


@pytest.mark.parametrize("short_calls", [0, 10_000])
def test_blocked_handlers_are_in_nobodys_way(start_server: StartServer, short_calls: int) -> None:
    server = start_server(APPLICATION, "--no-access-log")
    with server.client() as client, ExitStack() as stack:
        ask_maybe(client, short_calls)
        connections = block_all(server, stack, 200)
        # On a connection that is open and on a new one.
        assert client.get("/hello").json() == "hello"
        assert server.get("/hello").json() == "hello"
        client.get("/release")
        for connection in connections:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_the_pool_can_be_asked_for(start_server: StartServer) -> None:
    server = start_server(APPLICATION, "--sync", "pool")
    with server.client() as client:
        assert {client.get("/thread").json()[:5] for _ in range(50)} == {"Dummy"}


def test_anyio_can_call_back_from_a_sync_handler(start_server: StartServer) -> None:
    server = start_server(APPLICATION)
    with server.client() as client:
        assert [client.get("/from-thread").json() for _ in range(60)] == [True] * 60


@pytest.mark.parametrize("mode", ["auto", "pool", "inline"])
def test_context_variables_do_not_leak_between_calls(start_server: StartServer, mode: str) -> None:
    server = start_server(APPLICATION, "--sync", mode)
    with server.client() as client:
        assert {client.get("/context").json() for _ in range(60)} == {"nothing"}


@pytest.mark.parametrize("mode", ["pool", "inline"])
def test_a_failing_sync_handler_is_a_500_and_logged_once(start_server: StartServer, mode: str) -> None:
    server = start_server(APPLICATION, "--sync", mode)
    assert server.get("/fail").status_code == 500
    server.wait_for("ValueError: in a thread")
    assert server.stop() == 0
    assert server.log.count("Traceback (most recent call last)") == 1


def test_the_application_decides_how_many_threads_there_are(start_server: StartServer) -> None:
    limit = """
from contextlib import asynccontextmanager
import anyio

@asynccontextmanager
async def lifespan(app):
    anyio.to_thread.current_default_thread_limiter().total_tokens = 3
    yield
app.router.lifespan_context = lifespan
"""
    server = start_server(APPLICATION + limit)
    with ExitStack() as stack:
        connections = block_all(server, stack, 3)
        fourth = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        stack.enter_context(fourth)
        fourth.sendall(b"GET /maybe?block=true HTTP/1.1\r\nHost: x\r\n\r\n")
        assert server.get("/hello").json() == "hello"
        assert server.get("/blocked").json() == 0
        server.get("/release")
        for connection in [*connections, fourth]:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
