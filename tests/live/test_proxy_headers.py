"""What proxies say of the client, and who is believed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from cli_process import Project, wait_for_url
from server_process import PATIENCE, Server
from websockets.sync.client import connect

APP = """
from fastapi import FastAPI, Request, WebSocket

app = FastAPI()

@app.get("/origin")
def origin(request: Request) -> str:
    return f"{request.url.scheme} {request.client.host} {request.client.port}"

@app.get("/plain/")
def plain() -> str:
    return "plain"

@app.websocket("/ws")
async def ws(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(f"{websocket.url.scheme} {websocket.client.host}")
    await websocket.close()
"""

FORWARDED = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("main.py", APP)
    return project


def get(server: Server, path: str, headers: dict[str, str]) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", headers=headers, trust_env=False, timeout=PATIENCE)


@pytest.mark.parametrize("lane", ["auto", "general"])
def test_a_proxy_on_this_machine_is_believed(project: Project, lane: str) -> None:
    with project.start("main:app", "--port", "0", "--lane", lane) as server:
        wait_for_url(server)
        assert get(server, "/origin", FORWARDED).json() == "https 203.0.113.7 0"
        server.wait_for(r'203\.0\.113\.7.* "?GET /origin')
        assert get(server, "/origin", {"X-Forwarded-For": "203.0.113.7"}).json() == "http 203.0.113.7 0"
        assert get(server, "/origin", {}).json().startswith("http 127.0.0.1 ")
        location = get(server, "/plain", FORWARDED).headers["location"]
        assert location == f"https://127.0.0.1:{server.port}/plain/"
        url = f"ws://127.0.0.1:{server.port}/ws"
        with connect(url, additional_headers=FORWARDED, proxy=None, open_timeout=PATIENCE) as socket:
            assert socket.recv(PATIENCE) == "wss 203.0.113.7"


@pytest.mark.parametrize("flags", [("--no-proxy-headers",), ("--forwarded-allow-ips", "10.0.0.0/8, ::1")])
def test_others_are_not(project: Project, flags: tuple[str, ...]) -> None:
    with project.start("main:app", "--port", "0", *flags) as server:
        wait_for_url(server)
        assert get(server, "/origin", FORWARDED).json().startswith("http 127.0.0.1 ")


def test_everyone_is_believed_where_that_is_wanted(project: Project) -> None:
    with project.start("main:app", "--port", "0", FORWARDED_ALLOW_IPS="*") as server:
        wait_for_url(server)
        assert get(server, "/origin", FORWARDED).json() == "https 6.6.6.6 0"


def test_a_name_is_no_address(project: Project) -> None:
    answer = project.run("main:app", "--forwarded-allow-ips", "proxy.example")
    assert answer.returncode == 2
    assert '"proxy.example" is no address' in answer.stderr
