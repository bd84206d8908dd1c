"""Start, stop and signals."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import eventually
from server_process import BINARY, PATIENCE, StartServer

HELLO = """
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
"""
LIFESPAN = f"""
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        scope["state"]["shared"] = []
        while True:
            message = await receive()
            print(message["type"], flush=True)
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
    else:
        scope["state"]["shared"].append(1)
        scope["state"]["own"] = 1
        print("shared", len(scope["state"]["shared"]), sorted(scope["state"]), flush=True)
        if scope["path"] == "/slow":
            print("slow", flush=True)
            await asyncio.sleep(0.5)
        if scope["path"] == "/forever":
            print("forever", flush=True)
            await asyncio.sleep(3600)
        if scope["path"] == "/block":
            import threading
            started = threading.Event()
            def block():
                started.set()
                threading.Event().wait()
            asyncio.get_running_loop().run_in_executor(None, block)
            await asyncio.to_thread(started.wait)
{HELLO}
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_lifespan_frames_the_requests(start_server: StartServer, number: int) -> None:
    server = start_server(LIFESPAN)
    server.get("/")
    server.get("/")
    assert server.stop(number) == 0
    said = [line for line in server.log.splitlines() if line.startswith(("lifespan", "shared"))]
    shared = "['own', 'shared']"
    assert said == ["lifespan.startup", f"shared 1 {shared}", f"shared 2 {shared}", "lifespan.shutdown"]


def test_an_application_without_lifespan_is_served(start_server: StartServer) -> None:
    server = start_server(
        f"""
async def app(scope, receive, send):
        assert scope["type"] == "http"
{HELLO}
"""
    )
    assert server.get("/").text == "hello"
    assert server.stop() == 0
    assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("await send({'type': 'lifespan.startup.failed', 'message': 'no database'})", "no database"),
        ("await asyncio.sleep(0); raise ValueError('--lifespan on')", "--lifespan on"),
    ],
)
def test_a_failed_startup_is_exit_code_3(tmp_path: Path, code: str, text: str) -> None:
    source = f"import asyncio\nasync def app(scope, receive, send):\n    await receive()\n    {code}\n"
    (tmp_path / "app.py").write_text(source)
    finished = subprocess.run(
        [BINARY, "--app", "app:app", "--port", "0", "--lifespan", "on"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert finished.returncode == 3
    assert text in finished.stderr
    assert "http://" not in finished.stdout + finished.stderr


def test_a_failed_shutdown_is_exit_code_1(start_server: StartServer) -> None:
    server = start_server(
        f"""
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
        raise ValueError("at the end")
    else:
{HELLO}
"""
    )
    assert server.stop() == 1
    assert server.log.count("ValueError: at the end") >= 1


def test_requests_in_flight_finish(start_server: StartServer) -> None:
    server = start_server(LIFESPAN)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        server.wait_for("slow")
        server.process.terminate()
        response = b""
        while data := connection.recv(1000):
            response += data
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.endswith(b"hello")
    assert server.end() == 0
    assert "lifespan.shutdown" in server.log


def test_a_second_signal_ends_at_once(start_server: StartServer) -> None:
    server = start_server(LIFESPAN)
    assert server.get("/").text == "hello"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")
        server.wait_for("forever")
        server.process.terminate()
        # The first signal has been taken once the server refuses connections.
        eventually(server.refuses_connections, "no connections are taken any more")
        assert server.stop() == 128 + signal.SIGTERM
    assert "Traceback" not in server.log


def test_background_tasks_finish(start_server: StartServer) -> None:
    server = start_server(
        f"""
import asyncio

async def app(scope, receive, send):
        assert scope["type"] == "http"
{HELLO}
        print("in the background", flush=True)
        await asyncio.sleep(0.5)
        print("finished", flush=True)
"""
    )
    assert server.get("/").text == "hello"
    server.wait_for("in the background")
    assert server.stop() == 0
    assert "finished" in server.log


def test_a_blocked_thread_does_not_keep_the_process(start_server: StartServer) -> None:
    server = start_server(LIFESPAN)
    assert server.get("/block").text == "hello"
    assert server.stop() == 0
    assert "lifespan.shutdown" in server.log
