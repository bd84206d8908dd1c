"""Dependencies and the request object."""

from __future__ import annotations

import pytest
from calls import Call, call, form, get, grouped, multipart, post, raw, repeated, text
from lanes import Lanes

APP = "dependencies_app:app"

TREES = [
    *(get(f"/cached{query}").having(3) for query in ("", "?step=2")),
    get("/uncached").having(3),
    get("/mixed-cache").having(3),
    get("/uncached?step=x").having(1),
    *(get(f"/class{query}").having(1) for query in ("", "?skip=1&limit=100")),
    *(get(f"/class{query}").having(1) for query in ("?limit=101", "?skip=x&limit=y")),
    *(get(f"/method{query}").having(1) for query in ("", "?more=x")),
    get("/partial").having(3),
    get("/partial?q=1&limit=2", x="h").having(3),
    get("/nested/sync?q=1", x="h").having(4),
    *(get(f"/nested/{name}?q=1", x="h").having(6) for name in ("both", "task")),
    get("/pure-tree?q=1").having(1),
    get("/pure-tree").having(1),
    get("/yield/sync").having(4),
    get("/yield/task?q=2").having(7),
    get("/yield/function").having(3),
    get("/decorator").having(6),
    get("/response").having(1),
    get("/shared-response").having(1),
    *(post(path, {"name": "a"}).having(1) for path in ("/body-once", "/body-twice")),
    post("/body-once?q=1", {"name": 1}).having(1),
    post("/body-twice", {"item": {"name": "a"}}).having(1),
    post("/body-and-more", {"item": {"name": "a"}, "other": 1}).having(1),
    post("/body-and-more", {"name": "a"}).having(1),
    post("/body-in-dependency?item=1", {"name": "a"}).having(1),
    get("/same-name/1").having(1),
    get("/same-name/1?v=2", Cookie="v=3").having(1),
    get("/inner/1/x?q=2", x="h").having(5),
    get("/inner/x/y").having(5),
]

REQUESTS = [
    *(
        get(f"/request/{target}", **headers).having(1)
        for target, headers in [
            ("a", {}),
            ("a%20b?q=1&q=%C3%A9&x=", {"X_A": "b", "Cookie": "a=1; b"}),
            ("a", {"Host": "example.com:81"}),
            ("%C3%A9?", {"X_Forwarded_Proto": "https", "X_Forwarded_For": "1.2.3.4"}),
        ]
    ),
    repeated("/request/a", ("X-A", "1"), ("x-a", "2")).having(1),
    call("HEAD", "/request/a"),
    *(text("/request-body", body).having(1) for body in ["", "{}", "x" * 200_000]),
    call("POST", "/request-body").having(1),
    raw("/request-body", b"\xff\x00", None).having(1),
    *(text("/request-json", body).having(1) for body in ["", "{}", "[1", "NaN", '"\\ud800"', "1"]),
    *(raw("/request-stream", b"x" * size, "text/plain").having(1) for size in (0, 1, 300_000)),
    Call(
        "POST", "/request-stream", (("Transfer-Encoding", "chunked"),), b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    ).having(1),
    form("/request-form", "a=1&b=%C3%A9&a=2&c").having(1),
    multipart("/request-form", ("a", None, None, b"1"), ("f", "n.txt", "text/plain", b"x")).having(1),
    raw("/request-form", "a=1", "text/plain").having(1),
    post("/request-and-model", {"name": "a"}).having(1),
    post("/request-and-model", {"name": 1}).having(1),
    raw("/request-unread", b"x" * 10, "text/plain").having(1),
    get("/disconnected").having(1),
    get("/state").having(1),
]

CORPUS = [*TREES, *REQUESTS]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_dependencies(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
