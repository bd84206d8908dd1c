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
    for each in CORPUS:
        lanes.compare([each])
        if each.target.startswith("/value"):
            values.append(lanes.exchange(get("/value?q=1"))[1].body)
            lanes.exchange(get("/effects/0"))
    assert values == [b'["1","1"]', b'["1","other"]', b'["1 None","1"]', b'["again None","again"]']
