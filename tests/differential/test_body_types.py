"""JSON bodies of every type."""

from __future__ import annotations

import json

import pytest
from calls import Call, call, grouped, post, text
from lanes import Lanes

APP = "bodies_app:app"
ITEM = {"name": "a", "price": 1.5}
NESTED = {**ITEM, "tags": [{"name": "t"}, {"name": "u", "weight": "2"}], "parent": {**ITEM, "parent": ITEM}}

SCALAR_FIELDS: dict[str, list[object]] = {
    "i": [
        1,
        1.0,
        1.5,
        "1",
        " 1 ",
        "1_0",
        "1.0",
        True,
        "x",
        2**63,
        -(2**63) - 1,
        "9" * 30,
        None,
        [1],
        "",
        "+1",
        "٣",
        1e20,
    ],
    "f": [1, "1.5", "nan", "1e400", True, "x", 2**80, "1_0", " 1.5", "", "inf", 0.1],
    "s": [1, 1.5, True, "x", ["x"], {}, "\x00"],
    "b": [True, 1, 0, "on", "off", "t", 2, 1.0, 0.0, 1.5, "x", None],
    "day": [
        "2024-01-31",
        "2024-13-01",
        1700000000,
        1699920000,
        "2024-01-31T00:00:00",
        "2024-01-31T00:00:01",
        1.5,
        True,
        "1699920000",
    ],
    "at": [
        "2024-01-31T12:00:00Z",
        "2024-01-31 12:00",
        1700000000,
        1700000000.5,
        "1700000000",
        "2024-01-31",
        True,
        "x",
        10**20,
    ],
    "clock": ["12:30", "12:30:01.123456", "12:30Z", 3600, "25:00", 90.5, "3600", 86400],
    "span": [90, 1.5, "P1D", "1 day, 00:00:01", "00:01:00", "-P1D", True, "90", "x", 10**15],
    "id": [
        "12345678-1234-5678-1234-567812345678",
        "12345678123456781234567812345678",
        "x",
        5,
        "{12345678-1234-5678-1234-567812345678}",
    ],
    "color": ["red", "RED", 1, None, ["red"]],
    "number": [1, "1", 2.5, 1.0, "2.5", True, 3],
    "letter": ["a", 1, True, None, "1", 1.0, "b"],
}
EXACT_FIELDS: dict[str, list[object]] = {
    "price": [1, 1.1, "1.10", "x", True, "nan", 0.1, 1e22, 123456789012345678],
    "data": ["é", "x", 1, "\udfff"],
    "text": ["[1,2]", "[1,'x']", "x", [1], "null"],
    "either": [1, "1", 1.0, 1.5, True, "x", None, "1.5", [1]],
    "days": ["2024-01-31", 5, "5", 1.0, "x"],
}
STRICT = [
    *(
        {"count": 1},
        {"count": "1"},
        {"count": 1.0},
        {"count": True},
        {"count": 1, "day": "2024-01-31"},
        {"count": 1, "day": 5},
    ),
    *(
        {"count": 1, "id": "12345678-1234-5678-1234-567812345678"},
        {"count": 1, "color": "red"},
        {"count": 1, "pair": [1, 2]},
    ),
    *({"count": 1, "names": ["a"]}, {"count": 1, "pair": [1, "2"]}),
]

CORPUS = [
    *(post("/scalars", {name: value}) for name, values in SCALAR_FIELDS.items() for value in values),
    *(text("/exact", json.dumps({name: value})) for name, values in EXACT_FIELDS.items() for value in values),
    text("/exact", '{"price":1.10}'),
    text("/exact", '{"price":0.1000000000000000055511151231257827}'),
    text("/exact", '{"price":1e400}'),
    text("/exact", '{"price":NaN}'),
    *(post("/strict", value) for value in STRICT),
    *(text("/strict-int", value) for value in ["1", '"1"', "1.0", "true"]),
    *(post("/closed", value) for value in [{"a": 1}, {"a": 1, "b": 2}, {}, {"a": "x", "b": 1}]),
    *(post("/open", value) for value in [{"a": 1}, {"a": 1, "b": 2, "c": {"d": [1.0]}}, {"b": 1}]),
    text("/open", '{"b":1,"a":1,"b":2,"c":NaN,"a":3}'),
    *(
        post("/aliased", value)
        for value in [
            {"itemName": "a"},
            {"item_name": "a", "SIZE": 3},
            {"name": "a"},
            {"itemName": "a", "size": 4},
        ]
    ),
    *(
        post("/checked", value)
        for value in [
            {"name": " ab "},
            {"name": "bad"},
            {"name": "  "},
            {"name": "abcdefg"},
            [],
            {"name": "a", "values": [1, 2, 3]},
        ]
    ),
    *(
        post("/frozen", value)
        for value in [{"color": "red"}, {"color": "red", "numbers": [1, 1, "2"]}, {"color": "x"}]
    ),
    *(
        post(path, value)
        for path in ("/union", "/discriminated")
        for value in [
            {"kind": "cat", "lives": 9},
            {"kind": "dog", "bark": "w"},
            {"kind": "cat"},
            {"kind": "x"},
            {},
            {"lives": "9", "kind": "cat"},
            [],
        ]
    ),
    *(post("/union-scalars", value) for value in [1, "1", "x", 1.0, 1.5, True, None, [1, "2"], [1.5], {}]),
    *(
        post(path, value)
        for path in ("/dict", "/plain-dict")
        for value in [{}, {"a": [1, None]}, [], "x", None, {"a": {"b": 1.0}}]
    ),
    *(
        post("/dict-int", value)
        for value in [{}, {"1": 1}, {"1": "x"}, {"x": 1}, {"1": 1, "01": 2}, {"1.0": 1}, {"+1": 1, "1_0": 2}]
    ),
    text("/dict-int", '{"1":1,"1":2}'),
    text("/dict-int", '{"1":"x","1":2}'),
    *(post("/list", value) for value in [[], [ITEM], [ITEM, {}], [NESTED, ITEM], ITEM, None]),
    *(post("/list-int", value) for value in [[1, "2", 3.0], [1.5, "x"], "123", {"a": 1}, [True], [[1]]]),
    *(post("/set", value) for value in [[1, 1, 2], ["x"], {}, [1.0, 1]]),
    *(
        post("/tuple", value)
        for value in [[1, "a", True], [1, "a"], [1, "a", True, 2], ["1", "a", "on"], [1, 2, 3]]
    ),
    *(
        post("/deque", value)
        for value in [{"value": [1, 2]}, {"value": ["x"]}, {"value": [1], "limited": [1, "2"]}, [1]]
    ),
    *(
        post("/page", value)
        for value in [{"items": [{"name": "a"}], "total": 1}, {"items": [1], "total": "x"}]
    ),
    *(post("/root", value) for value in [["a"], [], "a", [1], None]),
    *(
        post("/dataclass", value)
        for value in [{"x": 1}, {"x": "1", "y": 2, "label": "l"}, {"y": 1}, {"x": 1, "z": 2}, [1, 2]]
    ),
    *(
        post("/typed-dict", value)
        for value in [{"title": "a"}, {"title": "a", "year": "5"}, {"year": 1}, {"title": "a", "more": 1}]
    ),
    *(post("/named-tuple", value) for value in [[1], [1, "x"], {"a": 1}, [], ["x"], [1, "x", 2]]),
    *(
        text(path, value)
        for path in ("/bytes", "/str", "/int", "/float", "/bool", "/any", "/any-default", "/pure")
        for value in [
            '"x"',
            "1",
            "1.5",
            "true",
            "null",
            "[]",
            "{}",
            "-1",
            "NaN",
            '"é"',
            "1e400",
            "",
            '"1"',
            "x",
        ]
    ),
    *(
        post("/several", value)
        for value in [
            {"item": ITEM, "tag": {"name": "t"}, "importance": 1},
            {"item": ITEM, "tag": {"name": "t"}},
            {"item": {}, "tag": 1, "importance": "x"},
            [],
            None,
            ITEM,
        ]
    ),
    call("POST", "/several"),
    *(
        post("/several-optional", value)
        for value in [{}, {"item": ITEM}, {"item": None, "importance": "7"}, {"importance": None}]
    ),
    call("POST", "/several-optional"),
    *(post("/embedded", value) for value in [{"item": ITEM}, ITEM, {"item": {}}, None]),
]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_body_types(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
