"""`Depends(dependency, scope="lifespan")`."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest

from fastrapi import APIRouter, Depends, FastAPI, Request, Security, WebSocket
from fastrapi.exceptions import DependencyScopeError, FastAPIError
from fastrapi.plan.compile import compile_application
from fastrapi.plan.model import GeneralRoute
from fastrapi.testclient import TestClient

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


async def engine() -> AsyncIterator[dict[str, int]]:
    log.append("engine")
    try:
        yield {"calls": 0}
    finally:
        log.append("engine left")


Engine = Annotated[dict[str, int], Depends(engine, scope="lifespan")]


def pool(engine: Engine) -> Iterator[list[Any]]:
    log.append("pool")
    yield [engine]
    log.append("pool left")


Pool = Annotated[list[Any], Depends(pool, scope="lifespan")]


def session(pool: Pool) -> int:
    pool[0]["calls"] += 1
    calls: int = pool[0]["calls"]
    return calls


def build() -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        log.append("lifespan")
        yield {"state": "kept"}
        log.append("lifespan left")

    app = FastAPI(lifespan=lifespan)
    router = APIRouter(prefix="/included")

    @app.get("/")
    async def read(request: Request, calls: Annotated[int, Depends(session)], engine: Engine) -> list[Any]:
        return [calls, engine["calls"], request.state.state]

    @router.get("/")
    def included(calls: Annotated[int, Depends(session)]) -> int:
        return calls

    @router.websocket("/ws")
    async def ws(websocket: WebSocket, pool: Pool) -> None:
        await websocket.accept()
        await websocket.send_json(pool)
        await websocket.close()

    app.include_router(router)
    return app


def test_called_once_inside_the_lifespan_and_shared() -> None:
    with TestClient(build()) as client:
        assert log == ["lifespan", "engine", "pool"]
        assert client.get("/").json() == [1, 1, "kept"]
        assert client.get("/included/").json() == 2
        with client.websocket_connect("/included/ws") as websocket:
            assert websocket.receive_json() == [{"calls": 2}]
        assert len(log) == 3
    assert log[3:] == ["pool left", "engine left", "lifespan left"]


def test_each_run_has_its_own_values() -> None:
    app = build()
    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/included/").json() == 1
    assert log.count("engine") == log.count("engine left") == 2


def test_an_error_says_that_the_lifespan_does_not_run() -> None:
    with pytest.raises(FastAPIError, match="lifespan of the application is not running"):
        TestClient(build()).get("/")


def test_an_error_says_that_the_route_is_too_late() -> None:
    app = FastAPI()

    async def late() -> None: ...

    with TestClient(app) as client:
        app.get("/", dependencies=[Depends(late, scope="lifespan")])(session)
        with pytest.raises(FastAPIError, match="no route had it when the application started"):
            client.get("/")


def test_what_has_started_is_left_when_the_start_fails() -> None:
    app = FastAPI()

    def broken(engine: Engine) -> None:
        raise OSError("no disk")

    @app.get("/")
    def read(broken: Annotated[None, Depends(broken, scope="lifespan")]) -> None: ...

    with pytest.raises(OSError, match="no disk"), TestClient(app):
        pass
    assert log == ["engine", "engine left"]


def test_overrides() -> None:
    app = build()
    app.dependency_overrides[engine] = lambda: {"calls": 10}
    with TestClient(app) as client:
        assert client.get("/included/").json() == 11
        assert client.get("/included/").json() == 12
        app.dependency_overrides[pool] = lambda: [{"calls": 20}]
        assert client.get("/included/").json() == client.get("/included/").json() == 21
    # Without a lifespan an override is a dependency like any other.
    assert TestClient(app).get("/included/").json() == 21
    assert log == ["lifespan", "pool", "pool left", "lifespan left"]


def test_dependencies_without_parameter_and_of_frontends(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("front")
    app = FastAPI(dependencies=[Depends(engine, scope="lifespan")])
    app.frontend("/", directory=tmp_path)
    with TestClient(app) as client:
        assert log == ["engine"]
        assert client.get("/").text == "front"


def _takes_query(page: int) -> None: ...


def _takes_request(request: Request) -> None: ...


def _takes_request_scope(engine: Annotated[int, Depends(engine)]) -> None: ...


def _takes_function_scope(engine: Annotated[int, Depends(engine, scope="function")]) -> None: ...


def _takes_security(engine: Annotated[int, Security(engine)]) -> None: ...


@pytest.mark.parametrize(
    ("dependency", "message"),
    [
        (_takes_query, "cannot take anything from a request: page."),
        (_takes_request, "cannot take anything from a request: request."),
        (_takes_request_scope, 'cannot depend on dependencies with scope "request".'),
        (_takes_function_scope, 'cannot depend on dependencies with scope "function".'),
        (_takes_security, 'cannot depend on dependencies with scope "request".'),
    ],
)
def test_what_does_not_live_as_long_is_refused(dependency: Callable[..., Any], message: str) -> None:
    app = FastAPI()
    with pytest.raises(DependencyScopeError) as caught:
        app.get("/", dependencies=[Depends(dependency, scope="lifespan")])(session)
    name = dependency.__name__
    assert str(caught.value) == f'The dependency "{name}" has a scope of "lifespan", it {message}'


def test_such_routes_are_on_the_general_lane() -> None:
    app = build()
    reasons = {route.reason for route in compile_application(app).routes if isinstance(route, GeneralRoute)}
    assert "a dependency of lifespan scope" in reasons
