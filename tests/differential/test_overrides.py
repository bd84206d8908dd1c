"""Dependencies that are replaced while the application runs."""

from __future__ import annotations

from calls import call, get
from lanes import Lanes

APP = "dependencies_app:overridden"
CORPUS = [
    get("/value?q=1").having(1),
    call("POST", "/override/other"),
    get("/value?q=1"),
    call("POST", "/override/none"),
    get("/value?q=1", x="h").having(2),
    call("POST", "/override/again"),
    get("/value?q=1"),
]


def test_overrides(lanes: Lanes) -> None:
    values = []
    for call_ in CORPUS:
        answer = lanes.compare(call_)
        if call_.method == "GET":
            values.append(answer.body)
    assert values == [b'["1","1"]', b'["1","other"]', b'["1 h","1"]', b'["again None","again"]']
