from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from fastrapi._utils import create_collapsing_task_group
from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning
from fastrapi.concurrency import (
    contextmanager_in_threadpool,
    iterate_in_threadpool,
    run_in_threadpool,
    run_until_first_complete,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_calls_run_in_a_thread_with_the_callers_context() -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("value")

    def function(prefix: str, *, suffix: str) -> tuple[str, int]:
        return prefix + variable.get() + suffix, threading.get_ident()

    text, thread = await run_in_threadpool(function, "<", suffix=">")
    assert text == "<value>"
    assert thread != threading.get_ident()


async def test_iteration_in_threads() -> None:
    assert [item async for item in iterate_in_threadpool([1, None, 3])] == [1, None, 3]


async def test_errors_of_an_iterator_are_passed_on() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError

    iterator = iterate_in_threadpool(items())
    assert await anext(iterator) == 1
    with pytest.raises(LookupError):
        await anext(iterator)


@contextmanager
def recording(events: list[str]) -> Iterator[str]:
    events.append("enter")
    try:
        yield "value"
    except LookupError:
        events.append("handled")
    finally:
        events.append("exit")


async def test_context_manager_in_threads() -> None:
    events: list[str] = []
    async with contextmanager_in_threadpool(recording(events)) as value:
        events.append(value)
    assert events == ["enter", "value", "exit"]


async def test_context_manager_may_handle_errors() -> None:
    events: list[str] = []
    async with contextmanager_in_threadpool(recording(events)):
        raise LookupError
    assert events == ["enter", "handled", "exit"]
    with pytest.raises(ValueError, match="other"):
        async with contextmanager_in_threadpool(recording(events)):
            raise ValueError("other")


async def test_context_manager_exits_when_cancelled() -> None:
    events: list[str] = []
    with anyio.CancelScope() as scope:
        async with contextmanager_in_threadpool(recording(events)):
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert events == ["enter", "exit"]


async def test_exits_need_no_thread_of_the_default_limiter() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    events: list[str] = []
    async with contextmanager_in_threadpool(recording(events)):
        tokens = [object() for _ in range(int(limiter.available_tokens))]
        for token in tokens:
            limiter.acquire_on_behalf_of_nowait(token)
    assert events == ["enter", "exit"]
    for token in tokens:
        limiter.release_on_behalf_of(token)


async def test_the_first_to_complete_cancels_the_others() -> None:
    events: list[str] = []

    async def fast() -> None:
        events.append("fast")

    async def slow(name: str) -> None:
        await anyio.sleep_forever()
        events.append(name)

    with pytest.warns(StarletteDeprecationWarning, match="run_until_first_complete is deprecated"):
        await run_until_first_complete((fast, {}), (slow, {"name": "slow"}))
    assert events == ["fast"]


async def test_task_group_raises_a_single_failure_as_itself() -> None:
    with pytest.raises(LookupError) as caught:
        async with create_collapsing_task_group():
            raise LookupError from ValueError("cause")
    assert isinstance(caught.value.__cause__, ValueError)

    async def fail() -> None:
        raise LookupError

    async def fail_twice() -> None:
        async with create_collapsing_task_group() as task_group:
            task_group.start_soon(fail)
            raise LookupError

    with pytest.raises(ExceptionGroup) as group:
        await fail_twice()
    assert len(group.value.exceptions) == 2
