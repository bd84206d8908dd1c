"""Security schemes."""

from __future__ import annotations

import pytest
from calls import Call, form, get, grouped, post, repeated
from lanes import Lanes

APP = "security_app:app"

AUTHORIZATIONS = [
    *(
        "Bearer abc",
        "bearer abc",
        "BEARER  abc",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Basic YTpi",
        "Basic",
        "Basic YQ==",
        "Basic !",
        "abc",
    ),
    *(
        "Basic YTpiOmM=",
        "Basic w6k6w6k=",
        "basic YTpi",
        "Digest x",
        "digest a=b",
        "Bearer abc,def",
        "Bearer \xe9",
        "Basic YTpi ",
        "Bearer\tabc",
    ),
]
SCHEMES = [
    *(
        "bearer",
        "bearer-optional",
        "code",
        "oauth2",
        "oauth2-optional",
        "openid",
        "openid-optional",
        "http-bearer",
        "http-bearer-optional",
    ),
    *("digest", "digest-optional", "basic", "basic-realm", "basic-optional"),
]
KEYS = [f"key-{place}{kind}" for place in ("header", "query", "cookie") for kind in ("", "-optional")]

CORPUS = [
    *(get(f"/security/{scheme}", Authorization=value) for scheme in SCHEMES for value in AUTHORIZATIONS),
    *(
        get(f"/security-task/{scheme}", Authorization=value)
        for scheme in ("bearer", "bearer-optional")
        for value in AUTHORIZATIONS
    ),
    *(get(f"/security/{scheme}") for scheme in [*SCHEMES, *KEYS]),
    *(get(f"/security-task/{scheme}") for scheme in ("bearer", "bearer-optional", *KEYS)),
    repeated("/security/bearer", ("Authorization", "Bearer a"), ("Authorization", "Bearer b")),
    repeated("/security/bearer", ("Authorization", "Basic a"), ("Authorization", "Bearer b")),
    *(
        get(f"/{path}/key-{place}{kind}?key={value}", X_Key=value, Cookie=f"key={value}")
        for path in ("security", "security-task")
        for place in ("header", "query", "cookie")
        for kind in ("", "-optional")
        for value in ("", "secret", "%C3%A9")
    ),
    get("/scopes", Authorization="Bearer abc").having(2),
    get("/scopes"),
    get("/scopes/admin", Authorization="Bearer admin").having(1),
    get("/scopes/admin", Authorization="Bearer x"),
    get("/scopes/admin", Authorization="Basic x"),
    *(
        form(path, body)
        for path in ("/login", "/login-strict")
        for body in [
            "username=a&password=b",
            "grant_type=password&username=a&password=b&scope=x+y",
            "grant_type=x&username=a",
            "",
            "username=a&password=",
        ]
    ),
    post("/login", {"username": "a", "password": "b"}),
]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_security(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
