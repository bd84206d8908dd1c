"""Response objects, streams, files, background tasks."""

from __future__ import annotations

import pytest
from calls import Call, call, get, grouped
from lanes import Lanes

APP = "responses_app:app"

NAMES = """
plain html json json-type response bytes memoryview text-type charset content-type 204 204-content 304 205
418 599 100 cookies shouting own redirect redirect-303 length-right length-short length-long date connection
header-injection header-name unencodable large
""".split()  # noqa: SIM905
RANGES = [
    *(
        "bytes=0-9",
        "bytes=10-",
        "bytes=-5",
        "bytes=0-0",
        "bytes=0-99999",
        "bytes=5-2",
        "bytes=99999-",
        "bytes=0-1,4-5",
    ),
    *(
        "bytes=0-1, 3-4,1-3",
        "bytes=",
        "bytes=x",
        "items=0-1",
        "bytes=-0",
        "bytes=-99999",
        "bytes=1-2-3",
        "0-5",
        "Bytes=0-1",
    ),
]

CORPUS = [
    *(get(f"/{path}/{name}") for path in ("sync", "task", "typed") for name in NAMES),
    *(
        call(method, f"/any-method/{name}")
        for method in ("HEAD", "POST", "OPTIONS", "DELETE", "PUT")
        for name in ("plain", "json", "204", "own", "large", "length-long", "redirect")
    ),
    *(
        call(method, f"/any-method-{name}")
        for method in ("GET", "HEAD", "PUT")
        for name in ("result", "file")
    ),
    *(
        get(f"/mixed/{name}").having(1)
        for name in ["dict", "plain", "json", "204", "cookies", "shouting", "redirect", "304"]
    ),
    get("/mixed/own"),
    *(get(f"/sub-response{query}") for query in ("", "?kind=%C3%A9")),
    get("/sub-response-length"),
    *(
        get(f"/class-{name}")
        for name in ["html", "shouting", "own", "redirect", "file", "response", "response-dict"]
    ),
    get("/file"),
    *(get("/file", Range=value) for value in RANGES),
    get("/file", Range="bytes=0-4", If_Range='"other"'),
    get("/file", Range="bytes=0-4", If_Range="Thu, 01 Jan 1970 00:00:00 GMT"),
    get("/file", If_None_Match="*"),
    call("HEAD", "/file"),
    *(
        get(f"/file-{name}")
        for name in ["download", "download?name=a%22b.txt&inline=true", "missing", "directory"]
    ),
    get("/stream/sync"),
    get("/stream/async").having(1),
    get("/stream/async?count=0").having(1),
    get("/stream/length"),
    get("/stream/broken"),
    *(get(f"/yield/{name}") for name in ["json", "json-sync", "events", "raw-events", "bytes"]),
    get("/background/tasks").having(4),
    *(get(f"/background/{name}").having(2) for name in ["sync", "several", "dependency"]),
    *(get(f"/background/{name}").having(1) for name in ["own", "response", "failing", "exception", "file"]),
    get("/background/none"),
    get("/cookies/echo", Cookie='a=1; b="x"; c'),
    *(get(f"/defaults/{name}") for name in ["text", "json"]),
]


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_responses(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
