from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning
from fastrapi.responses import JSONResponse, PlainTextResponse
from fastrapi.testclient import TestClient
from fastrapi.types import Message, Receive, Scope, Send


async def show_scope(scope: Scope, receive: Receive, send: Send) -> None:
    keys = ("method", "path", "root_path", "scheme", "server", "client", "http_version", "state")
    scope_text = {key: scope[key] for key in keys}
    scope_text["raw_path"] = scope["raw_path"].decode()
    scope_text["query_string"] = scope["query_string"].decode()
    scope_text["host"] = dict(scope["headers"])[b"host"].decode()
    await JSONResponse(scope_text)(scope, receive, send)


def test_scope() -> None:
    client = TestClient(show_scope, root_path="/root", client=("10.0.0.1", 5))
    assert client.get("/a%20b/ü?x=1&y=%20").json() == {
        "method": "GET",
        "path": "/a b/ü",
        "raw_path": "/a%20b/%C3%BC",
        "query_string": "x=1&y=%20",
        "root_path": "/root",
        "scheme": "http",
        "server": ["testserver", 80],
        "host": "testserver",
        "client": ["10.0.0.1", 5],
        "http_version": "1.1",
        "state": {},
    }


@pytest.mark.parametrize(
    ("url", "server", "host"),
    [
        ("https://other/", ["other", 443], "other"),
        ("http://other:81/", ["other", 81], "other:81"),
        ("http://[::1]:0/", ["::1", 0], "[::1]:0"),
    ],
)
def test_server_and_host(url: str, server: list[Any], host: str) -> None:
    answer = TestClient(show_scope).get(url).json()
    assert (answer["server"], answer["host"]) == (server, host)


def test_body_is_read_when_the_application_asks_for_it() -> None:
    taken: list[int] = []

    def content() -> Iterator[bytes]:
        taken.append(1)
        yield b"abc"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/read":
            assert await receive() == {"type": "http.request", "body": b"abc"}
        await PlainTextResponse("OK")(scope, receive, send)

    client = TestClient(app)
    client.post("/", content=content())
    assert taken == []
    client.post("/read", content=content())
    assert taken == [1]


def test_disconnect_comes_after_the_response(backend: Any) -> None:
    messages: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        messages.append(await receive())
        async with anyio.create_task_group() as tasks:

            async def wait() -> None:
                messages.append(await receive())

            tasks.start_soon(wait)
            await anyio.lowlevel.checkpoint()
            assert len(messages) == 1
            await PlainTextResponse("OK")(scope, receive, send)

    assert TestClient(app, backend=backend).get("/").text == "OK"
    assert messages[1] == {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        ([], "TestClient did not receive any response."),
        (["body"], 'Received "http.response.body" without "http.response.start".'),
        (["start", "start"], 'Received multiple "http.response.start" messages.'),
        (["start", "body", "body"], 'Received "http.response.body" after response completed.'),
    ],
)
def test_invalid_sequences(messages: list[str], error: str, backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for kind in messages:
            await send({"type": f"http.response.{kind}", "status": 200, "body": b"x"})

    with pytest.raises(AssertionError) as caught:
        TestClient(app, backend=backend).get("/")
    assert str(caught.value) == error


def test_failure_before_the_response_is_a_500_if_not_raised(backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("boom")

    response = TestClient(app, backend=backend, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.content, dict(response.headers)) == (500, b"", {})
    with pytest.raises(ValueError, match="boom"):
        TestClient(app, backend=backend).get("/")


def test_leaving_the_client_cancels_open_responses_before_the_shutdown(backend: Any) -> None:
    events: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            events.append("shutdown")
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200})
        try:
            await anyio.sleep_forever()
        finally:
            events.append("cancelled")

    with TestClient(app, backend=backend) as client:
        client.send(client.build_request("GET", "/"), stream=True)
        assert events == []
    assert events == ["cancelled", "shutdown"]


def test_requests_of_several_threads_share_the_loop_of_the_lifespan() -> None:
    threads: set[int] = set()
    barrier = threading.Barrier(2)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        threads.add(threading.get_ident())
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await anyio.to_thread.run_sync(barrier.wait)
        await PlainTextResponse("OK")(scope, receive, send)

    answers: list[str] = []
    with TestClient(app) as client:
        workers = [threading.Thread(target=lambda: answers.append(client.get("/").text)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert answers == ["OK", "OK"]
    assert len(threads) == 1


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_reported_failure_of_the_lifespan_is_raised(phase: str, backend: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in ("startup", "shutdown"):
            await receive()
            if step == phase:
                await send({"type": f"lifespan.{step}.failed", "message": "no database"})
                return
            await send({"type": f"lifespan.{step}.complete"})

    with pytest.raises(RuntimeError, match="no database"), TestClient(app, backend=backend):
        assert phase == "shutdown"


def test_application_without_lifespan() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await PlainTextResponse("OK")(scope, receive, send)

    with TestClient(app) as client:
        assert client.get("/").text == "OK"


def test_timeout_is_refused_with_a_warning() -> None:
    with pytest.warns(StarletteDeprecationWarning, match="You should not use the 'timeout' argument"):
        TestClient(PlainTextResponse("OK")).request("GET", "/", timeout=1)


def test_backend_options() -> None:
    loops: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loops.append(asyncio.get_running_loop().get_debug())
        await PlainTextResponse("OK")(scope, receive, send)

    TestClient(app, backend_options={"debug": True}).get("/")
    assert loops == [True]
