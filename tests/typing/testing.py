"""What type checkers accept and infer for the test client."""

from __future__ import annotations

from typing import Any, assert_type

import httpx2

from fastrapi import FastAPI
from fastrapi.testclient import TestClient, WebSocketTestSession

app = FastAPI()

with TestClient(app, base_url="http://example.com", raise_server_exceptions=False) as client:
    assert_type(client, TestClient)
    assert_type(client.app_state, dict[str, Any])
    response = client.get("/", params={"q": "a"}, headers={"x-token": "a"})
    assert_type(response, httpx2.Response)
    assert_type(response.status_code, int)
    assert_type(client.post("/", json={"a": 1}).text, str)
    client.post("/", files={"file": ("a.txt", b"a")}, data={"name": "a"})
    with client.websocket_connect("/ws", subprotocols=["chat"]) as session:
        assert_type(session, WebSocketTestSession)
        session.send_text("a")
        session.send_json({"a": 1}, mode="binary")
        assert_type(session.receive_text(), str)
        assert_type(session.receive_bytes(), bytes)
        session.close(code=1000, reason=None)
        session.send_text(1)  # type: ignore[arg-type]

TestClient(app, backend="trio", backend_options={}, root_path="/v1", client=("a", 1), cookies={"a": "b"})
TestClient()  # type: ignore[call-arg]
TestClient(app, base_urls="")  # type: ignore[call-arg]
client.get(1)  # type: ignore[arg-type]
