from __future__ import annotations

import functools
import logging

import pytest

from fastrapi.background import BackgroundTasks

pytestmark = pytest.mark.anyio


def fail() -> None:
    raise LookupError("failed")


async def test_the_error_names_its_task() -> None:
    order: list[str] = []
    tasks = BackgroundTasks()
    tasks.add_task(fail)
    tasks.add_task(order.append, "never")
    with pytest.raises(LookupError) as caught:
        await tasks()
    assert caught.value.__notes__ == ["In the background task fail"]
    assert order == []


async def test_isolated_errors_are_logged_and_the_rest_runs(caplog: pytest.LogCaptureFixture) -> None:
    order: list[str] = []
    tasks = BackgroundTasks()
    tasks.isolate_errors = True
    tasks.add_task(functools.partial(fail))
    tasks.add_task(order.append, "after")
    with caplog.at_level(logging.ERROR, "fastapi"):
        await tasks()
    assert order == ["after"]
    (record,) = caplog.records
    assert "functools.partial" in record.getMessage()
    assert record.exc_info is not None


async def test_tasks_may_add_tasks() -> None:
    order: list[int] = []
    tasks = BackgroundTasks()

    async def again(number: int) -> None:
        order.append(number)
        if number:
            tasks.add_task(again, number - 1)

    tasks.add_task(again, 2)
    await tasks()
    assert order == [2, 1, 0]
