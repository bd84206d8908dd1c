"""JSON bodies: their text, their media type, and models in general."""

from __future__ import annotations

import json

import pytest
from calls import Call, call, get, grouped, post, raw, text
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
            *(
                {"price": "1.5"},
                {"price": "x"},
                {"price": None},
                {"price": True},
                {"price": 10**400},
                {"price": 1},
            ),
            *(
                {"count": 2.0},
                {"count": 2.5},
                {"count": "2"},
                {"count": True},
                {"count": 2**70},
                {"count": "1_0"},
            ),
            *(
                {"active": "yes"},
                {"active": 1},
                {"active": 2},
                {"active": "x"},
                {"name": 1},
                {"name": None},
                {"name": ""},
            ),
            *(
                {"tags": "x"},
                {"tags": {}},
                {"tags": [1]},
                {"tags": [{}]},
                {"parent": {}},
                {"unknown": 1},
                {"name": "\u2028é😀"},
            ),
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
    *(
        '{"name":"a","price":NaN}',
        '{"name":"a","price":Infinity}',
        '{"name":"a","price":-Infinity}',
        '{"name":"a","price":1e400}',
    ),
    *(
        '{"name":"a","price":1e-400}',
        '{"name":"a","price":-0}',
        '{"name":"a","price":01}',
        '{"name":"a","price":1.}',
        '{"name":"a","price":.5}',
    ),
    *(
        '{"name":"a","price":+1}',
        '{"name":"a","price":1E+2}',
        '{"name":"a","price":0.1000000000000000055511151231257827}',
    ),
    *(
        '{"name":"\\ud800","price":1}',
        '{"name":"\\ud83d\\ude00","price":1}',
        '{"name":"\\udc00\\ud800","price":1}',
        '{"name":"\\u0000","price":1}',
    ),
    *(
        '{"name":"a\tb","price":1}',
        '{"name":"a\nb","price":1}',
        '{"name":"\\x41","price":1}',
        '{"name":"\x7f","price":1}',
        '{"name":"\\/","price":1}',
    ),
    *(
        '{"name":"a","name":"b","price":1}',
        '{"name":1,"name":"b","price":1}',
        '{"name":"b","name":1,"price":1}',
    ),
    *(
        '{"name":"a","price":1,}',
        '{"name":"a" "price":1}',
        "{'name':'a'}",
        '{"name":"a","price":1}}',
        '{"name":"a","price":1} x',
        '{"name":"a"',
    ),
    *(
        "",
        " ",
        "null",
        "nul",
        "{",
        "}",
        "[]",
        "[",
        '"',
        "\\",
        "true",
        "True",
        "undefined",
        "// x\n{}",
        "/**/{}",
        "{}{}",
        "{} {}",
        "\x00",
    ),
    *(
        '\ufeff{"name":"a","price":1}',
        ' \r\n\t{"name":"a","price":1}\n ',
        '\x0c{"name":"a","price":1}',
        '{"name":"a","price":1}\x00',
    ),
    *(
        '{"name":"a","price":1,"extra":' + "9" * 4000 + "}",
        '{"name":"a","price":1,"extra":' + "9" * 4400 + "}",
    ),
    *(
        '{"name":"a","price":1,"count":' + "9" * 400 + "}",
        '{"name":"a","price":1,"extra":-0}',
        '{"name":"a","price":1,"extra":1e5}',
    ),
    *('{"name":"a","price":1,"extra":{"a":1,"b":2,"a":3}}', '{"name":"a","price":1,"extra":{"__proto__":1}}'),
    *(
        '{"name":"a","price":1,"extra":[NaN,Infinity,-Infinity]}',
        '{"name":"a","price":1,"extra":-NaN}',
        '{"name":"a","price":1,"extra":nan}',
    ),
    *(
        '{"name":"a","price":1,"extra":' + "[" * depth + "]" * depth + "}"
        for depth in (50, 190, 210, 500, 2000)
    ),
    *(
        '{"name":"a","price":1,"extra":1.7976931348623159e308}',
        '{"name":"a","price":1,"extra":5e-324}',
        '{"name":"a","price":1,"extra":123456789.123456789e-7}',
    ),
]
ENCODED = [
    *(
        '{"name":"é","price":1}'.encode(coding)
        for coding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")
    ),
    *(
        b'{"name":"\xff","price":1}',
        b'{"name":"\xed\xa0\x80","price":1}',
        b'{"name":"\xc0\x80","price":1}',
        b"1\x00",
        b"\xff\xfe",
    ),
]
TYPES = [
    *(
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json;charset=latin-1",
        "application/json ;x",
    ),
    *(
        "application/vnd.api+json",
        "application/geo+json",
        "application/x+JSON",
        "application/jsonl",
        "application/+json",
        "text/json",
    ),
    *(
        "application/json/x",
        "application/x/y+json",
        "application",
        "application/",
        "/json",
        "json",
        "",
        ";",
        "application/json,text/plain",
    ),
    *(
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/problem+json; a=b",
        '"application/json"',
        "application / json",
    ),
    *(
        "application/json(comment)",
        "application/json\xe9",
        "application/\xe9+json",
        "multipart/form-data; boundary=x",
        "*/*",
        " application/json",
    ),
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
    Call(
        "POST",
        "/item",
        (("Content-Type", "application/json"), ("content-type", "text/plain")),
        ITEM_JSON.encode(),
    ),
    Call(
        "POST",
        "/item",
        (("Content-Type", "text/plain"), ("content-type", "application/json")),
        ITEM_JSON.encode(),
    ),
    Call(
        "POST",
        "/item",
        (("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")),
        b'8\r\n{"name":\r\n10;x=y\r\n"a","price":1.5}\r\n0\r\n\r\n',
    ),
]

TOO_LONG = b'{"name":"' + b"a" * (8 << 20) + b'","price":1.5}'
JSON_CHUNKS = (("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"))
LIMITS = [
    *(text(path, TOO_LONG) for path in ["/item", "/item-sync", "/pure-item"]),
    Call("POST", "/item", JSON_CHUNKS, b"%x\r\n%s\r\n0\r\n\r\n" % (len(TOO_LONG), TOO_LONG)),
    Call("POST", "/item", JSON_CHUNKS, b"zz\r\n"),
]

CORPUS = [*ITEMS, *WIRE]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_bodies(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)


@pytest.mark.parametrize(("sent", "status"), list(zip(LIMITS, [413] * 4 + [400], strict=True)))
def test_a_body_that_cannot_be_read_is_refused_in_json(lanes: Lanes, sent: Call, status: int) -> None:
    for answer in lanes.exchange(sent):
        assert (answer.status, answer.header("content-type")) == (status, ["application/json"])
        detail = {413: "Content Too Large", 400: "Bad Request"}[status]
        assert json.loads(answer.body) == {"detail": detail}
    # A connection on which bytes of the body are left is not used again.
    lanes.compare([sent, post("/item", ITEM)])
