"""Lifespans of routers: handlers of startup and shutdown, and merging when routers are included."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastrapi.routing.router import APIRouter

ON_EVENT_DEPRECATED = """
        on_event is deprecated, use lifespan event handlers instead.

        Read more about it in the
        [FastAPI docs for Lifespan Events](https://fastapi.tiangolo.com/advanced/events/).
        """

LifespanContext = Callable[[Any], AbstractAsyncContextManager[Any]]


async def run_event_handlers(handlers: list[Callable[[], Any]]) -> None:
    """Call handlers one after the other; those that return an awaitable are awaited."""
    for handler in handlers:
        result = handler()
        if inspect.isawaitable(result):
            await result


def lifespan_manager(lifespan: Callable[[Any], Any]) -> LifespanContext:
    """A lifespan as a function that returns an asynchronous context manager.

    Generator functions are accepted as if they had the decorator of a context manager.
    """
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        blocking = contextmanager(lifespan)

        @asynccontextmanager
        async def lifted(app: Any) -> AsyncIterator[Any]:
            with blocking(app) as state:
                yield state

        return lifted
    return lifespan


class HandlersLifespan:
    """The lifespan of a router that has none: its handlers of startup and shutdown."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[None]:
        await run_event_handlers(self._router.on_startup)
        yield
        await run_event_handlers(self._router.on_shutdown)


def merged_lifespan(outer: LifespanContext, inner: LifespanContext) -> LifespanContext:
    """One lifespan of two, the inner one inside; so is the state that they yield, the outer's wins."""

    @asynccontextmanager
    async def merged(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with outer(app) as outer_state, inner(app) as inner_state:
            if outer_state is None and inner_state is None:
                yield None
            else:
                yield {**(inner_state or {}), **(outer_state or {})}

    return merged
