"""Which route answers."""

from __future__ import annotations

import pytest
from calls import Call, call, get, grouped
from lanes import Lanes

APP = "routing_app:app"

PATHS = """
/ /users /users/ /users/me /users/me/ /users/%6De /users/late /users/a%2Fb /users/a/b /users/fixed
/users//fixed /x/fixed /x/fixed/ /slashed /slashed/ /slashed?q=1 /bare /bare/ /bare/?q=%20 /bare// /both
/both/ /int/1 /int/-1 /int/x /int/1.5 /int/ /int/%31 /files /files/ /files/a/b /files//a /files/special
/files/a%2Fb%20c /dots.txt /dots. /dots /dots.a.b /dots.a/b /methods /methods/ /heads /custom /classic/a
/classic/a%20b /classic /added /loud/1 /loud/x /api/v1/second /api/v1/second/ /api/v1/second/items/a
/api/v1/second/items/ /api/vx/second/items/a /api/v/second /api/v1/other /other/v2/second/items/b
/other/v2/second /sub /sub/ /sub/hello/x /sub/hello/x/ /sub/unreachable /sub/hello /subway
/mounted/me/classic/a /mounted/me /mounted/me/other /after /after/ /after/x /nothing //after /./after
/after/../bare /AFTER /after; /docs /redoc /openapi.json /docs/oauth2-redirect *
""".split()  # noqa: SIM905

CORPUS = [
    *(get(path) for path in PATHS),
    *(
        call(method, path)
        for method in ("HEAD", "POST", "OPTIONS", "DELETE", "PATCH", "BREW")
        for path in [
            *(
                "/users/me",
                "/users/a",
                "/methods",
                "/heads",
                "/custom",
                "/both",
                "/both/",
                "/slashed",
                "/classic/a",
                "/added",
                "/loud/1",
            ),
            *(
                "/api/v1/second/items/a",
                "/api/v1/second",
                "/sub/hello/x",
                "/sub",
                "/after",
                "/nothing",
                "/int/1",
                "/docs",
                "/files/a",
            ),
        ]
    ),
    call("OPTIONS", "*"),
    call("GET", "http://testserver/after"),
    call("GET", "http://other/users/a?q=1"),
    get("/after", Upgrade="h2c", Connection="upgrade"),
    get("/after", Upgrade="unknown", Connection="Upgrade"),
]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_routing(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
