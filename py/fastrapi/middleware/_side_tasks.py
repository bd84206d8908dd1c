"""Tasks beside the one that starts them, which waits for them in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from types import TracebackType
from typing import Any, Protocol, Self

import anyio

_Work = Callable[[], Coroutine[Any, Any, None]]


class SideTasks(Protocol):
    """What `side_tasks` returns, entered as an async context manager. Leaving it waits for the tasks."""

    def start(self, work: _Work, context: Context, *, is_short: bool = False) -> None:
        """Starts a task in the context, whose work raises nothing but what is no `Exception`.

        If it `is_short`, it does not ask for the current task before it waits for something.
        """

    def cancel(self) -> None:
        """Cancels all tasks."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None: ...


def side_tasks() -> SideTasks:
    """No tasks yet, for the event loop that runs."""
    loop = asyncio._get_running_loop()
    return _AnyioTasks() if loop is None else _AsyncioTasks(loop)


class _AnyioTasks:
    """A task group of anyio, for the event loops of other libraries."""

    def __init__(self) -> None:
        self._group = anyio.create_task_group()

    def start(self, work: _Work, context: Context, *, is_short: bool = False) -> None:
        context.run(self._group.start_soon, work)

    def cancel(self) -> None:
        self._group.cancel_scope.cancel()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._group.__aexit__(kind, error, traceback)


class _AsyncioTasks:
    """Tasks of asyncio that begin at once: what need not wait is done when `start` returns.

    A task group costs more than most applications, and its tasks begin in the next turn of the loop.
    """

    __slots__ = ("_ended", "_loop", "_running", "_tasks")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: list[asyncio.Task[None]] = []
        self._running = 0
        self._ended: asyncio.Future[None] | None = None

    def start(self, work: _Work, context: Context, *, is_short: bool = False) -> None:
        self._running += 1
        begun = _Begun(self._run(work))
        if is_short and context.run(begun.begin):
            return
        task = asyncio.Task(begun, loop=self._loop, context=context)
        self._tasks.append(task)
        if not is_short:
            _begin_as(task, begun, context)

    async def _run(self, work: _Work) -> None:
        try:
            await work()
        finally:
            self._running -= 1
            if not self._running and self._ended is not None and not self._ended.done():
                self._ended.set_result(None)

    def cancel(self) -> None:
        if self._running:
            for task in self._tasks:
                task.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.cancel()
        cancellation = None
        while self._running:
            self._ended = self._loop.create_future()
            try:
                await self._ended
            except asyncio.CancelledError as raised:
                cancellation = raised
                self.cancel()
        if cancellation is not None and error is None:
            raise cancellation


class _Begun(Coroutine[Any, Any, None]):
    """A coroutine whose first step is taken by `begin`, and the others by a task."""

    __slots__ = ("_awaited", "_coroutine", "_is_new", "_outcome")

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine
        self._awaited: Any = None
        self._outcome: BaseException | None = None
        self._is_new = True

    def begin(self) -> bool:
        """Goes to where the coroutine has to wait; returns whether nothing is left for a task."""
        try:
            self._awaited = self._coroutine.send(None)
        except StopIteration as end:
            self._outcome = end
            return True
        except BaseException as error:
            self._outcome = error
        return False

    def __await__(self) -> Any:
        return self

    def send(self, value: Any) -> Any:
        return self._first() if self._is_new else self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        if self._is_new:
            # Cancelled before the task knew what it waits for.
            awaited = self._first()
            if awaited is not None and awaited.cancel():
                return awaited
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def _first(self) -> Any:
        self._is_new = False
        if self._outcome is not None:
            raise self._outcome
        awaited, self._awaited = self._awaited, None
        return awaited


def _begin_as(task: asyncio.Task[None], begun: _Begun, context: Context) -> None:
    """Takes the first step as if `task` took it."""
    loop = task.get_loop()
    starting = asyncio.current_task(loop)
    # The interface for makers of tasks: https://docs.python.org/3.11/library/asyncio-extending.html
    if starting is not None:
        asyncio._leave_task(loop, starting)
    asyncio._enter_task(loop, task)
    try:
        context.run(begun.begin)
    finally:
        asyncio._leave_task(loop, task)
        if starting is not None:
            asyncio._enter_task(loop, starting)
