"""Requests that end in errors, whoever handles them."""

from __future__ import annotations

from calls import Call, call, get, post, text

RAISED = """
400 404 detail headers 204 304 418 299 500 starlette unencodable custom derived raising translated value key
request websocket stop stop-async group assertion recursion memory os timeout
""".split()  # noqa: SIM905
HANDLED_ONCE = ("custom", "derived")


def calls(*, handled: bool) -> list[Call]:
    """`handled`: whether the application handles its own errors, which is an effect."""

    def effects(name: str, others: int) -> int:
        return others + (handled and name in HANDLED_ONCE)

    return [
        *(get(f"/{path}/{name}").having(effects(name, 0)) for path in ("sync", "task") for name in RAISED),
        *(get(f"/model/{name}") for name in ["missing", "wrong", "none", "list"]),
        *(
            get(target)
            for target in [
                "/validation",
                "/invalid",
                "/pure-error",
                "/pure-error?q=2",
                "/unbound",
                "/unbound?flag=1",
            ]
        ),
        *(get(f"/params{query}") for query in ["", "?q=x", "?q=1&flag=x", "?q=1"]),
        post("/body", {"a": "x"}),
        post("/body", {"a": 1}),
        text("/body", "{"),
        call("POST", "/body"),
        *(
            get(f"/{path}/{name}").having(effects(name, 1))
            for path in ("dependency", "async-dependency")
            for name in ["404", "headers", "custom", "value", "request"]
        ),
        *(get(f"/{path}/fine").having(2) for path in ("dependency", "async-dependency")),
        *(
            get(f"/{path}/{name}").having(count)
            for path in ("yield", "async-yield")
            for name, count in [
                ("fine", 3),
                ("after", 3),
                ("404", 2),
                ("value", 2),
                ("custom", 2 + handled),
                ("before", 1 + handled),
            ]
        ),
        *(
            get(f"/{path}/{name}").having(count)
            for path in ("catching", "function-scope")
            for name, count in [
                ("fine", 3),
                ("404", 4),
                ("custom", 4),
                ("value", 4),
                ("swallow", 4),
                ("swallowed-404", 4),
            ]
        ),
        *(
            get(f"/async-catching/{name}").having(count)
            for name, count in [
                ("fine", 5),
                ("404", 7),
                ("custom", 7),
                ("value", 7),
                ("swallow", 6),
                ("swallowed-404", 6),
            ]
        ),
        get("/catching-model/x").having(4),
        *(
            get(f"/catching-{kind}/{name}").having(count)
            for kind in ("stream", "task")
            for name, count in [
                ("fine", 4 - (kind == "task")),
                ("404", 4),
                ("custom", 4),
                ("value", 4),
                ("swallow", 4),
            ]
        ),
        get("/catching-class/x").having(3),
        *(get(f"/{name}-generator") for name in ["empty", "twice"]),
        *(call(method, "/sync/404") for method in ["POST", "HEAD", "OPTIONS", "DELETE"]),
        *(
            get(target)
            for target in ["/nothing", "/sync", "/sync/", "/sync/404/", "/sync/404/more", "/sync/unknown"]
        ),
        call("POST", "/nothing"),
        call("HEAD", "/nothing"),
    ]
