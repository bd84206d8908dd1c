from __future__ import annotations

from typing import Any

import pytest

from fastrapi.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    BaseUser,
    SimpleUser,
    UnauthenticatedUser,
    requires,
)
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.requests import Request
from fastrapi.websockets import WebSocket

pytestmark = pytest.mark.anyio


def make_request(*scopes: str) -> Request:
    return Request({"type": "http", "headers": [], "auth": AuthCredentials(scopes)})


async def asynchronous(prefix: str, request: Request) -> str:
    return prefix


def synchronous(prefix: str, request: Request) -> str:
    return prefix


async def test_scopes_are_required() -> None:
    guarded_async = requires(["a", "b"])(asynchronous)
    guarded_sync = requires("a", status_code=404)(synchronous)
    assert await guarded_async("x", make_request("a", "b")) == "x"
    assert await guarded_async("x", request=make_request("b", "a")) == "x"
    assert guarded_sync("x", make_request("a")) == "x"
    with pytest.raises(HTTPException) as refused:
        await guarded_async("x", make_request("a"))
    assert refused.value.status_code == 403
    with pytest.raises(HTTPException) as hidden:
        guarded_sync("x", make_request())
    assert hidden.value.status_code == 404
    assert guarded_async.__name__ == "asynchronous"


async def test_redirect_remembers_the_url() -> None:
    class Router:
        def url_path_for(self, name: str, **path_params: Any) -> Any:
            from fastrapi.datastructures import URLPath

            return URLPath(f"/{name}")

    request = make_request()
    request.scope.update(router=Router(), path="/wanted", query_string=b"a=1", headers=[(b"host", b"h")])
    response = requires("a", redirect="login")(synchronous)("x", request)
    assert response.status_code == 303
    assert response.headers["location"] == "http://h/login?next=http%3A%2F%2Fh%2Fwanted%3Fa%3D1"


async def test_websockets_are_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    @requires("a")
    async def endpoint(websocket: WebSocket) -> None:
        sent.append("called")

    for scopes in ([], ["a"]):
        scope = {"type": "websocket", "auth": AuthCredentials(scopes)}
        await endpoint(WebSocket(scope, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000, "reason": ""}, "called"]


async def test_the_connection_has_to_be_a_parameter() -> None:
    with pytest.raises(TypeError, match='No "request" or "websocket" argument'):
        requires("a")(lambda: None)
    with pytest.raises(AssertionError, match="is required to be of type 'Request' not 'str'"):
        requires("a")(synchronous)("x", "y")  # type: ignore[arg-type]


async def test_users() -> None:
    user = SimpleUser("name")
    assert (user.is_authenticated, user.display_name, user.identity) == (True, "name", "name")
    nobody = UnauthenticatedUser()
    assert (nobody.is_authenticated, nobody.display_name, nobody.identity) == (False, "", "")
    for name in ("is_authenticated", "display_name", "identity"):
        with pytest.raises(NotImplementedError):
            getattr(BaseUser(), name)
    with pytest.raises(NotImplementedError):
        await AuthenticationBackend().authenticate(make_request())
