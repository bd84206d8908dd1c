"""The end of a request's yield dependencies, in the order and with the rules of `contextlib`."""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from fastrapi.background import BackgroundTasks
from fastrapi.exceptions import FastAPIError
from fastrapi.plan.outcome import Exits, Outcome
from fastrapi.responses import StreamingResponse
from fastrapi.types import Message

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def sync_dependency(log: list[str], name: str, swallow: bool = False) -> Generator[str, None, None]:
    log.append(f"enter {name}")
    try:
        yield name
    except ValueError as error:
        log.append(f"{name} saw {error}")
        if not swallow:
            raise
    finally:
        log.append(f"exit {name}")


async def async_dependency(log: list[str], name: str, swallow: bool = False) -> AsyncGenerator[str, None]:
    log.append(f"enter {name}")
    try:
        yield name
    except ValueError as error:
        log.append(f"{name} saw {error}")
        if not swallow:
            raise
    finally:
        log.append(f"exit {name}")


async def entered(log: list[str], swallow_in: str | None = None) -> Exits:
    exits = Exits()
    assert await exits.enter(sync_dependency(log, "a", swallow_in == "a")) == "a"
    assert await exits.aenter(async_dependency(log, "b", swallow_in == "b")) == "b"
    return exits


async def test_exits_run_in_reverse_order() -> None:
    log: list[str] = []
    exits = await entered(log)
    assert await exits.close() is None
    assert log == ["enter a", "enter b", "exit b", "exit a"]


async def test_each_dependency_sees_the_error() -> None:
    log: list[str] = []
    exits = await entered(log)
    error = ValueError("oops")
    assert await exits.close(error) is error
    assert log == ["enter a", "enter b", "b saw oops", "exit b", "a saw oops", "exit a"]


@pytest.mark.parametrize("name", ["a", "b"])
async def test_a_dependency_can_end_the_error(name: str) -> None:
    log: list[str] = []
    exits = await entered(log, swallow_in=name)
    assert await exits.close(ValueError("oops")) is None
    assert ("a saw oops" in log) == (name == "a")


async def test_a_dependency_can_replace_the_error() -> None:
    def replacing() -> Generator[int, None, None]:
        try:
            yield 1
        except ValueError:
            raise KeyError("other") from None

    log: list[str] = []
    exits = Exits()
    await exits.aenter(async_dependency(log, "outer"))
    await exits.enter(replacing())
    left = await exits.close(ValueError("oops"))
    assert isinstance(left, KeyError)
    assert log == ["enter outer", "exit outer"]


async def test_generators_must_yield_exactly_once() -> None:
    def never() -> Generator[int, None, None]:
        return
        yield

    async def twice() -> AsyncGenerator[int, None]:
        yield 1
        yield 2

    exits = Exits()
    with pytest.raises(RuntimeError, match="generator didn't yield"):
        await exits.enter(never())
    await exits.aenter(twice())
    left = await exits.close()
    assert isinstance(left, RuntimeError)
    assert str(left) == "generator didn't stop"


async def test_background_tasks_run_before_exit_code_which_sees_their_error() -> None:
    log: list[str] = []

    def task(fails: bool) -> None:
        log.append("task")
        if fails:
            raise ValueError("task failed")

    for fails in (False, True):
        log.clear()
        tasks = BackgroundTasks()
        tasks.add_task(task, fails)
        outcome = Outcome(None, tasks=tasks, exits=await entered(log))
        assert outcome.pending
        if fails:
            with pytest.raises(ValueError, match="task failed"):
                await outcome.finish()
            assert log[2:] == ["task", "b saw task failed", "exit b", "a saw task failed", "exit a"]
        else:
            await outcome.finish()
            assert log[2:] == ["task", "exit b", "exit a"]


def test_nothing_is_pending_without_tasks_and_exits() -> None:
    assert not Outcome(1).pending
    assert not Outcome(1, tasks=BackgroundTasks()).pending
    assert Outcome(1, exits=Exits()).pending


async def test_the_value_is_kept_as_it_is() -> None:
    value: Any = object()
    assert Outcome(value).value is value


async def test_exit_code_sees_the_error_of_a_value_that_makes_no_answer() -> None:
    log: list[str] = []
    with pytest.raises(ValueError, match="no JSON"):
        await Outcome(None, exits=await entered(log)).fail(ValueError("no JSON"))
    assert log[2:] == ["b saw no JSON", "exit b", "a saw no JSON", "exit a"]


async def test_an_error_without_an_answer_may_not_be_ended() -> None:
    with pytest.raises(FastAPIError):
        await Outcome(None, exits=await entered([], "a")).fail(ValueError("no JSON"))


@pytest.mark.parametrize("fails", [False, True])
async def test_a_response_that_sends_itself_is_followed_by_exit_code(fails: bool) -> None:
    log: list[str] = []

    async def parts() -> AsyncGenerator[str, None]:
        log.append("part")
        if fails:
            raise ValueError("broken off")
        yield ""

    async def receive() -> Message:
        raise AssertionError("nothing is asked of the client")

    async def send(message: Message) -> None:
        log.append(message["type"])

    tasks = BackgroundTasks()
    tasks.add_task(log.append, "task")
    outcome = Outcome(StreamingResponse(parts()), tasks=tasks, exits=await entered(log))
    assert not outcome.pending
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    start, body = "http.response.start", "http.response.body"
    if fails:
        with pytest.raises(ValueError, match="broken off"):
            await outcome.value(scope, receive, send)
        assert log[2:] == [start, "part", "b saw broken off", "exit b", "a saw broken off", "exit a"]
    else:
        await outcome.value(scope, receive, send)
        assert log[2:] == [start, "part", body, body, "task", "exit b", "exit a"]
