"""Tasks that begin at once, beside the one that starts them."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context

import anyio
import anyio.lowlevel
import pytest

from fastrapi.middleware._side_tasks import side_tasks

variable: ContextVar[str] = ContextVar("variable", default="outside")
pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_leaving_waits_for_the_tasks() -> None:
    events: list[str] = []

    async def work() -> None:
        events.append("begin")
        await anyio.sleep(0.01)
        events.append("end")

    async with side_tasks() as tasks:
        tasks.start(work, copy_context())
        tasks.start(work, copy_context())
    assert events == ["begin", "begin", "end", "end"]


async def test_cancelled_tasks_end_their_waiting() -> None:
    events: list[str] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            events.append("cancelled")

    async with side_tasks() as tasks:
        tasks.start(work, copy_context())
        await anyio.lowlevel.checkpoint()
        tasks.cancel()
    assert events == ["cancelled"]


async def test_an_error_and_a_timeout_cancel_the_tasks() -> None:
    events: list[str] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            events.append("cancelled")

    with anyio.move_on_after(0.01) as scope:
        async with side_tasks() as tasks:
            tasks.start(work, copy_context())
    assert scope.cancelled_caught
    assert events == ["cancelled"]


async def test_context_variables_stay_inside() -> None:
    async def work() -> None:
        variable.set("inside")
        await anyio.lowlevel.checkpoint()
        assert variable.get() == "inside"

    async with side_tasks() as tasks:
        tasks.start(work, copy_context())
        assert variable.get() == "outside"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
class TestOnAsyncio:
    async def test_the_first_step_is_taken_at_once_as_the_own_task(self) -> None:
        seen: list[asyncio.Task[object] | None] = []
        starting = asyncio.current_task()

        async def work() -> None:
            seen.append(asyncio.current_task())
            await asyncio.sleep(0)
            seen.append(asyncio.current_task())

        async with side_tasks() as tasks:
            tasks.start(work, copy_context())
            assert len(seen) == 1
            assert asyncio.current_task() is starting
        assert seen[0] is seen[1] is not starting

    async def test_timeouts_inside_concern_the_own_task(self) -> None:
        events: list[str] = []

        async def work() -> None:
            try:
                async with asyncio.timeout(0.001):
                    await asyncio.sleep(10)
            except TimeoutError:
                events.append("timeout")

        async with side_tasks() as tasks:
            tasks.start(work, copy_context())
            await asyncio.sleep(0.01)
            events.append("outside")
        assert events == ["timeout", "outside"]

    async def test_a_task_cancelled_before_its_second_step_cancels_what_it_waits_for(self) -> None:
        inner: list[asyncio.Future[None]] = []

        async def work() -> None:
            inner.append(asyncio.get_running_loop().create_future())
            await inner[0]

        async with side_tasks() as tasks:
            tasks.start(work, copy_context())
            tasks.cancel()
        assert inner[0].cancelled()

    async def test_short_work_needs_no_task_unless_it_waits(self) -> None:
        starting = asyncio.current_task()
        seen: list[bool] = []

        async def work() -> None:
            seen.append(asyncio.current_task() is starting)
            await asyncio.sleep(0)
            seen.append(asyncio.current_task() is starting)

        async with side_tasks() as tasks:
            tasks.start(work, copy_context(), is_short=True)
        assert seen == [True, False]
