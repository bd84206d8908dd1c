from __future__ import annotations

from typing import Any

import pytest

from fastrapi.middleware.cors import CORSMiddleware
from fastrapi.responses import PlainTextResponse
from fastrapi.testclient import TestClient

ORIGIN = "https://a.example"


def client(**options: Any) -> TestClient:
    return TestClient(CORSMiddleware(PlainTextResponse("OK"), **options))


def preflight(test_client: TestClient, **headers: str) -> Any:
    requested = {name.replace("_", "-"): value for name, value in headers.items()}
    return test_client.options(
        "/", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET", **requested}
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"allow_origins": ["*"]}, "*"),
        ({"allow_origins": ["*"], "allow_credentials": True}, ORIGIN),
        ({"allow_origins": [ORIGIN]}, ORIGIN),
        ({"allow_origin_regex": r"https://\w+\.example"}, ORIGIN),
        ({"allow_origin_regex": r"https://\w"}, None),
        ({"allow_origins": ["https://b.example"]}, None),
        ({}, None),
    ],
)
def test_allowed_origin(options: dict[str, Any], expected: str | None) -> None:
    test_client = client(**options)
    for response in (test_client.get("/", headers={"Origin": ORIGIN}), preflight(test_client)):
        assert response.headers.get("access-control-allow-origin") == expected
    assert test_client.get("/", headers={"Origin": ORIGIN}).headers["vary"] == "Origin"
    assert test_client.get("/").headers["vary"] == "Origin"


def test_preflight_lists_what_is_not_allowed() -> None:
    response = preflight(
        client(allow_origins=["https://b.example"]),
        Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="X-A, accept",
        Access_Control_Request_Private_Network="true",
    )
    assert (response.status_code, response.text) == (
        400,
        "Disallowed CORS origin, method, headers, private-network",
    )


def test_preflight_of_all_headers_names_those_requested() -> None:
    response = preflight(
        client(allow_origins=["*"], allow_headers=["*"]), Access_Control_Request_Headers="X-A"
    )
    assert response.headers["access-control-allow-headers"] == "X-A"


def test_configuration_is_readable() -> None:
    middleware = CORSMiddleware(
        PlainTextResponse("OK"), allow_headers=["X-A"], max_age=5, expose_headers=["X-B"]
    )
    assert middleware.allow_headers == [
        "accept",
        "accept-language",
        "content-language",
        "content-type",
        "x-a",
    ]
    assert (middleware.max_age, middleware.expose_headers) == (5, ["X-B"])
    assert not middleware.allow_all_origins
