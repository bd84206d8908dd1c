from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fastrapi.applications.asgi import Starlette
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.compat.starlette.routing import Mount, Route
from fastrapi.middleware import Middleware
from fastrapi.middleware.body_limit import RequestBodyLimitMiddleware
from fastrapi.requests import Request
from fastrapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastrapi.testclient import TestClient
from fastrapi.types import Receive, Scope, Send


async def read(request: Request[Any]) -> JSONResponse:
    return JSONResponse(len(await request.body()))


async def ignore(request: Request[Any]) -> JSONResponse:
    return JSONResponse("ignored")


def chunked(size: int) -> Iterator[bytes]:
    for _ in range(size):
        yield b"x"


@pytest.fixture
def client() -> TestClient:
    async def on_error(request: Request[Any], exc: Exception) -> PlainTextResponse:
        assert isinstance(exc, HTTPException)
        return PlainTextResponse(f"handled {exc.detail}", status_code=exc.status_code)

    routes = [
        Route("/read", read, methods=["POST"]),
        Route("/ignore", ignore, methods=["POST"]),
        Mount("/more", routes=[Route("/read", read, methods=["POST"])], max_body_size=10),
        Route("/less", read, methods=["POST"], max_body_size=2),
    ]
    return TestClient(Starlette(routes=routes, max_body_size=5, exception_handlers={HTTPException: on_error}))


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/read", 5, 200),
        ("/read", 6, 413),
        ("/ignore", 6, 413),
        ("/nowhere", 6, 413),
        ("/nowhere", 5, 404),
        ("/more/read", 10, 200),
        ("/more/read", 11, 413),
        ("/less", 2, 200),
        ("/less", 3, 413),
    ],
)
def test_declared_length(client: TestClient, path: str, size: int, status: int) -> None:
    response = client.post(path, content=b"x" * size)
    assert response.status_code == status
    if status == 413:
        assert response.text == "Content Too Large"


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/read", 5, 200), ("/read", 6, 413), ("/ignore", 6, 200), ("/more/read", 11, 413), ("/less", 3, 413)],
)
def test_received_bytes(client: TestClient, path: str, size: int, status: int) -> None:
    response = client.post(path, content=chunked(size))
    assert response.status_code == status
    if status == 413:
        assert response.text == "handled Content Too Large"


@pytest.mark.parametrize(
    ("declared", "status"),
    [
        ("6", 413),
        ("0006", 413),
        ("9" * 5000, 413),
        ("-1", 200),
        ("+9", 200),
        ("1_0", 200),
        ("x", 200),
        ("0", 200),
    ],
)
def test_declarations(client: TestClient, declared: str, status: int) -> None:
    response = client.post("/ignore", content=b"xxx", headers={"content-length": declared})
    assert response.status_code == status


def test_middleware_that_read_more_than_the_route_allows() -> None:
    class ReadFirst:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            message = await receive()

            async def replay() -> Any:
                return message

            await self.app(scope, replay, send)

    routes = [Route("/", read, methods=["POST"], max_body_size=2)]
    app = Starlette(routes=routes, middleware=[Middleware(ReadFirst)], max_body_size=10)
    assert TestClient(app).post("/", content=chunked(3)).status_code == 413


def test_limit_around_a_mounted_application_whose_middleware_reads_the_body() -> None:
    class ReadFirst:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await self.app(scope, receive, send)

    child = Starlette(routes=[Route("/", ignore, methods=["POST"])], middleware=[Middleware(ReadFirst)])
    app = Starlette(routes=[Mount("/child", app=child)], max_body_size=5)
    assert TestClient(app).post("/child/", content=chunked(6)).status_code == 413


def test_endless_response_to_a_refused_request_ends() -> None:
    async def endless() -> Any:
        while True:
            yield b"x"

    async def stream(request: Request[Any]) -> StreamingResponse:
        return StreamingResponse(endless())

    app = Starlette(routes=[Route("/", stream, methods=["POST"])], max_body_size=1)
    response = TestClient(app).post("/", content=b"xx")
    assert (response.status_code, response.text) == (413, "Content Too Large")


def test_scope_is_left_as_it_was() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        limited = RequestBodyLimitMiddleware(RequestBodyLimitMiddleware(PlainTextResponse("OK"), 3), 5)
        before = dict(scope)
        await limited(scope, receive, send)
        assert scope == before

    assert TestClient(app).get("/").text == "OK"
    assert len(scopes) == 1
