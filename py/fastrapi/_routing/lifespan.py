"""The lifespan protocol of ASGI, and the forms in which an application may give its lifespan."""

from __future__ import annotations

import contextlib
import inspect
import traceback
import warnings
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning
from fastrapi.types import Receive, Scope, Send

LifespanContext = Callable[[Any], AbstractAsyncContextManager[Any]]


@contextlib.asynccontextmanager
async def no_lifespan(app: object) -> AsyncIterator[None]:
    """The lifespan of an application that has none."""
    yield


def lifespan_context(lifespan: Callable[[Any], Any] | None) -> LifespanContext:
    """The lifespan as a function that returns an async context manager.

    A generator function is accepted as one that lacks its `contextmanager` decorator, with a warning.
    """
    if lifespan is None:
        return no_lifespan
    if inspect.isasyncgenfunction(lifespan):
        _warn_generator("async generator")
        return contextlib.asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        _warn_generator("generator")
        return _lift(lifespan)
    return lifespan


def _warn_generator(kind: str) -> None:
    warnings.warn(
        f"{kind} function lifespans are deprecated, use an @contextlib.asynccontextmanager function instead",
        StarletteDeprecationWarning,
        stacklevel=4,
    )


def _lift(lifespan: Callable[[Any], Generator[Any, Any, Any]]) -> LifespanContext:
    sync_context = contextlib.contextmanager(lifespan)

    @contextlib.asynccontextmanager
    async def context(app: Any) -> AsyncIterator[Any]:
        with sync_context(app) as state:
            yield state

    return context


async def serve_lifespan(context: LifespanContext, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a lifespan scope: enters the context at startup, leaves it at shutdown.

    Raises:
        RuntimeError: The lifespan yields state and the server's scope has no place for it.
    """
    phase = "startup"
    await receive()
    try:
        async with context(scope.get("app")) as state:
            if state is not None:
                if "state" not in scope:
                    raise RuntimeError('The server does not support "state" in the lifespan scope.')
                scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            phase = "shutdown"
            await receive()
    except BaseException:
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
