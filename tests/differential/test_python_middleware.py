"""Planned routes inside of middleware that only Python can run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from calls import Call, call, get, grouped, post, raw
from lanes import Lanes, start
from test_middleware import CORPUS as COMMON

APPS = ["one", "meddling", "caught", "asgi", "mixed", "inner_asgi"]
DEEDS = [
    *(
        "path",
        "method",
        "query",
        "header",
        "headers",
        "root_path",
        "user",
        "body",
        "stream",
        "short",
        "raise",
    ),
    *("discard", "twice", "fail", "context", "iterate", "background"),
    *("replace", "lengthless", "once", "status"),
]
PATHS = ["/pure", "/seen/5", "/seen/x", "/context", "/text/9", "/stream", "/own", "/params", "/nothing"]


CORPUS = [
    *(get(f"{path}?value=handler&do={deed}") for path in PATHS for deed in DEEDS if deed != "background"),
    *(
        post(f"{path}?do={deed}", {"a": 1})
        for path in ["/body", "/raw"]
        for deed in DEEDS
        # The second run of the application would wait for a body that is gone.
        if deed not in ("background", "twice")
    ),
    *(get(f"{path}?value=handler&do=context") for path in ["/context", "/context-sync"]),
    *(get(path) for path in ["/timeout", "/slow/", "/seen/5", "/own", "/error/http", "/error/crash"]),
    get("/seen/5", X_Added="yes"),
    *(get("/rendered?do=context") for _ in range(40)),
    *(get("/translated") for _ in range(2)),
    post("/translated", {"a": 1}),
    *(
        raw("/body", body, kind)
        for body in ['{"a": 1}', '{"a": "x"}', "{", ""]
        for kind in ["application/json", "text/plain"]
    ),
    *(
        get(path, X_Do=do)
        for path in ["/pure", "/seen/5", "/error/crash", "/error/http", "/stream", "/own"]
        for do in ["copy", "same", "nested", "catch"]
    ),
    post("/body", {"a": 1}, X_Do="body"),
    raw("/raw", "raw", None, X_Do="body"),
    call("HEAD", "/any"),
    call("PUT", "/pure"),
]
WITH_EFFECTS = [
    get("/held/value").having(3),
    get("/held/error").having(3),
    get("/held/crash").having(3),
    get("/held/unencodable").having(3),
    get("/slow").having(1),
    get("/tasks").having(1),
]
DEEDS_WITH_EFFECTS = [
    get("/held/value?do=discard").having(3),
    get("/held/value?do=iterate").having(3),
    get("/pure?do=background").having(1),
    get("/slow?do=wait").having(1),
    get("/slow?do=discard").having(1),
]


@pytest.fixture(scope="module", params=APPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def inside(name: str) -> Iterator[Lanes]:
    with ExitStack() as stack:
        yield start(f"python_middleware_app:{name}", stack)


@pytest.mark.parametrize("calls", grouped([*COMMON, *CORPUS]))
def test_answers(inside: Lanes, calls: list[Call]) -> None:
    inside.compare(calls)


def test_effects(inside: Lanes) -> None:
    inside.compare(WITH_EFFECTS)


def test_effects_of_what_the_middleware_does(name: str, inside: Lanes) -> None:
    if name in ("meddling", "mixed", "inner_asgi"):
        inside.compare(DEEDS_WITH_EFFECTS)
