"""JSON bodies."""

from __future__ import annotations

import pytest
from calls import Call, call, get, post, raw, repeated, text
from lanes import Lanes

APP = "bodies_app:app"
ITEM = {"name": "a", "price": 1.5}
NESTED = {**ITEM, "tags": [{"name": "t"}, {"name": "u", "weight": "2"}], "parent": {**ITEM, "parent": ITEM}}
ITEM_JSON = '{"name":"a","price":1.5}'

ITEMS = [
    *(post(path, ITEM) for path in ["/item", "/item-sync", "/pure-item", "/default", "/vendor"]),
    *(post(path, NESTED) for path in ["/item", "/item-sync", "/pure-item"]),
    *(
        post("/item", {**ITEM, **other})
        for other in [
            *({"price": "1.5"}, {"price": "x"}, {"price": None}, {"price": True}, {"price": 10**400}, {"price": 1}),
            *({"count": 2.0}, {"count": 2.5}, {"count": "2"}, {"count": True}, {"count": 2**70}, {"count": "1_0"}),
            *({"active": "yes"}, {"active": 1}, {"active": 2}, {"active": "x"}, {"name": 1}, {"name": None}, {"name": ""}),
            *({"tags": "x"}, {"tags": {}}, {"tags": [1]}, {"tags": [{}]}, {"parent": {}}, {"unknown": 1}, {"name": "\u2028é😀"}),
            *({"extra": [1, {"a": None}, 1.0, "x"]}, {"extra": 2**64}, {"extra": -0.0}, {"extra": {"": {}}}),
        ]
    ),
    post("/item", {}),
    post("/item", [ITEM]),
    post("/item", None),
    post("/item", "x"),
    post("/item", 1),
    post("/item?name=a&price=1", ITEM),
    Call("PUT", "/item/3?q=x", (("Content-Type", "application/json"), ("X-Token", "t")), ITEM_JSON.encode()),
    text("/item/+3", ITEM_JSON, "PUT"),
    text("/item/x?q=1", '{"name":1}', "PUT"),
    text("/item", ITEM_JSON, "DELETE"),
    call("DELETE", "/item"),
    call("POST", "/item"),
    call("POST", "/default"),
    text("/default", "null"),
    text("/default", ""),
    get("/item"),
]

TEXTS = [
    *('{"name":"a","price":NaN}', '{"name":"a","price":Infinity}', '{"name":"a","price":-Infinity}', '{"name":"a","price":1e400}'),
    *('{"name":"a","price":1e-400}', '{"name":"a","price":-0}', '{"name":"a","price":01}', '{"name":"a","price":1.}', '{"name":"a","price":.5}'),
    *('{"name":"a","price":+1}', '{"name":"a","price":1E+2}', '{"name":"a","price":0.1000000000000000055511151231257827}'),
    *('{"name":"\\ud800","price":1}', '{"name":"\\ud83d\\ude00","price":1}', '{"name":"\\udc00\\ud800","price":1}', '{"name":"\\u0000","price":1}'),
    *('{"name":"a\tb","price":1}', '{"name":"a\nb","price":1}', '{"name":"\\x41","price":1}', '{"name":"\x7f","price":1}', '{"name":"\\/","price":1}'),
    *('{"name":"a","name":"b","price":1}', '{"name":1,"name":"b","price":1}', '{"name":"b","name":1,"price":1}'),
    *('{"name":"a","price":1,}', '{"name":"a" "price":1}', "{'name':'a'}", '{"name":"a","price":1}}', '{"name":"a","price":1} x', '{"name":"a"'),
    *("", " ", "null", "nul", "{", "}", "[]", "[", '"', "\\", "true", "True", "undefined", "// x\n{}", "/**/{}", "{}{}", "{} {}", "\x00"),
    *('\ufeff{"name":"a","price":1}', ' \r\n\t{"name":"a","price":1}\n ', '\x0c{"name":"a","price":1}', '{"name":"a","price":1}\x00'),
    *('{"name":"a","price":1,"extra":' + "9" * 4000 + "}", '{"name":"a","price":1,"extra":' + "9" * 4400 + "}"),
    *('{"name":"a","price":1,"count":' + "9" * 400 + "}", '{"name":"a","price":1,"extra":-0}', '{"name":"a","price":1,"extra":1e5}'),
    *('{"name":"a","price":1,"extra":{"a":1,"b":2,"a":3}}', '{"name":"a","price":1,"extra":{"__proto__":1}}'),
    *('{"name":"a","price":1,"extra":[NaN,Infinity,-Infinity]}', '{"name":"a","price":1,"extra":-NaN}', '{"name":"a","price":1,"extra":nan}'),
    *('{"name":"a","price":1,"extra":' + "[" * depth + "]" * depth + "}" for depth in (50, 190, 210, 500, 2000)),
    *('{"name":"a","price":1,"extra":1.7976931348623159e308}', '{"name":"a","price":1,"extra":5e-324}', '{"name":"a","price":1,"extra":123456789.123456789e-7}'),
]
ENCODED = [
    *('{"name":"é","price":1}'.encode(coding) for coding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")),
    *(b'{"name":"\xff","price":1}', b'{"name":"\xed\xa0\x80","price":1}', b'{"name":"\xc0\x80","price":1}', b"1\x00", b"\xff\xfe"),
]
TYPES = [
    *("application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;charset=latin-1", "application/json ;x"),
    *("application/vnd.api+json", "application/geo+json", "application/x+JSON", "application/jsonl", "application/+json", "text/json"),
    *("application/json/x", "application/x/y+json", "application", "application/", "/json", "json", "", ";", "application/json,text/plain"),
    *("text/plain", "application/x-www-form-urlencoded", "application/problem+json; a=b", '"application/json"', "application / json"),
    *("application/json(comment)", "application/json\xe9", "application/\xe9+json", "multipart/form-data; boundary=x", "*/*", " application/json"),
]

WIRE = [
    *(text("/item", body) for body in TEXTS),
    *(text("/any", body) for body in TEXTS),
    *(text("/pure", body) for body in TEXTS),
    *(text("/item", body) for body in ENCODED),
    *(text("/any", body) for body in ENCODED),
    *(raw("/item", ITEM_JSON, kind) for kind in [*TYPES, None]),
    *(raw("/bytes", ITEM_JSON, kind) for kind in ["text/plain", None, "application/octet-stream"]),
    *(raw("/lenient", '{"name":"a"}', kind) for kind in [None, "text/plain", "application/json", ""]),
    Call("POST", "/item", (("Content-Type", "application/json"), ("content-type", "text/plain")), ITEM_JSON.encode()),
    Call("POST", "/item", (("Content-Type", "text/plain"), ("content-type", "application/json")), ITEM_JSON.encode()),
    Call(
        "POST",
        "/item",
        (("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")),
        b'8\r\n{"name":\r\n10;x=y\r\n"a","price":1.5}\r\n0\r\n\r\n',
    ),
    repeated("/item", ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"), method="POST"),
]
# The last one has no body at all, so nothing would ever come.
WIRE.pop()

SCALAR_FIELDS: dict[str, list[object]] = {
    "i": [1, 1.0, 1.5, "1", " 1 ", "1_0", "1.0", True, "x", 2**63, -(2**63) - 1, "9" * 30, None, [1], "", "+1", "٣", 1e20],
    "f": [1, "1.5", "nan", "1e400", True, "x", 2**80, "1_0", " 1.5", "", "inf", 0.1],
    "s": [1, 1.5, True, "x", ["x"], {}, "\x00"],
    "b": [True, 1, 0, "on", "off", "t", 2, 1.0, 0.0, 1.5, "x", None],
    "day": ["2024-01-31", "2024-13-01", 1700000000, 1699920000, "2024-01-31T00:00:00", "2024-01-31T00:00:01", 1.5, True, "1699920000"],
    "at": ["2024-01-31T12:00:00Z", "2024-01-31 12:00", 1700000000, 1700000000.5, "1700000000", "2024-01-31", True, "x", 10**20],
    "clock": ["12:30", "12:30:01.123456", "12:30Z", 3600, "25:00", 90.5, "3600", 86400],
    "span": [90, 1.5, "P1D", "1 day, 00:00:01", "00:01:00", "-P1D", True, "90", "x", 10**15],
    "id": ["12345678-1234-5678-1234-567812345678", "12345678123456781234567812345678", "x", 5, "{12345678-1234-5678-1234-567812345678}"],
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
    *({"count": 1}, {"count": "1"}, {"count": 1.0}, {"count": True}, {"count": 1, "day": "2024-01-31"}, {"count": 1, "day": 5}),
    *({"count": 1, "id": "12345678-1234-5678-1234-567812345678"}, {"count": 1, "color": "red"}, {"count": 1, "pair": [1, 2]}),
    *({"count": 1, "names": ["a"]}, {"count": 1, "pair": [1, "2"]}),
]

KINDS = [
    *(
        text("/scalars", f'{{"{name}":{_json}}}')
        for name, values in SCALAR_FIELDS.items()
        for _json in (post("", value).body.decode() for value in values)  # type: ignore[union-attr]
    ),
    *(
        text("/exact", f'{{"{name}":{_json}}}'.encode("utf-8", "surrogatepass"))
        for name, values in EXACT_FIELDS.items()
        for _json in (
            __import__("json").dumps(value) for value in values
        )
    ),
    text("/exact", '{"price":1.10}'),
    text("/exact", '{"price":0.1000000000000000055511151231257827}'),
    text("/exact", '{"price":1e400}'),
    text("/exact", '{"price":NaN}'),
    *(post("/strict", value) for value in STRICT),
    *(text("/strict-int", value) for value in ["1", '"1"', "1.0", "true"]),
    *(post("/closed", value) for value in [{"a": 1}, {"a": 1, "b": 2}, {}, {"a": "x", "b": 1}]),
    *(post("/open", value) for value in [{"a": 1}, {"a": 1, "b": 2, "c": {"d": [1.0]}}, {"b": 1}]),
    text("/open", '{"b":1,"a":1,"b":2,"c":NaN,"a":3}'),
    *(post("/aliased", value) for value in [{"itemName": "a"}, {"item_name": "a", "SIZE": 3}, {"name": "a"}, {"itemName": "a", "size": 4}]),
    *(post("/checked", value) for value in [{"name": " ab "}, {"name": "bad"}, {"name": "  "}, {"name": "abcdefg"}, [], {"name": "a", "values": [1, 2, 3]}]),
    *(post("/frozen", value) for value in [{"color": "red"}, {"color": "red", "numbers": [1, 1, "2"]}, {"color": "x"}]),
    *(
        post(path, value)
        for path in ("/union", "/discriminated")
        for value in [{"kind": "cat", "lives": 9}, {"kind": "dog", "bark": "w"}, {"kind": "cat"}, {"kind": "x"}, {}, {"lives": "9", "kind": "cat"}, []]
    ),
    *(post("/union-scalars", value) for value in [1, "1", "x", 1.0, 1.5, True, None, [1, "2"], [1.5], {}]),
    *(post(path, value) for path in ("/dict", "/plain-dict") for value in [{}, {"a": [1, None]}, [], "x", None, {"a": {"b": 1.0}}]),
    *(post("/dict-int", value) for value in [{}, {"1": 1}, {"1": "x"}, {"x": 1}, {"1": 1, "01": 2}, {"1.0": 1}, {"+1": 1, "1_0": 2}]),
    text("/dict-int", '{"1":1,"1":2}'),
    text("/dict-int", '{"1":"x","1":2}'),
    *(post("/list", value) for value in [[], [ITEM], [ITEM, {}], [NESTED, ITEM], ITEM, None]),
    *(post("/list-int", value) for value in [[1, "2", 3.0], [1.5, "x"], "123", {"a": 1}, [True], [[1]]]),
    *(post("/set", value) for value in [[1, 1, 2], ["x"], {}, [1.0, 1]]),
    *(post("/tuple", value) for value in [[1, "a", True], [1, "a"], [1, "a", True, 2], ["1", "a", "on"], [1, 2, 3]]),
    *(post("/deque", value) for value in [{"value": [1, 2]}, {"value": ["x"]}, {"value": [1], "limited": [1, "2"]}, [1]]),
    *(post("/page", value) for value in [{"items": [{"name": "a"}], "total": 1}, {"items": [1], "total": "x"}]),
    *(post("/root", value) for value in [["a"], [], "a", [1], None]),
    *(post("/dataclass", value) for value in [{"x": 1}, {"x": "1", "y": 2, "label": "l"}, {"y": 1}, {"x": 1, "z": 2}, [1, 2]]),
    *(post("/typed-dict", value) for value in [{"title": "a"}, {"title": "a", "year": "5"}, {"year": 1}, {"title": "a", "more": 1}]),
    *(post("/named-tuple", value) for value in [[1], [1, "x"], {"a": 1}, [], ["x"], [1, "x", 2]]),
    *(
        text(path, value)
        for path in ("/bytes", "/str", "/int", "/float", "/bool", "/any", "/any-default", "/pure")
        for value in ['"x"', "1", "1.5", "true", "null", "[]", "{}", "-1", "NaN", '"é"', "1e400", "", '"1"', "x"]
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
    *(post("/several-optional", value) for value in [{}, {"item": ITEM}, {"item": None, "importance": "7"}, {"importance": None}]),
    call("POST", "/several-optional"),
    *(post("/embedded", value) for value in [{"item": ITEM}, ITEM, {"item": {}}, None]),
]

CORPUS = [*ITEMS, *WIRE, *KINDS]


@pytest.mark.parametrize("call", CORPUS, ids=str)
def test_bodies(lanes: Lanes, call: Call) -> None:
    lanes.compare(call)
