from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest

from fastrapi.middleware.gzip import GZipMiddleware, accepts_gzip
from fastrapi.responses import PlainTextResponse, Response, StreamingResponse
from fastrapi.testclient import TestClient
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

BODY = "x" * 4000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;Q=0", False),
        ("gzip;q=nonsense", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("identity, *;q=0", False),
        ("gzippy", False),
        ("identity", False),
        ("", False),
    ],
)
def test_accepts_gzip(header: str, expected: bool) -> None:
    assert accepts_gzip(header) is expected


def get(app: ASGIApp, accept: str = "gzip") -> tuple[Response, bytes]:
    """The head of the response and its body as sent."""
    with TestClient(GZipMiddleware(app)).stream("GET", "/", headers={"accept-encoding": accept}) as response:
        raw = b"".join(response.iter_raw())
    return response, raw  # type: ignore[return-value]


def test_refused_gzip_is_not_sent() -> None:
    response, raw = get(PlainTextResponse(BODY), "gzip;q=0")
    assert raw == BODY.encode()
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"


def test_whole_body_has_its_compressed_length() -> None:
    response, raw = get(PlainTextResponse(BODY))
    assert gzip.decompress(raw) == BODY.encode()
    assert response.headers["content-length"] == str(len(raw))


def test_streamed_body_has_no_length() -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "a" * 10
        yield "b" * 10

    response, raw = get(StreamingResponse(chunks(), headers={"Content-Length": "20"}))
    assert gzip.decompress(raw) == b"a" * 10 + b"b" * 10
    assert "content-length" not in response.headers


@pytest.mark.parametrize("response", [Response(status_code=204), Response(BODY, status_code=206)])
def test_left_alone(response: Response) -> None:
    answer, _ = get(response)
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_one_responder_serves_requests_at_the_same_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["path"] * 1000)(scope, receive, send)

    client = TestClient(GZipMiddleware(app))
    with client.stream("GET", "/a") as first, client.stream("GET", "/b") as second:
        assert second.read() == b"/b" * 1000
        assert first.read() == b"/a" * 1000


@pytest.mark.anyio
async def test_failing_application_sends_no_head() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("no body")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise NotImplementedError

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", b"gzip")]}
    with pytest.raises(RuntimeError, match="no body"):
        await GZipMiddleware(app)(scope, receive, send)
    assert sent == []
