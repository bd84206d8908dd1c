from __future__ import annotations

from typing import Any

import pytest

from fastrapi import status
from fastrapi._exception_handler import wrap_app_handling_exceptions
from fastrapi.compat.starlette import status as status_of_starlette
from fastrapi.compat.starlette.exceptions import (
    HTTPException,
    StarletteDeprecationWarning,
    WebSocketException,
)
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse

pytestmark = pytest.mark.anyio


async def test_texts() -> None:
    assert str(HTTPException(404)) == "404: Not Found"
    assert str(HTTPException(499)) == "499: "
    assert repr(HTTPException(404, "a")) == "HTTPException(status_code=404, detail='a')"
    assert str(WebSocketException(1008, "a")) == "1008: a"
    assert repr(WebSocketException(1008)) == "WebSocketException(code=1008, reason='')"


async def test_renamed_status_codes() -> None:
    assert status_of_starlette is status
    with pytest.warns(StarletteDeprecationWarning, match="Use 'HTTP_422_UNPROCESSABLE_CONTENT' instead"):
        assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422
    assert "HTTP_422_UNPROCESSABLE_ENTITY" in dir(status)
    with pytest.raises(AttributeError, match="has no attribute 'HTTP_999'"):
        status.HTTP_999  # noqa: B018


class CustomError(LookupError):
    pass


async def handled(error: Exception, *, started: bool = False) -> list[Any]:
    """What is sent if an application fails that has handlers for 404 and for two classes."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    async def of_status(request: Any, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("status")

    def of_class(request: Any, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("class")

    def nothing(request: Any, error: Exception) -> None:
        return None

    handlers = {LookupError: of_class, HTTPException: of_class, ValueError: nothing}
    scope = {"type": "http", "starlette.exception_handlers": (handlers, {404: of_status})}
    await wrap_app_handling_exceptions(app, Request(scope))(scope, receive, send)
    return [message.get("body") for message in sent]


async def test_the_nearest_handler_counts() -> None:
    assert await handled(HTTPException(404)) == [None, b"status"]
    assert await handled(HTTPException(400)) == [None, b"class"]
    assert await handled(CustomError()) == [None, b"class"]
    assert await handled(ValueError()) == []


async def test_errors_without_a_handler_are_passed_on() -> None:
    with pytest.raises(TypeError, match="other"):
        await handled(TypeError("other"))


async def test_a_response_that_has_begun_cannot_be_replaced() -> None:
    with pytest.raises(
        RuntimeError, match="Caught handled exception, but response already started"
    ) as caught:
        await handled(CustomError(), started=True)
    assert isinstance(caught.value.__cause__, CustomError)


async def test_a_shared_exception_does_not_keep_its_requests() -> None:
    error = CustomError()
    await handled(error)
    assert error.__traceback__ is None
