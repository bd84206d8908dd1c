"""The application under test, and who runs its requests."""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from fastrapi._utils import is_async_callable
from fastrapi.types import Receive, Scope, Send

ASGIInstance = Callable[[Receive, Send], Awaitable[None]]
ASGI2App = Callable[[Scope], ASGIInstance]
ASGI3App = Callable[[Scope, Receive, Send], Awaitable[None]]


def as_asgi3(app: ASGI2App | ASGI3App) -> ASGI3App:
    """The application with the interface of ASGI 3.

    One of ASGI 2 is a sync function, or a class whose instances are not awaitable (class endpoints are).
    """
    if hasattr(app, "__await__") if inspect.isclass(app) else is_async_callable(app):
        return cast(ASGI3App, app)
    asgi2 = cast(ASGI2App, app)

    async def asgi3(scope: Scope, receive: Receive, send: Send) -> None:
        await asgi2(scope)(receive, send)

    return asgi3


class Executor(Protocol):
    """Runs one HTTP request of the test client.

    It is called on the event loop that also runs the application's lifespan, and has the interface of an
    ASGI application: the request is in `scope` and behind `receive`, the response goes to `send`.
    """

    def __call__(self, scope: Scope, receive: Receive, send: Send, /) -> Awaitable[None]: ...


def executor_for(app: ASGI3App, backend: str) -> Executor:
    """Who runs the HTTP requests to `app`.

    An application of the framework takes the path that it takes when it is served, where the extension module
    is there and the backend is asyncio. `FASTRAPI_TEST_LANE=general` in the environment turns that off.
    """
    if backend != "asyncio" or os.environ.get("FASTRAPI_TEST_LANE") == "general":
        return app
    from fastrapi.applications import FastAPI

    if not isinstance(app, FastAPI) or importlib.util.find_spec("fastrapi._core") is None:
        return app
    from fastrapi.testclient.direct import DirectExecutor

    return DirectExecutor(app)
