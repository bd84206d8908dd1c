from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from fastrapi.applications.asgi import Starlette
from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning
from fastrapi.compat.starlette.routing import Mount, Route, Router
from fastrapi.middleware import Middleware
from fastrapi.middleware.gzip import GZipMiddleware
from fastrapi.requests import Request
from fastrapi.responses import JSONResponse, PlainTextResponse
from fastrapi.testclient import TestClient
from fastrapi.types import ASGIApp, Receive, Scope, Send


async def show_scope(request: Request[Any]) -> JSONResponse:
    scope = request.scope
    return JSONResponse({"route": repr(scope["route"]), "root_path": scope["root_path"]})


def client(*routes: Any, **options: Any) -> TestClient:
    return TestClient(Starlette(routes=list(routes)), follow_redirects=False, **options)


def test_first_partial_match_answers_405() -> None:
    test_client = client(Route("/a", show_scope, methods=["PUT"]), Route("/a", show_scope, methods=["POST"]))
    response = test_client.get("/a")
    assert (response.status_code, response.headers["allow"]) == (405, "PUT")
    assert test_client.post("/a").status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("path", "location"),
    [("/a/", "/a"), ("/b", "/b/"), ("/a//", "/a"), ("/a/?q=%20x", "/a?q=%20x"), ("/m", "/m/")],
)
def test_slash_redirect_keeps_method_and_query(method: str, path: str, location: str) -> None:
    routes = [Route("/a", show_scope), Route("/b/", show_scope), Mount("/m", app=PlainTextResponse("m"))]
    response = client(*routes).request(method, path)
    assert (response.status_code, response.headers["location"]) == (307, f"http://testserver{location}")


def test_slash_redirect_under_a_root_path() -> None:
    response = client(Route("/a", show_scope), root_path="/root").get("/root/a/")
    assert response.headers["location"] == "http://testserver/root/a"


def test_slash_redirect_can_be_turned_off() -> None:
    router = Router([Route("/a", show_scope)], redirect_slashes=False)
    assert TestClient(router).get("/a/").status_code == 404


def test_default_application() -> None:
    router = Router(default=PlainTextResponse("default", status_code=418))
    assert TestClient(router).get("/nothing").status_code == 418


def test_innermost_route_is_in_the_scope() -> None:
    inner = Route("/x", show_scope, name="inner")
    answer = client(Mount("/m", routes=[inner])).get("/m/x").json()
    assert answer == {"route": repr(inner), "root_path": "/m"}


def test_order_of_layers_around_a_route() -> None:
    calls: list[str] = []

    class Note:
        def __init__(self, app: ASGIApp, name: str) -> None:
            self.app, self.name = app, name

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            calls.append(self.name)
            await self.app(scope, receive, send)

    route = Route("/x", show_scope, middleware=[Middleware(Note, "route 1"), Middleware(Note, "route 2")])
    mount = Mount("/m", routes=[route], middleware=[Middleware(Note, name="mount")])
    app = Starlette(routes=[mount], middleware=[Middleware(Note, "app")])
    app.add_middleware(Note, "added")
    TestClient(app).get("/m/x")
    assert calls == ["added", "app", "mount", "route 1", "route 2"]


def on_error(request: Request[Any], exc: Exception) -> PlainTextResponse:
    return PlainTextResponse("error", status_code=500)


def test_middleware_layers_are_data() -> None:
    app = Starlette(debug=True, max_body_size=5, exception_handlers={404: on_error, Exception: on_error})
    app.add_middleware(GZipMiddleware, minimum_size=7)
    layers = app.middleware_layers()
    names = [getattr(layer.cls, "__name__", "") for layer in layers]
    assert names == [
        "ServerErrorMiddleware",
        "RequestBodyLimitMiddleware",
        "GZipMiddleware",
        "ExceptionMiddleware",
    ]
    assert layers[0].kwargs == {"handler": on_error, "debug": True}
    assert layers[2].kwargs == {"minimum_size": 7}
    assert layers[3].kwargs == {"handlers": {404: on_error}, "debug": True}


def test_middleware_cannot_be_added_to_a_running_application() -> None:
    app = Starlette()
    TestClient(app).get("/")
    with pytest.raises(RuntimeError, match="Cannot add middleware after an application has started"):
        app.add_middleware(GZipMiddleware)


def test_lifespan_state_reaches_requests() -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, int]]:
        yield {"count": 3}

    async def count(request: Request[Any]) -> JSONResponse:
        return JSONResponse(request.state.count)

    with TestClient(Starlette(routes=[Route("/", count)], lifespan=lifespan)) as test_client:
        assert test_client.get("/").json() == 3


def test_generator_function_as_lifespan_is_deprecated() -> None:
    events: list[str] = []

    def lifespan(app: Any) -> Iterator[None]:
        events.append("startup")
        yield
        events.append("shutdown")

    with pytest.warns(StarletteDeprecationWarning, match="^generator function lifespans are deprecated"):
        router = Router(lifespan=lifespan)  # type: ignore[arg-type]
    with TestClient(router):
        assert events == ["startup"]
    assert events == ["startup", "shutdown"]


def test_failed_startup_is_reported_and_raised() -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    with pytest.raises(RuntimeError, match="no database"), TestClient(Router(lifespan=lifespan)):
        raise AssertionError("not reached")
