from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse, Response, StreamingResponse
from fastrapi.testclient import TestClient
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send


async def passthrough(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
    return await call_next(request)


async def run(app: ASGIApp, *received: Message) -> list[Message]:
    """Runs the application for a POST and returns what it sent."""
    incoming, sent = list(received), []

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    assert incoming == []
    return sent


def test_body_can_be_replaced() -> None:
    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        response: Any = await call_next(request)
        body = b"".join([chunk async for chunk in response.body_iterator])

        async def shout() -> AsyncIterator[bytes]:
            yield body.upper()

        response.body_iterator = shout()
        return response  # type: ignore[no-any-return]

    app = BaseHTTPMiddleware(PlainTextResponse("hello"), dispatch=dispatch)
    assert TestClient(app).get("/").text == "HELLO"


def test_status_and_headers_can_be_changed() -> None:
    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.status_code = 201
        response.headers["X-A"] = "b"
        return response

    response = TestClient(BaseHTTPMiddleware(PlainTextResponse("hello"), dispatch=dispatch)).get("/")
    assert (response.status_code, response.headers["x-a"], response.text) == (201, "b", "hello")


def test_application_may_be_called_twice() -> None:
    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        first = await call_next(request)
        second = await call_next(request)
        assert first is not second
        return second

    calls: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(1)
        await PlainTextResponse(f"call {len(calls)}")(scope, receive, send)

    assert TestClient(BaseHTTPMiddleware(app, dispatch=dispatch)).get("/").text == "call 2"


def test_error_of_dispatch_ends_the_application() -> None:
    cancelled: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append(True)

    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        await call_next(request)
        raise ValueError("dispatch")

    with pytest.raises(ValueError, match="dispatch"):
        TestClient(BaseHTTPMiddleware(app, dispatch=dispatch)).get("/")
    assert cancelled == [True]


def test_error_half_way_is_raised_and_the_response_stays_incomplete() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        raise ValueError("half-way")

    sent: list[Message] = []

    async def record(scope: Scope, receive: Receive, send: Send) -> None:
        async def recorder(message: Message) -> None:
            sent.append(message)
            await send(message)

        app = BaseHTTPMiddleware(StreamingResponse(chunks()), dispatch=passthrough)
        await app(scope, receive, recorder)

    with pytest.raises(ValueError, match="half-way"):
        TestClient(record).get("/")
    assert [message.get("more_body") for message in sent] == [None, True]


def test_error_of_a_discarded_response_is_raised() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x")(scope, receive, send)
        raise ValueError("afterwards")

    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        await call_next(request)
        return PlainTextResponse("instead")

    with pytest.raises(ValueError, match="afterwards"):
        TestClient(BaseHTTPMiddleware(app, dispatch=dispatch)).get("/")


def test_background_tasks_run_in_order_after_the_response() -> None:
    events: list[str] = []

    def note(name: str) -> BackgroundTask:
        return BackgroundTask(events.append, name)

    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        assert response.background is None
        response.background = note("middleware")
        return response

    async def record(scope: Scope, receive: Receive, send: Send) -> None:
        async def recorder(message: Message) -> None:
            await send(message)
            events.append(message["type"])

        app = BaseHTTPMiddleware(PlainTextResponse("x", background=note("endpoint")), dispatch=dispatch)
        await app(scope, receive, recorder)

    TestClient(record).get("/")
    assert events[:3] == ["http.response.start", "http.response.body", "http.response.body"]
    assert sorted(events[3:]) == ["endpoint", "middleware"]


@pytest.mark.anyio
async def test_body_read_by_dispatch_is_there_for_the_application() -> None:
    bodies: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        bodies.append(await Request(scope, receive).body())
        await Response()(scope, receive, send)

    async def dispatch(request: Request[Any], call_next: RequestResponseEndpoint) -> Response:
        bodies.append(await request.body())
        return await call_next(request)

    middleware = BaseHTTPMiddleware(BaseHTTPMiddleware(app, dispatch=dispatch), dispatch=dispatch)
    await run(
        middleware,
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
    )
    assert bodies == [b"ab"] * 3


@pytest.mark.anyio
async def test_trailers_are_relayed() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
        await send({"type": "http.response.body", "body": b"x"})
        await send({"type": "http.response.trailers", "headers": [(b"a", b"b")]})

    sent = await run(BaseHTTPMiddleware(app, dispatch=passthrough))
    assert [message["type"].rpartition(".")[2] for message in sent] == ["start", "body", "body", "trailers"]
    assert sent[0]["trailers"] is True


def test_missing_response() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return None

    with pytest.raises(RuntimeError, match=r"No response returned\."):
        TestClient(BaseHTTPMiddleware(app, dispatch=passthrough)).get("/")
