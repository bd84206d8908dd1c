from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from http.cookies import CookieError
from typing import Any

import anyio.lowlevel
import pytest

from fastrapi.background import BackgroundTasks
from fastrapi.requests import ClientDisconnect
from fastrapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from .conftest import Call, body_of, headers_of

pytestmark = pytest.mark.anyio


async def test_headers_follow_from_body_and_media_type(call: Call) -> None:
    sent = await call(PlainTextResponse("é"))
    assert sent == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"2"), (b"content-type", b"text/plain; charset=utf-8")],
        },
        {"type": "http.response.body", "body": "é".encode()},
    ]


async def test_given_headers_are_kept() -> None:
    response = Response(b"abc", headers={"Content-Length": "1", "Content-Type": "a/b"}, media_type="text/x")
    assert response.raw_headers == [(b"content-length", b"1"), (b"content-type", b"a/b")]


@pytest.mark.parametrize("status", [100, 199, 204, 304])
async def test_no_length_where_http_forbids_it(status: int) -> None:
    assert Response(status_code=status).raw_headers == []


async def test_length_of_a_memoryview_is_in_bytes() -> None:
    response = Response(memoryview(b"01234567").cast("I"))
    assert response.headers["content-length"] == "8"


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\0"])
async def test_reflected_values_cannot_split_the_response(value: str) -> None:
    with pytest.raises(ValueError, match="'x-reflected'"):
        Response(headers={"x-reflected": value})
    with pytest.raises(ValueError, match="'content-type'"):
        Response(media_type=f"text/html{value}")
    with pytest.raises(ValueError, match="'set-cookie'"):
        Response().set_cookie("a", "b", path=f"/{value}")
    with pytest.raises(ValueError, match="'x-reflected'"):
        StreamingResponse(iter(()), headers={"x-reflected": value})


async def test_redirect_percent_encodes() -> None:
    location = RedirectResponse("/a b?c=é&d=%20\r\nx: y").headers["location"]
    assert location == "/a%20b?c=%C3%A9&d=%20%0D%0Ax:%20y"


async def test_json_is_compact_and_strict() -> None:
    assert JSONResponse({"a": ["é", None]}).body == '{"a":["é",null]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        JSONResponse(float("nan"))


async def test_charset_is_added_once() -> None:
    assert HTMLResponse("").headers["content-type"] == "text/html; charset=utf-8"
    response = Response(media_type="text/html; Charset=latin-1")
    assert response.headers["content-type"] == "text/html; Charset=latin-1"


async def test_changes_to_headers_are_sent(call: Call) -> None:
    response = Response()
    response.headers["x-a"] = "1"
    assert headers_of(await call(response)) == {"content-length": "0", "x-a": "1"}


@pytest.mark.parametrize(
    "expires",
    [
        datetime(2037, 1, 22, 12, 0, 10, tzinfo=UTC),
        datetime(2037, 1, 22, 14, 0, 10, tzinfo=timezone(timedelta(hours=2))),
        "Thu, 22 Jan 2037 12:00:10 GMT",
    ],
)
async def test_cookie_expiry(expires: Any) -> None:
    response = Response()
    response.set_cookie("a", "b", expires=expires)
    assert response.headers["set-cookie"] == (
        "a=b; expires=Thu, 22 Jan 2037 12:00:10 GMT; Path=/; SameSite=lax"
    )


async def test_cookie_attributes() -> None:
    response = Response()
    response.set_cookie("a", "b c", max_age=0, domain="d", secure=True, httponly=True, samesite="strict")
    assert response.headers["set-cookie"] == (
        'a="b c"; Domain=d; HttpOnly; Max-Age=0; Path=/; SameSite=strict; Secure'
    )


async def test_illegal_cookies() -> None:
    with pytest.raises(CookieError):
        Response().set_cookie("a b", "c")
    with pytest.raises(ValueError, match="UTC datetime"):
        Response().set_cookie("a", "b", expires=datetime(2037, 1, 1))
    with pytest.raises(AssertionError, match="samesite must be"):
        Response().set_cookie("a", "b", samesite="other")  # type: ignore[arg-type]


async def test_deleted_cookie_is_expired() -> None:
    response = Response()
    response.delete_cookie("a")
    assert "Max-Age=0" in response.headers["set-cookie"]


async def test_background_runs_after_the_body(call: Call) -> None:
    order: list[str] = []
    tasks = BackgroundTasks()
    tasks.add_task(order.append, "sync")

    async def task(name: str) -> None:
        order.append(name)

    tasks.add_task(task, name="async")
    sent = await call(Response(b"x", background=tasks))
    assert body_of(sent) == b"x"
    assert order == ["sync", "async"]


async def test_a_failing_background_task_ends_the_sequence(call: Call) -> None:
    order: list[str] = []

    def fail() -> None:
        order.append("fail")
        raise LookupError

    tasks = BackgroundTasks()
    tasks.add_task(fail)
    tasks.add_task(order.append, "never")
    with pytest.raises(LookupError):
        await call(Response(background=tasks))
    assert order == ["fail"]


async def test_streaming_pieces_are_sent_as_they_come(call: Call) -> None:
    sent = await call(StreamingResponse(["a", b"b", memoryview(b"c")]))
    assert [(m["body"], m["more_body"]) for m in sent[1:]] == [
        (b"a", True),
        (b"b", True),
        (b"c", True),
        (b"", False),
    ]


@pytest.mark.parametrize("spec_version", ["2.0", "2.4"])
async def test_a_stream_that_fails_does_not_look_complete(call: Call, spec_version: str) -> None:
    sent: list[dict[str, Any]] = []

    async def content() -> Any:
        yield b"a"
        raise LookupError

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def record(message: Any) -> None:
            sent.append(message)

        await StreamingResponse(content())(scope, receive, record)

    with pytest.raises(LookupError):
        await call(app, asgi={"spec_version": spec_version})
    assert [message.get("more_body") for message in sent] == [None, True]


async def test_streaming_stops_when_the_client_is_gone(call: Call) -> None:
    async def endless() -> Any:
        while True:
            yield b"x"
            await anyio.lowlevel.checkpoint()

    sent = await call(StreamingResponse(endless()), {"type": "http.disconnect"})
    assert all(message.get("more_body", True) for message in sent)


@pytest.mark.parametrize("spec_version", ["2.0", "2.4"])
async def test_a_generator_is_ended_with_its_response(call: Call, spec_version: str) -> None:
    events: list[str] = []

    async def content() -> Any:
        try:
            while True:
                yield b"x"
        finally:
            events.append("ended")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def fail(message: Any) -> None:
            if message["type"] == "http.response.body":
                raise OSError("broken pipe")

        try:
            await StreamingResponse(content())(scope, receive, fail)
        except (OSError, ClientDisconnect):
            events.append("disconnected")

    await call(app, asgi={"spec_version": spec_version})
    assert events == ["ended", "disconnected"]


async def test_a_response_on_a_websocket_refuses_it(call: Call) -> None:
    sent = await call(PlainTextResponse("no", status_code=401), type="websocket")
    assert [message["type"] for message in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
