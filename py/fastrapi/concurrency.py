"""Blocking code in asynchronous applications: threads for calls, iterators and context managers."""

from __future__ import annotations

import functools
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Final, ParamSpec, TypeVar

import anyio
import anyio.to_thread

from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning

__all__ = [
    "asynccontextmanager",
    "contextmanager_in_threadpool",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "run_until_first_complete",
]

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_threadpool(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls `func` in a worker thread, with a copy of the caller's context variables."""
    return await anyio.to_thread.run_sync(functools.partial(func, *args, **kwargs))


_EXHAUSTED: Final[Any] = object()


async def iterate_in_threadpool(iterator: Iterable[T]) -> AsyncIterator[T]:
    """Iterates in worker threads, one call for each item."""
    as_iterator: Iterator[T] = iter(iterator)
    while True:
        # A default instead of StopIteration, which cannot pass through a coroutine (PEP 479).
        item = await anyio.to_thread.run_sync(next, as_iterator, _EXHAUSTED)
        if item is _EXHAUSTED:
            return
        yield item


async def _exit_in_thread(cm: AbstractContextManager[Any], error: BaseException | None) -> bool:
    """Leaves `cm` whatever happens to the task meanwhile; whether it handled the error."""
    # A thread of its own rather than one of the default limiter: if all of those were held by calls that
    # wait for what this exit releases, neither would ever go on.
    limiter = anyio.CapacityLimiter(1)
    details = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    handled = False
    with anyio.CancelScope(shield=True):
        handled = bool(await anyio.to_thread.run_sync(cm.__exit__, *details, limiter=limiter))
    return handled


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[T]) -> AsyncGenerator[T, None]:
    """A blocking context manager as an asynchronous one.

    Its exit runs even if the task is cancelled.
    """
    value = await run_in_threadpool(cm.__enter__)
    try:
        yield value
    except BaseException as error:
        if not await _exit_in_thread(cm, error):
            raise
    else:
        await _exit_in_thread(cm, None)


async def run_until_first_complete(
    *args: tuple[Callable[..., Coroutine[Any, Any, Any]], dict[str, Any]],
) -> None:
    """Runs functions at the same time and cancels the others as soon as one has returned.

    Deprecated: use an `anyio` task group.
    """
    warnings.warn(
        "run_until_first_complete is deprecated and will be removed in a future version.",
        StarletteDeprecationWarning,
        stacklevel=2,
    )
    async with anyio.create_task_group() as task_group:

        async def run(func: Callable[[], Coroutine[Any, Any, Any]]) -> None:
            await func()
            task_group.cancel_scope.cancel()

        for func, kwargs in args:
            task_group.start_soon(run, functools.partial(func, **kwargs))
