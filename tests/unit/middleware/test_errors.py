from __future__ import annotations

from typing import Any

import pytest

from fastrapi.applications.asgi import Starlette
from fastrapi.compat.starlette.routing import Route
from fastrapi.middleware.errors import ServerErrorMiddleware
from fastrapi.requests import Request
from fastrapi.responses import JSONResponse, Response
from fastrapi.testclient import TestClient
from fastrapi.types import Receive, Scope, Send


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        raise KeyError("<inner>")
    except KeyError as exc:
        raise ValueError("<script>alert(1)</script>") from exc


def client(**options: Any) -> TestClient:
    return TestClient(ServerErrorMiddleware(failing, **options), raise_server_exceptions=False)


def test_error_tells_nothing() -> None:
    response = client().get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_debug_page_shows_the_chain_escaped() -> None:
    response = client(debug=True).get("/", headers={"accept": "text/html"})
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>" not in response.text
    assert "&lt;script&gt;alert(1)" in response.text
    assert response.text.index("<code>KeyError</code>") < response.text.index("<code>ValueError</code>")
    assert "raise KeyError(&quot;&lt;inner&gt;&quot;)" in response.text


def test_debug_text() -> None:
    text = client(debug=True).get("/").text
    assert text.startswith("Traceback (most recent call last)")
    assert text.endswith("ValueError: <script>alert(1)</script>\n")


@pytest.mark.parametrize("is_async", [True, False])
def test_handler(is_async: bool) -> None:
    def handle(request: Request[Any], exc: Exception) -> Response:
        return JSONResponse(type(exc).__name__, status_code=503)

    async def handle_async(request: Request[Any], exc: Exception) -> Response:
        return handle(request, exc)

    response = client(handler=handle_async if is_async else handle).get("/")
    assert (response.status_code, response.json()) == (503, "ValueError")


def test_error_is_raised_again() -> None:
    with pytest.raises(ValueError, match="alert"):
        TestClient(ServerErrorMiddleware(failing)).get("/")


def test_later_of_two_error_handlers_counts() -> None:
    async def fail(request: Request[Any]) -> Response:
        raise RuntimeError

    def first(request: Request[Any], exc: Exception) -> Response:
        return JSONResponse("first", status_code=500)

    def second(request: Request[Any], exc: Exception) -> Response:
        return JSONResponse("second", status_code=500)

    app = Starlette(routes=[Route("/", fail)], exception_handlers={500: first, Exception: second})
    assert TestClient(app, raise_server_exceptions=False).get("/").json() == "second"
