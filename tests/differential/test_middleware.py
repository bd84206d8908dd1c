"""The middleware that the direct lane has itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from calls import Call, call, get, grouped
from itsdangerous import TimestampSigner
from lanes import SESSION_SECRET, Lanes, start

APPS = ["cors", "cors_all", "gzip", "hosts", "https", "sessions", "combined"]
ORIGINS = [
    "https://a.example",
    "https://evil.example",
    "https://x.c.example",
    "https://x.c.example.evil",
    "null",
    "",
    "HTTPS://A.EXAMPLE",
    "*",
]


def signed(value: object, secret: str = SESSION_SECRET) -> str:
    """A cookie with a session."""
    data = base64.b64encode(json.dumps(value).encode())
    return f"session={TimestampSigner(secret).sign(data).decode()}"


def preflight(
    path: str, origin: str | None, method: str | None = "GET", headers: str | None = None, **more: str
) -> Call:
    names = {
        "Origin": origin,
        "Access_Control_Request_Method": method,
        "Access_Control_Request_Headers": headers,
    }
    return call(
        "OPTIONS", path, **{name: value for name, value in names.items() if value is not None}, **more
    )


CORPUS = [
    *(get("/pure", Origin=origin) for origin in ORIGINS),
    get("/pure", Origin="https://a.example", Cookie="a=1"),
    *(
        get(path, Origin="https://a.example")
        for path in [
            "/text/5",
            "/stream",
            "/error/http",
            "/error/crash",
            "/params",
            "/params?q=1",
            "/nothing",
            "/own-headers",
        ]
    ),
    *(preflight("/any", origin) for origin in ORIGINS),
    *(preflight("/pure", "https://a.example", method) for method in ["POST", "PUT", "get", "", None]),
    *(
        preflight("/pure", "https://a.example", "GET", headers)
        for headers in ["x-token", "X-Token, Accept", "X-Other", "", "x-token,,x-other"]
    ),
    preflight("/nothing", "https://a.example"),
    preflight("/pure", None),
    preflight("/pure", "https://a.example", Access_Control_Request_Private_Network="true"),
    *(
        get(path, Accept_Encoding=coding)
        for path in [
            "/pure?size=1000",
            "/pure",
            "/text/499",
            "/text/500",
            "/text/100000",
            "/stream",
            "/encoded",
            "/events",
            "/error/http",
            "/nothing",
        ]
        for coding in ["gzip", "br, gzip;q=0.5", "identity"]
    ),
    *(
        get("/text/1000", Accept_Encoding=coding)
        for coding in ["GZIP", "*", "gzip;q=0", "x-gzip", "deflate", "gzipped", "", "br"]
    ),
    call("HEAD", "/any", Accept_Encoding="gzip"),
    get("/tasks", Accept_Encoding="gzip").having(1),
    *(
        get(path, Host=host)
        for path in ["/pure", "/nothing", "/params", "/pure?q=%20x"]
        for host in [
            "testserver",
            "testserver:81",
            "a.example.com",
            "example.com",
            "TESTSERVER",
            "evil.org",
            "redirected.org",
            "www.redirected.org",
            "[::1]",
        ]
    ),
    call("POST", "/any", Host="redirected.org"),
    *(get(path) for path in ["/any", "/any?q=1", "/nothing"]),
    call("POST", "/any"),
    *(
        get(f"/session/{action}")
        for action in ["read", "set", "clear", "pop", "error", "crash", "ignore", "unencodable", "large"]
    ),
    *(
        get(f"/session/{action}", Cookie=signed({"user": "ü", "other": [1]}))
        for action in ["read", "set", "clear", "pop", "error", "crash", "ignore", "unencodable", "large"]
    ),
    *(
        get("/session/read", Cookie=cookie)
        for cookie in [
            "session=x",
            "session=",
            "session=a.b.c",
            signed({"a": 1}, "other"),
            signed({}),
            f"a=b; {signed({'a': 1})}",
            "session",
        ]
    ),
    get("/session-sync"),
    get("/session-sync", Cookie=signed({"count": 5})),
    get("/pure", Cookie=signed({"a": 1})),
    get("/params", Cookie=signed({"a": 1})),
]


@pytest.fixture(scope="module", params=APPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def middleware(name: str) -> Iterator[Lanes]:
    with ExitStack() as stack:
        yield start(f"middleware_app:{name}", stack)


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_middleware(name: str, middleware: Lanes, calls: list[Call]) -> None:
    # An application that redirects all does nothing else.
    middleware.compare([call.having(0) for call in calls] if name == "https" else calls)
