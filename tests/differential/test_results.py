"""Results of handlers: encoding, response models, status codes."""

from __future__ import annotations

import pytest
from calls import Call, call, get, grouped
from lanes import Lanes

APP = "results_app:app"

UNTYPED = """
dict empty list tuple str int big float bool none nan infinity surrogate surrogate-key keys enum-keys
date-keys tuple-keys bytes-keys sqlalchemy-keys subclasses defaultdict user-dict deque set frozenset range
generator bytes bad-bytes bytearray memoryview dates aware decimal decimal-nan enums uuid paths complex
model rich models root loose dataclass dataclasses object slots namespace class function exception ellipsis
recursive deep deeper json plain
""".split()  # noqa: SIM905
FEW = [
    "dict",
    "list",
    "str",
    "none",
    "nan",
    "model",
    "generator",
    "json",
    "plain",
    "enums",
    "surrogate",
    "float",
    "big",
]
OPTIONS = ["model", "unset", "defaults", "no-none", "include", "exclude", "status", "plain"]
USERS = ["user", "account", "dict", "missing", "object", "none", "set", "constructed", "response", "list"]

CORPUS = [
    *(get(f"/{lane}/{name}") for lane in ("untyped", "task", "any") for name in UNTYPED),
    *(
        get(f"/{path}/{name}")
        for path in [
            *(
                "none-model",
                "typed-none",
                "dict-int",
                "list-float",
                "typed-str",
                "html",
                "text",
                "status",
                "http-status",
            ),
            *("204", "304"),
        ]
        for name in FEW
    ),
    *(get(target) for target in ["/204-none", "/204-pure", "/205", "/599", "/untyped/unknown"]),
    *(
        get(f"/response-status/{code}")
        for code in [200, 201, 204, 205, 299, 304, 400, 404, 500, 599, 999, 100, 101, 0, 42, 1000]
    ),
    *(
        get(f"/{path}/{option}/{name}")
        for path in ("user", "user-sync")
        for option in OPTIONS
        for name in USERS
    ),
    *(get(f"/{path}/{name}") for path in ("annotated", "union") for name in USERS),
    *(
        get(target)
        for target in [
            *(
                "/users",
                "/rich",
                "/rich-alias",
                "/loose",
                "/dataclass",
                "/typed-dict",
                "/named-tuple",
                "/constrained/4",
            ),
            *("/constrained/3", "/bytes-model", "/floats-model", "/decimal-model"),
        ]
    ),
    *(
        call(method, "/untyped/dict")
        for method in ["HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW"]
    ),
]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_results(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
