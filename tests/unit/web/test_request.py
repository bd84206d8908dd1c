from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.datastructures import Address
from fastrapi.formparsers import MultiPartException
from fastrapi.requests import ClientDisconnect, HTTPConnection, Request, cookie_parser

pytestmark = pytest.mark.anyio

Message = dict[str, Any]


def make_request(*messages: Message, headers: Iterable[tuple[bytes, bytes]] = (), **scope: Any) -> Request:
    incoming = list(messages)

    async def receive() -> Message:
        return incoming.pop(0)

    full_scope = {
        "type": "http",
        "method": "POST",
        "path": "/a",
        "query_string": b"",
        "headers": list(headers),
        **scope,
    }
    return Request(full_scope, receive)


def body(content: bytes, more_body: bool = False) -> Message:
    return {"type": "http.request", "body": content, "more_body": more_body}


async def test_body_is_read_once() -> None:
    request = make_request(body(b"a", True), body(b"", True), body(b"b"))
    assert await request.body() == b"ab"
    assert await request.body() == b"ab"
    assert [chunk async for chunk in request.stream()] == [b"ab", b""]


async def test_a_streamed_body_cannot_be_read_again() -> None:
    request = make_request(body(b"a"))
    assert [chunk async for chunk in request.stream()] == [b"a", b""]
    with pytest.raises(RuntimeError, match="Stream consumed"):
        await request.body()


async def test_message_without_body() -> None:
    assert await make_request({"type": "http.request"}).body() == b""


async def test_client_that_goes_away_while_sending() -> None:
    request = make_request(body(b"a", True), {"type": "http.disconnect"})
    with pytest.raises(ClientDisconnect):
        await request.body()
    assert await request.is_disconnected()


async def test_json_is_parsed_once() -> None:
    request = make_request(body(b'{"a": 1}'))
    assert await request.json() is await request.json()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
async def test_invalid_json(content: bytes) -> None:
    # JSONDecodeError or UnicodeDecodeError
    with pytest.raises(ValueError, match=r"Expecting|codec"):
        await make_request(body(content)).json()


async def test_channels_that_are_missing() -> None:
    request = Request({"type": "http", "extensions": {"http.response.push": {}}, "headers": []})
    with pytest.raises(RuntimeError, match="Receive channel has not been made available"):
        await request.body()
    with pytest.raises(RuntimeError, match="Send channel has not been made available"):
        await request.send_push_promise("/a")


URLENCODED = (b"content-type", b"application/x-www-form-urlencoded")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=B")


async def test_form_of_another_media_type_is_empty() -> None:
    request = make_request(body(b"{}"), headers=[(b"content-type", b"application/json")])
    assert len(await request.form()) == 0
    assert await request.body() == b"{}"


async def test_form_is_parsed_once_and_closed() -> None:
    content = b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n1\r\n--B--'
    request = make_request(body(content), headers=[MULTIPART])
    async with request.form() as form:
        assert form is await request.form()
    file: Any = form["f"]
    assert file.file.closed


@pytest.mark.parametrize(
    ("header", "content"), [(MULTIPART, b"malformed"), (URLENCODED, b"&".join([b"a"] * 1001))]
)
async def test_a_malformed_form_is_the_clients_fault(header: tuple[bytes, bytes], content: bytes) -> None:
    with pytest.raises(MultiPartException):
        await make_request(body(content), headers=[header]).form()
    with pytest.raises(HTTPException) as caught:
        await make_request(body(content), headers=[header], app=object()).form()
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=b; c=d", {"a": "b", "c": "d"}),
        ("a=b; a=c", {"a": "c"}),
        ("unnamed", {"": "unnamed"}),
        ("a=b=c", {"a": "b=c"}),
        (" ; = ; a = ", {"a": ""}),
        ('a="b\\073\\"c\\\\"', {"a": 'b;"c\\'}),
        ('a="', {"a": '"'}),
    ],
)
async def test_cookie_parser(header: str, cookies: dict[str, str]) -> None:
    assert cookie_parser(header) == cookies


async def test_cookies_of_several_headers() -> None:
    request = make_request(headers=[(b"cookie", b"a=1; b=2"), (b"cookie", b"b=3")])
    assert request.cookies == {"a": "1", "b": "3"}


async def test_state_is_shared_by_all_views_of_a_scope() -> None:
    request = make_request(state={"from_lifespan": 1})
    request.state.mine = 2
    other: HTTPConnection = HTTPConnection(request.scope)
    assert (other.state.from_lifespan, other.state.mine) == (1, 2)


async def test_base_url() -> None:
    request = make_request(
        headers=[(b"host", b"h")], root_path="/api/sub", app_root_path="/api", path="/api/sub/x"
    )
    assert str(request.base_url) == "http://h/api/"
    assert str(request.url) == "http://h/api/sub/x"


async def test_what_middleware_has_to_provide() -> None:
    request = make_request()
    for name, middleware in [
        ("session", "SessionMiddleware"),
        ("auth", "AuthenticationMiddleware"),
        ("user", "AuthenticationMiddleware"),
    ]:
        with pytest.raises(AssertionError, match=f"{middleware} must be installed"):
            getattr(request, name)


async def test_url_for_needs_a_router() -> None:
    with pytest.raises(RuntimeError, match="inside a Starlette application or with a router"):
        make_request().url_for("name")


async def test_scope_is_what_a_request_shows_as_a_mapping() -> None:
    request = make_request(client=["h", 1])
    assert dict(request) == request.scope
    assert request.client == Address("h", 1)
    assert request != make_request(client=["h", 1])
    assert {request: 1}[request] == 1


async def test_early_hints_and_push_are_sent_if_the_server_can() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"accept", b"a"), (b"x-other", b"b")]}
    request: Request = Request(scope, send=send)
    await request.send_early_hints("<a>")
    await request.send_push_promise("/a")
    assert sent == []
    scope["extensions"] = {"http.response.early_hint": {}, "http.response.push": {}}  # type: ignore[assignment]
    await request.send_early_hints("<a>", "<b>")
    await request.send_push_promise("/a")
    assert sent == [
        {"type": "http.response.early_hint", "links": [b"<a>", b"<b>"]},
        {"type": "http.response.push", "path": "/a", "headers": [(b"accept", b"a")]},
    ]
