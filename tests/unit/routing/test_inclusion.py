"""Routers in routers: what is merged, that it is live, and what is refused."""

import itertools
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from fastrapi import APIRouter, Depends, FastAPI, Path, Request
from fastrapi.exceptions import FastAPIError
from fastrapi.responses import PlainTextResponse
from fastrapi.routing import APIRoute, iter_route_contexts
from fastrapi.testclient import TestClient


def test_routes_added_after_the_inclusion_are_included() -> None:
    app, router, nested = FastAPI(), APIRouter(prefix="/r"), APIRouter()
    app.include_router(router, prefix="/a")
    client = TestClient(app)
    assert client.get("/a/r/late").status_code == 404
    router.include_router(nested, prefix="/n")

    @nested.get("/late")
    def late() -> str:
        return "late"

    assert client.get("/a/r/n/late").json() == "late"
    assert "/a/r/n/late" in app.openapi()["paths"]
    del nested.routes[:]
    assert client.get("/a/r/n/late").status_code == 404


def test_route_stays_the_same_object_in_every_inclusion() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter()

    @router.get("/x")
    def read(request: Request) -> str:
        path: str = request.scope["fastapi"]["effective_route_context"].path
        assert request.scope["route"] is router.routes[0]
        return path

    app.include_router(router, prefix="/one")
    app.include_router(router, prefix="/two")
    client = TestClient(app)
    assert [client.get(f"/{name}/x").json() for name in ("one", "two")] == ["/one/x", "/two/x"]
    contexts = list(iter_route_contexts(app.routes))
    assert [context.path for context in contexts] == ["/one/x", "/two/x"]
    assert {id(context.original_route) for context in contexts} == {id(router.routes[0])}
    assert router.routes[0].path == "/x"  # type: ignore[attr-defined]


def test_nearest_setting_wins_and_lists_are_joined_from_the_outside_in() -> None:
    def outer() -> None: ...

    def inner() -> None: ...

    child = APIRouter(tags=["child"], dependencies=[Depends(inner)], responses={401: {}})
    child.get("/x", tags=["route"], response_class=PlainTextResponse)(lambda: "x")
    child.get("/y")(lambda: "y")
    app = FastAPI(responses={401: {"description": "of the app"}, 500: {}})
    app.include_router(
        child,
        prefix="/c",
        tags=["include"],
        dependencies=[Depends(outer)],
        default_response_class=PlainTextResponse,
        deprecated=True,
    )
    context, other = list(iter_route_contexts(app.routes))[-2:]
    assert context.tags == ["include", "child", "route"]
    assert [each.dependency for each in context.dependencies] == [outer, inner]
    assert context.responses == {401: {}, 500: {}}
    assert context.deprecated is True
    assert other.response_class is PlainTextResponse


def test_prefix_can_bring_the_path_parameters_of_a_route() -> None:
    router = APIRouter()

    @router.get("/items")
    def read(tenant: Annotated[int, Path()], request: Request) -> int:
        return tenant

    app = FastAPI()
    app.include_router(router, prefix="/{tenant}")
    assert TestClient(app).get("/7/items").json() == 7


def test_path_parameters_of_a_prefix_are_analysed_at_the_inclusion() -> None:
    class Filter(BaseModel):
        term: str

    router = APIRouter()

    @router.post("/items")
    def create(tenant: Filter) -> None: ...

    app = FastAPI()
    with pytest.raises(AssertionError, match="Path params must be of one of the supported types") as caught:
        app.include_router(router, prefix="/{tenant}")
    assert "In create(), defined in File" in caught.value.__notes__[0]


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_circular_inclusion_is_refused(depth: int) -> None:
    routers = [APIRouter() for _ in range(depth + 1)]
    for outer, inner in itertools.pairwise(routers):
        outer.include_router(inner, prefix="/x")
    with pytest.raises(AssertionError, match="Cannot include"):
        routers[-1].include_router(routers[0], prefix="/x")


@pytest.mark.parametrize(
    ("prefix", "message"),
    [("x", "A path prefix must start with '/'"), ("/x/", "A path prefix must not end with '/'")],
)
def test_prefix_has_to_fit_before_a_path(prefix: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        APIRouter(prefix=prefix)
    with pytest.raises(AssertionError, match=message):
        FastAPI().include_router(APIRouter(), prefix=prefix)


def test_path_and_prefix_cannot_both_be_empty() -> None:
    router = APIRouter()
    router.get("", name="root")(lambda: None)
    with pytest.raises(FastAPIError, match=r"\(path operation: root\)"):
        FastAPI().include_router(router)


def test_overridden_methods_of_included_classes_are_called() -> None:
    calls: list[str] = []

    class Loud(APIRoute):
        def matches(self, scope: Any) -> Any:
            calls.append("matches")
            return super().matches(scope)

        async def handle(self, scope: Any, receive: Any, send: Any) -> None:
            calls.append("handle")
            await super().handle(scope, receive, send)

    router = APIRouter(route_class=Loud)
    router.get("/x")(lambda: "x")
    app = FastAPI(openapi_url=None)
    app.include_router(router, prefix="/p")
    assert TestClient(app).get("/p/x").json() == "x"
    assert calls == ["matches", "handle"]


def test_later_full_match_wins_over_an_earlier_one_of_another_method() -> None:
    app = FastAPI()
    for method in ("GET", "POST"):
        router = APIRouter()
        router.add_api_route("/x", lambda method=method: method, methods=[method])
        app.include_router(router, prefix="/p")
    client = TestClient(app)
    assert client.request("POST", "/p/x", params={"method": "POST"}).json() == "POST"
    assert client.request("PUT", "/p/x").headers["allow"] == "GET"
