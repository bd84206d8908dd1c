"""What bytecode tells about the thread that a callable may run on."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fastrapi.plan.inspection import kind_of

counter = 0


async def constant() -> dict[str, str]:
    return {"message": "hello"}


def sync_constant() -> dict[str, str]:
    return {"message": "hello"}


async def counting() -> dict[str, int]:
    global counter  # noqa: PLW0603  # what is tested
    counter += 1
    return {"n": counter}


async def formats(item: int, q: str | None = None) -> dict[str, object]:
    return {"item": item, "text": f"{item}-{q}" if q else None}


def make(i: int) -> Callable[..., Any]:
    async def closure(item_id: int) -> dict[str, int]:
        return {"i": i, "item_id": item_id}

    return closure


async def awaits() -> None:
    await asyncio.sleep(0)


async def calls() -> float:
    return time.time()


async def creates_task() -> None:
    asyncio.create_task(awaits())  # noqa: RUF006


async def attribute(item: Any) -> Any:
    return item.lazy


async def subscript(item: Any) -> Any:
    return item["key"]


async def membership(item: Any) -> bool:
    return "x" in item


async def loops(items: list[int]) -> int:
    for _item in items:
        pass
    return 1


def blocks() -> None:
    time.sleep(1)


def generates() -> Any:
    yield 1


class Instance:
    async def __call__(self) -> int:
        return 1


class SyncInstance:
    def __call__(self) -> int:
        return 1


@pytest.mark.parametrize("call", [constant, sync_constant, counting, formats, make(3)])
def test_code_that_calls_nothing_is_pure(call: Callable[..., Any]) -> None:
    assert kind_of(call) == "pure"


@pytest.mark.parametrize(
    "call", [awaits, calls, creates_task, attribute, subscript, membership, loops, partial(calls)]
)
def test_other_coroutine_functions_need_the_loop(call: Callable[..., Any]) -> None:
    assert kind_of(call) == "coroutine"


@pytest.mark.parametrize("call", [blocks, generates, dict, print, partial(blocks)])
def test_everything_else_may_block(call: Callable[..., Any]) -> None:
    assert kind_of(call) == "sync"


def test_instances_are_judged_by_their_call_method() -> None:
    assert kind_of(Instance()) == "pure"
    assert kind_of(SyncInstance()) == "pure"
