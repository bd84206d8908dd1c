"""Forms and files."""

from __future__ import annotations

import pytest
from calls import Call, call, form, grouped, multipart, post, raw
from lanes import Lanes

APP = "forms_app:app"

CORPUS = [
    *(
        form(path, body)
        for path in ("/fields", "/optional", "/lists", "/model", "/alias", "/both/1", "/json-or-not")
        for body in [
            *(
                "",
                "name=a",
                "name=a&age=5&flag=on",
                "name=&age=",
                "name=a&age=x&flag=x",
                "tags=a&tags=b&numbers=1&numbers=2",
                "some-name=ab",
            ),
            *(
                "name=a+b%20%C3%A9&tags=",
                "name=%ff&some-name=a",
                "name=a&name=b&age=1&age=2",
                "name",
                "=a&name=b",
                "name=a;age=5",
                "&&name=a&",
            ),
        ]
    ),
    post("/fields", {"name": "a"}),
    call("POST", "/fields"),
    raw("/fields", "name=a", "text/plain"),
    raw("/fields", "name=a", None),
    raw("/fields", "name=a", "application/x-www-form-urlencoded; charset=latin-1"),
    multipart("/fields", ("name", None, None, b"a"), ("age", None, None, b"5")),
    multipart("/fields", ("name", "f.txt", "text/plain", b"a")),
    multipart("/file", ("file", "a.txt", "text/plain", b"content \xff")),
    multipart("/file", ("file", "é.bin", None, b"")),
    multipart("/file", ("file", "", None, b"x")),
    multipart("/file", ("file", None, None, b"field")),
    multipart("/file", ("other", "a", None, b"x")),
    multipart("/file"),
    multipart("/file", ("file", "large", "application/octet-stream", b"0123456789" * 200_000)),
    multipart("/bytes", ("file", "a.txt", "text/plain", b"\x00\xff")),
    multipart("/bytes", ("file", None, None, b"field")),
    multipart("/optional-file"),
    multipart("/optional-file", ("file", "a", None, b"")),
    form("/optional-file", ""),
    form("/optional-file", "file=x"),
    call("POST", "/optional-file"),
    multipart("/files", ("files", "a", None, b"1"), ("files", "b", "x/y", b"2"), ("note", None, None, b"n")),
    multipart("/files", ("note", None, None, b"n")),
    raw("/file", b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    raw("/file", b"", "multipart/form-data; boundary=x"),
    raw("/file", b"--x--\r\n", "multipart/form-data"),
    raw("/file", b"--x\r\n\r\na\r\n--x--\r\n", "multipart/form-data; boundary=x"),
]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_forms(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
