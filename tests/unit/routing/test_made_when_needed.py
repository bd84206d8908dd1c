"""What of a route is made when it is first asked for, and what at once."""

from collections.abc import Callable
from typing import Any

import pytest

import fastrapi.routing as routing
from fastrapi import APIRouter, Depends, FastAPI, Request
from fastrapi.dependencies import analysis
from fastrapi.routing import APIRoute, iter_route_contexts
from fastrapi.testclient import TestClient
from fastrapi.types import ASGIApp


def _included(router: APIRouter, prefix: str = "/p", **options: Any) -> FastAPI:
    app = FastAPI()
    app.include_router(router, prefix=prefix, **options)
    return app


def test_id_is_made_of_what_the_route_was_when_it_was_declared() -> None:
    app = FastAPI()

    @app.get("/items")
    def read() -> None: ...

    route = app.routes[-1]
    assert isinstance(route, APIRoute)
    route.name, route.methods = "other", {"POST"}
    assert route.unique_id == "read_items_get"


def test_function_for_ids_is_called_when_the_route_is_declared() -> None:
    seen: list[str] = []

    def make(route: APIRoute) -> str:
        seen.append(route.name)
        return f"id-{len(seen)}"

    router = APIRouter(generate_unique_id_function=make)

    @router.get("/")
    def read() -> None: ...

    assert seen == ["read"]
    app = _included(router)
    assert seen == ["read", "read"]
    assert next(iter(app.openapi()["paths"]["/p/"].values()))["operationId"] == "id-2"


def test_overridden_handler_is_made_once_for_the_route_and_once_for_its_inclusion() -> None:
    made: list[str] = []

    class Noting(APIRoute):
        def get_route_handler(self) -> Any:
            made.append(self.path)
            return super().get_route_handler()

    router = APIRouter(route_class=Noting)

    @router.get("/a")
    def read() -> str:
        return "x"

    assert made == ["/a"]
    client = TestClient(_included(router))
    assert [client.get("/p/a").json() for _ in range(2)] == ["x", "x"]
    assert made == ["/a", "/a"]


def test_usual_app_is_made_at_its_first_use_and_kept() -> None:
    app = FastAPI()

    @app.get("/")
    def read(request: Request) -> str:
        return request.url.path

    route = app.routes[-1]
    assert isinstance(route, APIRoute)
    assert route.has_own_app
    assert route.app is route.app
    assert route.has_own_app
    route.app = route.app
    assert route.has_own_app

    async def other(scope: Any, receive: Any, send: Any) -> None: ...

    route.app = other
    assert not route.has_own_app


def test_function_that_replaces_the_framework_s_sees_only_what_is_declared_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Callable[..., Any]] = []
    usual = routing.request_response

    def replaced(function: Callable[..., Any]) -> ASGIApp:
        seen.append(function)
        return usual(function)  # type: ignore[no-any-return]

    app = FastAPI()
    app.get("/before")(lambda: "x")
    monkeypatch.setattr(routing, "request_response", replaced)
    app.get("/meanwhile")(lambda: "x")
    assert len(seen) == 1
    client = TestClient(app)
    assert [client.get(path).json() for path in ("/before", "/meanwhile")] == ["x", "x"]
    assert len(seen) == 1


def test_inclusion_with_dependencies_does_not_read_the_function_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []

    def outer() -> None:
        order.append("outer")

    def inner() -> None:
        order.append("inner")

    def own() -> str:
        order.append("own")
        return "own"

    router = APIRouter(dependencies=[Depends(inner)])

    @router.get("/{item_id}")
    def read(item_id: int, value: str = Depends(own)) -> list[Any]:
        return [item_id, value]

    with monkeypatch.context() as patched:
        patched.delattr(analysis, "_declared")
        patched.setattr(analysis, "_declarations", lambda call, names: analysis._Declarations())
        app = _included(router, dependencies=[Depends(outer)])
    assert TestClient(app).get("/p/3").json() == [3, "own"]
    assert order == ["outer", "inner", "own"]
    assert [context.path for context in iter_route_contexts(app.routes)][-1] == "/p/{item_id}"
