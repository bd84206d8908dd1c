"""Parameters from the path, the query, headers and cookies."""

from __future__ import annotations

import pytest
from calls import Call, get, grouped, repeated
from lanes import Lanes

APP = "parameters_app:app"

INTEGERS = [
    *(
        "1",
        "-1",
        "0",
        "-0",
        "007",
        "+1",
        "%201",
        "1%20",
        "1_0",
        "_1",
        "1__0",
        "1.0",
        "1.5",
        "1e3",
        "",
        "%D9%A3",
        "1,0",
    ),
    *(
        "999999999999999999",
        "1000000000000000000",
        "9223372036854775808",
        "123456789012345678901234567890",
        "1.00",
    ),
    *("0x10", "true", "None", "%31", "--1", "-", "1-", "%E2%88%921", "1%00", "9" * 4000, "9" * 4400),
]
FLOATS = [
    *(
        "1",
        "1.5",
        "-1.5",
        "+1.5",
        ".5",
        "5.",
        "1e5",
        "1E5",
        "1e400",
        "-1e400",
        "nan",
        "NaN",
        "-nan",
        "inf",
        "-Infinity",
    ),
    *(
        "1_0.5",
        "%201.5",
        "1.5%20",
        "0.1",
        "-0.0",
        "-0",
        "1e-400",
        "",
        "x",
        "1,5",
        "0.30000000000000004",
        "0" * 90 + "1.5",
    ),
    *(
        "123456789012345678901234567890.5",
        "1." + "3" * 80,
        "1." + "3" * 120,
        "%D9%A3.5",
        "1.2.3",
        "4.35",
        "2.675",
    ),
]
BOOLEANS = [
    *(
        "true",
        "false",
        "True",
        "FALSE",
        "1",
        "0",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "t",
        "f",
        "2",
        "-1",
        "",
        "1.0",
    ),
    *("tRuE", "%20true", "01", "null", "ON", "Y"),
]
TEXTS = [
    *(
        "a",
        "a%20b",
        "a+b",
        "%C3%A9",
        "%2F",
        "a%2Fb",
        "%2525",
        "%",
        "%zz",
        "%e9",
        "%ff%fe",
        "%00",
        "a%0Ab",
        "~!$&'()*,;=:@",
    ),
    *(
        "%F0%9F%98%80",
        "%ED%A0%80",
        "%E2%82",
        "%C3%A9%ff",
        "%7B%7D",
        "..%2e",
        "a%3Fb",
        "a%23b",
        '"',
        "a|b",
        "{x}",
        "\xc3\xa9",
        "\xe9",
    ),
]

PATH = [
    *(get(f"/path/int/{value}") for value in INTEGERS),
    *(get(f"/path/float/{value}") for value in FLOATS),
    *(get(f"/path/bool/{value}") for value in BOOLEANS),
    *(get(f"/path/str/{value}") for value in TEXTS),
    *(get(f"/path/pure/{value}") for value in TEXTS),
    *(get(f"/path/rest/{value}") for value in [*TEXTS, "a/b", "a//b", "/a", "a/", "a%2Fb/c", ""]),
    *(get(f"/path/two/{value}") for value in ["a-1", "a-b-2", "-1", "a-", "a--1", "a%2D1", "a-1%20"]),
    *(get(f"/path/limited/{value}") for value in ["1", "5", "0", "6", "03", "+3", "x"]),
    *(get(f"/path/enum/{value}") for value in ["red", "RED", "blue", "green", "re%64"]),
    *(get(f"/path/level/{value}") for value in ["1", "2", "3", "LOW", "1.0", "01"]),
    *(
        get(f"/path/uuid/{value}")
        for value in [
            "12345678-1234-5678-1234-567812345678",
            "12345678123456781234567812345678",
            "{12345678-1234-5678-1234-567812345678}",
            "urn:uuid:12345678-1234-5678-1234-567812345678",
            "ABCDEF78-1234-5678-1234-567812345678",
            "1234",
        ]
    ),
    *(
        get(f"/path/decimal/{value}")
        for value in ["1.10", "1e3", "nan", "inf", "1_0.5", "0.1" + "0" * 30 + "1", "x"]
    ),
    *(
        get(f"/path/date/{value}")
        for value in ["2024-02-29", "2023-02-29", "1700000000", "2024-02-29T00:00:00", "x"]
    ),
    *(
        get(f"/path/datetime/{value}")
        for value in ["2024-02-29T01:02:03Z", "2024-02-29", "1700000000.5", "2024-02-29T01:02+01:00", "12:00"]
    ),
    *(get(f"/path/rest-int/{value}/end") for value in ["1", "1/2", "1/end", "%31"]),
    *(get(f"/convertor/int/{value}") for value in INTEGERS[:24]),
    *(get(f"/convertor/int-as-str/{value}") for value in ["007", "1"]),
    *(
        get(f"/convertor/float/{value}")
        for value in ["1", "1.5", "1.", ".5", "1e5", "-1", "٣".encode().decode("latin-1")]
    ),
    *(
        get(f"/convertor/uuid/{value}")
        for value in [
            "12345678-1234-5678-1234-567812345678",
            "12345678123456781234567812345678",
            "ABCDEF78-1234-5678-1234-567812345678",
            "x",
        ]
    ),
    *(
        get(target)
        for target in [
            "/path/int/",
            "/path/int",
            "/path/str/",
            "/path/str/a/",
            "/path//int/1",
            "//path/int/1",
        ]
    ),
]

QUERY = [
    *(get(f"/query/int?q={value}") for value in INTEGERS),
    *(get(f"/query/float?q={value}") for value in FLOATS),
    *(get(f"/query/bool?q={value}") for value in BOOLEANS),
    *(get(f"/query/str?q={value}") for value in TEXTS),
    *(
        get(f"/query/str{query}")
        for query in [
            *(
                "",
                "?",
                "?q",
                "?q=",
                "?q=a&q=b",
                "?Q=a",
                "?q=a=b",
                "?%71=a",
                "?q=a;q=b",
                "?&&q=a&",
                "?=a&q=b",
                "?q[]=a",
            ),
            *(
                "?q=a#f",
                "?q=a?b",
                "?q+=a",
                "?q=%26",
                "?x=1&q",
                "?q=+",
                "?q=%2B",
                "?q=a%",
                "?q=\xc3\xa9%C3%A9",
                "?\xe9=1&q=2",
            ),
        ]
    ),
    *(get(f"/query/optional-str{query}") for query in ["", "?q", "?q=", "?q=null", "?q=a&q="]),
    *(
        get(f"/query/optional-int{query}")
        for query in ["", "?q", "?q=", "?q=5", "?q=x", "?q=null", "?q=5&q=x", "?q=x&q=5"]
    ),
    *(get(f"/query/pure{query}") for query in ["", "?q=5", "?q=+5", "?q=5&other=x", "?other=", "?q=x"]),
    *(get(f"/query/any{query}") for query in ["", "?q=5", "?q=a&q=b", "?q="]),
    *(get(f"/query/bytes{query}") for query in ["", "?q=5", "?q=%C3%A9", "?q=%ff"]),
    *(get(f"/query/union{query}") for query in ["", "?q=5", "?q=x", "?q=5.0", "?q=", "?q=+5"]),
    *(get(f"/query/union-floats?q={value}") for value in ["1", "1.5", "true", "1.0", "x", "0"]),
    *(get(f"/query/decimal?q={value}") for value in ["1.10", "123456", "1.234", "nan", "1e2", "x", "%201"]),
    *(
        get(f"/query/times?{query}")
        for query in [
            *(
                "",
                "at=12:30",
                "at=12:30:01.5Z",
                "at=25:00",
                "span=P1DT2H",
                "span=90",
                "span=01:02:03",
                "span=x",
            ),
            *("on=2024-01-01T00:00:00%2B01:00", "on=2024-01-01T00:00:00+01:00", "on=0", "on=1e400", "on=nan"),
        ]
    ),
    *(get(f"/query/literal{query}") for query in ["", "?q=a", "?q=b", "?q=3", "?q=c"]),
    *(get(f"/query/level{query}") for query in ["", "?q=2", "?q=3", "?q=HIGH"]),
    *(
        get(f"/query/list{query}")
        for query in ["", "?q=a", "?q=a&q=b", "?q=", "?q=a,b", "?q[]=a", "?q=b&x=1&q=a"]
    ),
    *(
        get(f"/query/list-int{query}")
        for query in ["", "?q=1", "?q=1&q=x", "?q=1&q=2&q=3&q=4", "?q=", "?q=1.0&q=+1"]
    ),
    *(get(f"/query/optional-list{query}") for query in ["", "?q=1", "?q=", "?q=1&q=2"]),
    *(get(f"/query/set{query}") for query in ["", "?q=1&q=1&q=2", "?q=x"]),
    *(get(f"/query/tuple{query}") for query in ["", "?q=1&q=a", "?q=1", "?q=1&q=a&q=b", "?q=a&q=1"]),
    *(get(f"/query/alias{query}") for query in ["", "?item-query=1", "?q=1", "?item%2Dquery=2"]),
    *(
        get(f"/query/validation-alias{query}")
        for query in ["", "?other%20name=1", "?other+name=2", "?q=1", "?other+name=x"]
    ),
    *(get(f"/query/constrained{query}") for query in ["", "?q=ab", "?q=a", "?q=abcde", "?q=AB", "?q="]),
    *(get(f"/query/multiple?q={value}") for value in ["3", "4", "30", "27", "-3", "3.0"]),
    *(get(f"/query/strict?q={value}") for value in ["3", "x"]),
    *(get(f"/query/infinite?q={value}") for value in ["3", "nan", "inf", "1e400"]),
    *(get(f"/query/validators{query}") for query in ["", "?q=+ab+", "?q="]),
    *(get(f"/query/factory{query}") for query in ["", "?q=given"]),
    *(
        get(f"/query/model{query}")
        for query in ["", "?limit=5&tags=a&tags=b", "?limit=0", "?limit=x&other=1"]
    ),
]

HEADERS = [
    *(
        get("/header/str", X_Token=value)
        for value in ["a", "", " a ", "a,b", "\xe9", "\xc3\xa9", "a\tb", '"a"']
    ),
    get("/header/str"),
    repeated("/header/str", ("X-Token", "a"), ("x-token", "b")),
    *(
        get("/header/int", X_Count=value)
        for value in ["1", "+1", "1_0", "x", "", "\xb2", "1, 2", "999999999999999999999"]
    ),
    get("/header/int"),
    repeated("/header/int", ("X-Count", "1"), ("X-Count", "x")),
    get("/header/list"),
    get("/header/list", X_Token="a, b"),
    repeated("/header/list", ("X-Token", "a"), ("X-TOKEN", "b"), ("X-Token", "")),
    get("/header/list-int"),
    repeated("/header/list-int", ("X-Count", "1"), ("X-Count", "2")),
    repeated("/header/list-int", ("X-Count", "1"), ("X-Count", "x")),
    repeated("/header/underscores", ("x_token", "a")),
    repeated("/header/underscores", ("x-token", "a")),
    get("/header/alias"),
    get("/header/alias", X_Some_Name="a"),
    get("/header/alias", value="a"),
    get("/header/standard"),
    get("/header/standard", User_Agent="tests", Accept="text/html"),
    get("/header/standard", Host="example.com:8000"),
    get("/header/content", Content_Type="text/plain"),
]

COOKIES = [
    *(
        get("/cookie/str", Cookie=value)
        for value in [
            *(
                "ads=a",
                "ads=",
                "ads",
                "=ads",
                "ads=a; ads=b",
                "ads=a;ads=b",
                "x=1; ads=a=b",
                "ads = a ",
                'ads="a b"',
            ),
            *(
                'ads="a\\"b"',
                'ads="\\303\\251"',
                "ads=%20",
                "ads=a,b",
                "ADS=a",
                "ads=\xe9",
                "",
                ";",
                "ads=a b",
                "$ads=1; ads=2",
            ),
            *('ads="', 'ads=""', "ads='a'", "x; ads=a; y", "ads=a\tb"),
        ]
    ),
    get("/cookie/str"),
    repeated("/cookie/str", ("Cookie", "ads=a"), ("Cookie", "ads=b")),
    repeated("/cookie/str", ("Cookie", "x=a"), ("Cookie", "ads=b")),
    *(get("/cookie/int", Cookie=f"count={value}") for value in ["1", "x", "", "+1", '"1"', "1_0"]),
    get("/cookie/int"),
    get("/cookie/two", Cookie="a=1; B c=2"),
    get("/cookie/two", Cookie='B c="2"; a=1'),
]

ALL = [
    get("/all/1"),
    get("/all/1?q=a&q=b&flag=on", X_Token="t", Cookie="ads=c"),
    get("/all/x?flag=maybe", X_Token="t"),
    get("/all/+1?flag=1"),
]

CORPUS = [*PATH, *QUERY, *HEADERS, *COOKIES, *ALL]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_parameters(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
