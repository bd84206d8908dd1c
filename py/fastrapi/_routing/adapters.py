"""ASGI applications made of functions that take a `Request` or a `WebSocket`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastrapi._exception_handler import wrap_app_handling_exceptions
from fastrapi._utils import is_async_callable
from fastrapi.concurrency import run_in_threadpool
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.types import ASGIApp, Receive, Scope, Send
from fastrapi.websockets import WebSocket


def request_response(func: Callable[[Request[Any]], Awaitable[Response] | Response]) -> ASGIApp:
    """The ASGI application that answers with what `func` returns. A sync `func` runs in a thread."""
    if is_async_callable(func):
        respond: Callable[[Request[Any]], Awaitable[Response]] = func
    else:

        def respond(request: Request[Any]) -> Awaitable[Response]:
            return run_in_threadpool(func, request)  # type: ignore[arg-type]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request: Request[Any] = Request(scope, receive, send)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await respond(request)
            await response(scope, receive, send)

        await wrap_app_handling_exceptions(answer, request)(scope, receive, send)

    return app


def websocket_session(func: Callable[[WebSocket[Any]], Awaitable[None]]) -> ASGIApp:
    """The ASGI application that hands the connection to `func`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        session: WebSocket[Any] = WebSocket(scope, receive=receive, send=send)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await func(session)

        await wrap_app_handling_exceptions(serve, session)(scope, receive, send)

    return app
