from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fastrapi.testclient import TestClient

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastrapi.middleware.wsgi import WSGIMiddleware

StartResponse = Callable[..., Callable[[bytes], None]]


def test_chunks_are_streamed_and_the_iterable_is_closed() -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            yield b""
            yield b"b"

        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Body:
        start_response("201 Created", [("X-A", "b")])
        return Body()

    with TestClient(WSGIMiddleware(app)).stream("GET", "/") as response:
        assert list(response.iter_raw()) == [b"a", b"b"]
    assert (response.status_code, response.headers["x-a"], closed) == (201, "b", [True])


def test_headers_may_be_replaced_until_there_is_a_body() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        write = start_response("503 Busy", [])
        write(b"written, ")
        return [b"returned"]

    response = TestClient(WSGIMiddleware(app)).get("/")
    assert (response.status_code, response.text) == (503, "written, returned")


def test_application_that_does_not_start_a_response() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        return [b"x"]

    with pytest.raises(RuntimeError, match="did not call start_response"):
        TestClient(WSGIMiddleware(app)).get("/")


def test_body_in_pieces() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    response = TestClient(WSGIMiddleware(app)).post("/", content=iter([b"a", b"b"]))
    assert response.content == b"ab"
