"""Requests that no route takes, and preflights of CORS, which no route sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from calls import call, get, grouped, post, raw
from lanes import Lanes, start
from test_middleware import ORIGINS, preflight

APPS = [
    "plain",
    "layered",
    "outer_gzip",
    "inner_function",
    "handled",
    "handled_class",
    "problems",
    "unslashed",
    "undocumented",
]
PATHS = """
/ /nothing /nothing/ /pure/ /pure// //pure /slashed /slashed/x /PURE /pur%65 /n%6Fthing /n%FFthing /%2F /a%0Ab
/several /several/ /several/a/b /number/x /number/1 /number/-1 /included /included/ /raise/404 /raise/405
/docs/ /openapi.json/ /api-docs/openapi.json /api-docs/openapi.json/ /api-docs /nothing?q=1 *
""".split()  # noqa: SIM905

CORPUS = [
    *(get(path) for path in PATHS),
    *(
        call(method, path)
        for method in ("HEAD", "POST", "OPTIONS", "DELETE", "BREW")
        for path in (
            "/nothing",
            "/pure",
            "/several/a",
            "/slashed",
            "/form",
            "/number/1",
            "/number/99999999999999999999",
            "/included/a/b",
            "/docs",
            "/api-docs/openapi.json",
        )
    ),
    # So small that they arrive with the head, and nobody has to read them from the connection.
    *(post(path, {"a": "x" * size}) for path in ("/nothing", "/pure") for size in (1, 3_000)),
    raw("/nothing", "5\r\nhello\r\n0\r\n\r\n", None, Transfer_Encoding="chunked"),
    get("/nothing", Upgrade="h2c", Connection="Upgrade"),
    *(get("/nothing", Host=host) for host in ("testserver", "evil.org", "x.example")),
    *(get("/nothing", Accept_Encoding=coding) for coding in ("gzip", "identity")),
    *(call("PUT", "/pure", Origin=origin) for origin in ORIGINS),
    *(get("/nothing", Origin=origin) for origin in ORIGINS),
    *(preflight(path, origin) for path in ("/pure", "/nothing", "/slashed", "/form") for origin in ORIGINS),
    *(preflight("/pure", "https://a.example", method) for method in ("PUT", "POST", "get", "", None)),
    *(
        preflight("/nothing", "https://a.example", "GET", headers)
        for headers in ("x-token", "X-Token, Accept", "X-Other", "", "x-token,,x-other", "*")
    ),
    preflight("/nothing", "https://a.example", Host="evil.org"),
    preflight("/pure", "https://a.example", Access_Control_Request_Private_Network="true"),
    preflight("/pure", "https://a.example", Accept_Encoding="gzip"),
    preflight("/pure", "https://a.example", Upgrade="websocket", Connection="Upgrade"),
    preflight("*", "https://a.example"),
    call("POST", "/pure", Origin="https://a.example", Access_Control_Request_Method="GET"),
]


@pytest.fixture(scope="module", params=APPS)
def unmatched(request: pytest.FixtureRequest) -> Iterator[Lanes]:
    with ExitStack() as stack:
        yield start(f"unmatched_app:{request.param}", stack)


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_unmatched(unmatched: Lanes, calls: list) -> None:
    unmatched.compare(calls)


@pytest.mark.parametrize("path", ["/nothing", "/pure"])
def test_a_large_body_changes_no_answer(unmatched: Lanes, path: str) -> None:
    small, large = ([*unmatched.exchange(post(path, {"a": "x" * size}))] for size in (1, 30_000))
    # Whether the connection is used again depends on how much of the body has come.
    assert [(answer.status, answer.body) for answer in large] == [
        (answer.status, answer.body) for answer in small
    ]
    assert large[0].body == large[1].body


def test_routes_that_are_appended_later_answer() -> None:
    unanswered = [get("/late"), call("POST", "/pure"), get("/other")]
    with ExitStack() as stack:
        lanes = start("unmatched_app:growing", stack)
        lanes.compare(unanswered)
        assert [lanes.exchange(each)[1].status for each in unanswered] == [404, 405, 404]
        for name in ("late", "pure"):
            lanes.compare([call("POST", f"/routes/{name}")])
        lanes.compare(unanswered)
        assert [lanes.exchange(each)[1].status for each in unanswered] == [200, 200, 404]
