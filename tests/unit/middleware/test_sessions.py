from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from fastrapi.applications.asgi import Starlette
from fastrapi.compat.starlette.routing import Route
from fastrapi.middleware import Middleware
from fastrapi.middleware._signing import BadSignature, TimestampSigner
from fastrapi.middleware.sessions import SessionMiddleware
from fastrapi.requests import Request
from fastrapi.responses import JSONResponse
from fastrapi.testclient import TestClient

NOW = 1_700_000_000
# Made by itsdangerous 2.2: TimestampSigner("k").sign(...) at NOW.
SIGNED = b"eyJhIjogIlx1MDBmY1wieCJ9.ZVPxAA.PWfIKPFPGME8Wk_UXvZqqqmD5eU"


@pytest.fixture(autouse=True)
def _frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastrapi.middleware._signing.time.time", lambda: NOW + 0.9)


def client(**options: Any) -> TestClient:
    async def show(request: Request[Any]) -> JSONResponse:
        return JSONResponse(request.session)

    async def put(request: Request[Any]) -> JSONResponse:
        request.session.update(await request.json())
        return JSONResponse(None)

    async def replace(request: Request[Any]) -> JSONResponse:
        request.scope["session"] = {"replaced": True}
        return JSONResponse(None)

    routes = [Route("/", show), Route("/", put, methods=["PUT"]), Route("/", replace, methods=["DELETE"])]
    app = Starlette(routes=routes, middleware=[Middleware(SessionMiddleware, "k", **options)])
    return TestClient(app)


def test_cookie_is_that_of_itsdangerous() -> None:
    response = client().put("/", json={"a": 'ü"x'})
    assert response.headers["set-cookie"] == (
        f"session={SIGNED.decode()}; path=/; Max-Age=1209600; httponly; samesite=lax"
    )


def test_cookie_of_itsdangerous_is_read() -> None:
    test_client = client()
    test_client.cookies.set("session", SIGNED.decode())
    assert test_client.get("/").json() == {"a": 'ü"x'}


def test_signatures() -> None:
    signer = TimestampSigner("k")
    data = SIGNED.split(b".")[0]
    assert signer.sign(data) == SIGNED
    assert signer.unsign(SIGNED, max_age=0) == data
    assert signer.unsign(SIGNED, max_age=None) == data


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b".",
        b"..",
        b"a",
        b"a.b",
        b"a.b.c",
        SIGNED[:-1],
        b"x" + SIGNED,
        SIGNED + b"=",
        SIGNED.replace(b"ZVPx", b"ZVPy"),
        "ü.ü.ü".encode(),
    ],
)
def test_other_values_are_refused(value: bytes) -> None:
    with pytest.raises(BadSignature):
        TimestampSigner("k").unsign(value, max_age=None)


@pytest.mark.parametrize("offset", [11, -1])
def test_expired_or_future_signatures_are_refused(offset: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastrapi.middleware._signing.time.time", lambda: NOW + offset)
    with pytest.raises(BadSignature, match="expired"):
        TimestampSigner("k").unsign(SIGNED, max_age=10)


def test_other_key_is_refused() -> None:
    with pytest.raises(BadSignature):
        TimestampSigner("other").unsign(SIGNED, max_age=None)


@pytest.mark.parametrize("payload", [b"W10=", b"bm8=", b"!!!", b"eyI=", b"/w=="])
def test_signed_nonsense_is_an_empty_session(payload: bytes) -> None:
    test_client = client()
    test_client.cookies.set("session", TimestampSigner("k").sign(payload).decode())
    assert test_client.get("/").json() == {}


def test_too_large_session_is_logged_and_not_sent(caplog: pytest.LogCaptureFixture) -> None:
    test_client = client()
    with caplog.at_level(logging.ERROR, logger="fastapi"):
        response = test_client.put("/", json={"large": "x" * 3100, "b": 1})
        vary = response.headers["vary"]
    (record,) = caplog.records
    assert re.search(
        r"not kept: its cookie 'session' would have \d{4} bytes.*\. Keys: b, large", record.getMessage()
    )
    assert "set-cookie" not in response.headers
    assert vary == "Cookie"


def test_session_that_just_fits_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    response = client().put("/", json={"a": "x" * 3030})
    name_and_value = response.headers["set-cookie"].partition(";")[0].replace("=", "", 1)
    assert 4090 <= len(name_and_value) <= 4096
    assert caplog.records == []


def test_session_replaced_in_the_scope_is_kept() -> None:
    test_client = client()
    assert "set-cookie" in test_client.delete("/").headers
    assert test_client.get("/").json() == {"replaced": True}
