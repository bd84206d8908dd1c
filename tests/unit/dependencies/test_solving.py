"""Dependencies during a request: order, sharing, overrides, leaving."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from fastrapi import BackgroundTasks, Depends, FastAPI, HTTPException, Response
from fastrapi.exceptions import FastAPIError
from fastrapi.responses import StreamingResponse
from fastrapi.testclient import TestClient


def test_result_is_shared_unless_declared_otherwise() -> None:
    app = FastAPI()
    calls: list[int] = []

    def counter() -> int:
        calls.append(1)
        return len(calls)

    def nested(value: Annotated[int, Depends(counter)]) -> int:
        return value

    @app.get("/")
    def read(
        a: Annotated[int, Depends(nested)],
        b: Annotated[int, Depends(counter)],
        c: Annotated[int, Depends(counter, use_cache=False)],
    ) -> list[int]:
        return [a, b, c]

    assert TestClient(app).get("/").json() == [1, 1, 2]


def test_scopes_decide_when_a_dependency_is_left() -> None:
    app = FastAPI()
    events: list[str] = []

    def recorded(name: str) -> Any:
        async def dependency() -> AsyncIterator[str]:
            events.append(f"enter {name}")
            yield name
            events.append(f"leave {name}")

        return dependency

    @app.get("/")
    async def read(
        tasks: BackgroundTasks,
        request: Annotated[str, Depends(recorded("request"))],
        function: Annotated[str, Depends(recorded("function"), scope="function")],
    ) -> StreamingResponse:
        tasks.add_task(events.append, "task")

        async def body() -> AsyncIterator[str]:
            events.append("body")
            yield "ok"

        return StreamingResponse(body())

    TestClient(app).get("/")
    assert events == [
        "enter request",
        "enter function",
        "leave function",
        "body",
        "task",
        "leave request",
    ]


def test_override_can_have_another_signature_and_dependencies() -> None:
    app = FastAPI()

    def original() -> str:
        raise AssertionError("the override should run")

    def part(q: int) -> int:
        return q

    def replacement(value: Annotated[int, Depends(part)]) -> str:
        return f"replaced {value}"

    @app.get("/")
    def read(value: Annotated[str, Depends(original)]) -> str:
        return value

    app.dependency_overrides[original] = replacement
    client = TestClient(app)
    assert client.get("/?q=1").json() == "replaced 1"
    assert client.get("/").json()["detail"][0]["loc"] == ["query", "q"]


def test_errors_of_all_dependencies_are_reported_together_and_nothing_is_called() -> None:
    app = FastAPI()

    def dependency(a: int, b: int) -> None:
        raise AssertionError("has no valid arguments")

    @app.get("/{c}")
    def read(c: int, d: int, value: Annotated[None, Depends(dependency)]) -> None:
        raise AssertionError("has no valid arguments")

    errors = TestClient(app).get("/x?b=x").json()["detail"]
    assert [error["loc"] for error in errors] == [
        ["query", "a"],
        ["query", "b"],
        ["path", "c"],
        ["query", "d"],
    ]


def test_response_parameter_sets_headers_and_status_everywhere() -> None:
    app = FastAPI()

    def dependency(response: Response) -> None:
        response.headers["x-dependency"] = "1"
        response.status_code = 201

    @app.get("/", dependencies=[Depends(dependency)])
    def read(response: Response) -> dict[str, int]:
        response.headers["x-endpoint"] = "2"
        return {}

    response = TestClient(app).get("/")
    assert response.status_code == 201
    assert (response.headers["x-dependency"], response.headers["x-endpoint"]) == ("1", "2")


def test_swallowed_exception_is_an_error_of_its_own() -> None:
    app = FastAPI()

    def swallowing() -> Iterator[None]:
        with contextlib.suppress(HTTPException):
            yield

    @app.get("/", dependencies=[Depends(swallowing)])
    def read() -> None:
        raise HTTPException(404)

    with pytest.raises(FastAPIError, match="raising an exception and a dependency with yield"):
        TestClient(app).get("/")


def test_dependency_sees_the_exception_and_may_replace_it() -> None:
    app = FastAPI()

    def translating() -> Iterator[None]:
        try:
            yield
        except KeyError:
            raise HTTPException(404, "no such key") from None

    @app.get("/", dependencies=[Depends(translating)])
    def read() -> None:
        raise KeyError

    response = TestClient(app).get("/")
    assert (response.status_code, response.json()) == (404, {"detail": "no such key"})
