"""`APIRouter(middleware=, exception_handlers=)`."""

from pathlib import Path
from typing import Any

import pytest

from fastrapi import APIRouter, FastAPI, HTTPException, Request, WebSocket
from fastrapi.middleware import Middleware
from fastrapi.plan.compile import compile_application
from fastrapi.plan.model import GeneralRoute
from fastrapi.responses import PlainTextResponse
from fastrapi.staticfiles import StaticFiles
from fastrapi.testclient import TestClient
from fastrapi.types import ASGIApp, Receive, Scope, Send


class Note:
    """Notes its name in the scope's list when it is passed."""

    def __init__(self, app: ASGIApp, name: str, passed: list[str]) -> None:
        self.app, self.name, self.passed = app, name, passed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.passed.append(self.name)
        await self.app(scope, receive, send)


def note(passed: list[str], *names: str) -> list[Middleware]:
    return [Middleware(Note, name=name, passed=passed) for name in names]


def says(text: str) -> Any:
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"{text}: {exc!r}", status_code=418)

    return handler


def test_middleware_is_inside_the_application_and_around_nested_inclusions() -> None:
    passed: list[str] = []
    app = FastAPI(middleware=note(passed, "app"))
    outer = APIRouter(prefix="/outer", middleware=note(passed, "outer 1", "outer 2"))
    inner = APIRouter(prefix="/inner", middleware=note(passed, "inner"))
    outer.include_router(inner)
    app.include_router(outer)

    @inner.get("/late")
    def late() -> str:
        passed.append("late")
        return "late"

    @outer.get("/own")
    def own() -> str:
        return "own"

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @inner.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    client = TestClient(app)
    orders = {
        "/outer/inner/late": ["app", "outer 1", "outer 2", "inner", "late"],
        "/outer/own": ["app", "outer 1", "outer 2"],
        "/plain": ["app"],
        "/outer/absent": ["app"],
    }
    for path, order in orders.items():
        passed.clear()
        client.get(path)
        assert passed == order, path
    passed.clear()
    with client.websocket_connect("/outer/inner/ws"):
        assert passed == ["app", "outer 1", "outer 2", "inner"]


def test_the_same_router_included_twice_and_mounted() -> None:
    passed: list[str] = []
    router = APIRouter(middleware=note(passed, "router"), exception_handlers={KeyError: says("router")})

    @router.get("/fail")
    def fail() -> None:
        raise KeyError("k")

    app = FastAPI()
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b")
    app.mount("/c", router)
    for prefix in "abc":
        response = TestClient(app).get(f"/{prefix}/fail")
        assert (response.status_code, response.text) == (418, "router: KeyError('k')")
    assert passed == ["router"] * 3


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/r/key", "inner key: KeyError('k')"),
        ("/r/value", "app value: ValueError('v')"),
        ("/r/type", "outer last: TypeError('t')"),
        ("/r/404", "inner 404: HTTPException(status_code=404, detail='Not Found')"),
        ("/r/409", "app 409: HTTPException(status_code=409, detail='Conflict')"),
        ("/key", "app key: KeyError('k')"),
    ],
)
def test_handlers_of_routers_count_before_those_of_the_application(path: str, text: str) -> None:
    app = FastAPI(
        exception_handlers={KeyError: says("app key"), ValueError: says("app value"), 409: says("app 409")}
    )
    outer = APIRouter(exception_handlers={LookupError: says("outer lookup"), Exception: says("outer last")})
    inner = APIRouter(prefix="/r", exception_handlers={KeyError: says("inner key"), 404: says("inner 404")})
    errors = {
        "key": KeyError("k"),
        "value": ValueError("v"),
        "type": TypeError("t"),
        "404": HTTPException(404),
        "409": HTTPException(409),
    }

    @inner.get("/{name}")
    def fail(name: str) -> None:
        raise errors[name]

    @app.get("/key")
    def key() -> None:
        raise KeyError("k")

    outer.include_router(inner)
    app.include_router(outer)
    assert TestClient(app).get(path).text == text


def test_a_wrong_method_and_an_error_of_the_middleware_are_the_routers() -> None:
    class Refuse:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] == "DELETE":
                raise PermissionError("no")
            await self.app(scope, receive, send)

    handlers = {405: says("405"), PermissionError: says("refused")}
    router = APIRouter(middleware=[Middleware(Refuse)], exception_handlers=handlers)

    @router.get("/")
    def read() -> None: ...

    app = FastAPI()
    app.include_router(router, prefix="/r")
    client = TestClient(app)
    assert client.post("/r/").text.startswith("405: ")
    assert client.delete("/r/").text == "refused: PermissionError('no')"


def test_frontends_are_behind_the_layers_of_their_routers(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>front")
    passed: list[str] = []
    outer = APIRouter(middleware=note(passed, "outer"))
    inner = APIRouter(middleware=note(passed, "inner"))
    inner.frontend("/front", directory=tmp_path)
    outer.include_router(inner)
    app = FastAPI()
    app.include_router(outer)
    client = TestClient(app)
    assert client.get("/front/index.html").text == "<p>front"
    assert passed == ["outer", "inner"]

    @outer.get("/more")
    def more() -> None: ...

    assert client.get("/front/index.html").text == "<p>front"
    assert passed == ["outer", "inner"] * 2


def test_routes_behind_layers_are_on_the_general_lane(tmp_path: Path) -> None:
    app = FastAPI(openapi_url=None)
    router = APIRouter(middleware=note([], "router"))
    nested = APIRouter()

    @nested.get("/nested")
    def read() -> None: ...

    router.mount("/files", StaticFiles(directory=tmp_path))
    router.include_router(nested)
    app.include_router(router)
    reasons = [route.reason for route in compile_application(app).routes if isinstance(route, GeneralRoute)]
    assert reasons == ["its router has middleware or exception handlers"] * 2
