"""What a plan's function leaves to be done once its result is known: exit code and background tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Any, NoReturn

from fastrapi.concurrency import run_in_threadpool
from fastrapi.exceptions import FastAPIError
from fastrapi.responses import Response
from fastrapi.routing.handlers import NO_RESPONSE

if TYPE_CHECKING:
    from fastrapi.compat.starlette.background import BackgroundTask
    from fastrapi.types import Receive, Scope, Send

AnyGenerator = Generator[Any, Any, Any] | AsyncGenerator[Any, Any]

_DONE = object()


def _resume(generator: Generator[Any, Any, Any]) -> object:
    return next(generator, _DONE)


def _throw(generator: Generator[Any, Any, Any], error: BaseException) -> object:
    """Raises `error` inside of `generator`; returns `_DONE` if the generator ended instead of raising."""
    try:
        return generator.throw(error)
    except StopIteration as stop:
        if stop is error:
            raise
        return _DONE


async def _athrow(generator: AsyncGenerator[Any, Any], error: BaseException) -> object:
    try:
        return await generator.athrow(error)
    except StopAsyncIteration as stop:
        if stop is error:
            raise
        return _DONE


class Exits:
    """The started generators of one request's `yield` dependencies, ended in reverse order.

    The rules are those of `contextlib`'s generator context managers: a generator sees the error of what it
    served, may replace it, and may end it by returning.
    """

    __slots__ = ("_generators",)

    def __init__(self) -> None:
        self._generators: list[AnyGenerator] = []

    async def enter(self, generator: Generator[Any, Any, Any]) -> Any:
        """Runs a sync generator to its `yield` in a worker thread and returns what it yielded."""
        value = await run_in_threadpool(_resume, generator)
        if value is _DONE:
            raise RuntimeError("generator didn't yield")
        self._generators.append(generator)
        return value

    async def aenter(self, generator: AsyncGenerator[Any, Any]) -> Any:
        """Runs an async generator to its `yield` and returns what it yielded."""
        try:
            value = await generator.__anext__()
        except StopAsyncIteration:
            raise RuntimeError("generator didn't yield") from None
        self._generators.append(generator)
        return value

    async def close(self, error: BaseException | None = None) -> BaseException | None:
        """Ends all generators. Returns the error that is left, if any."""
        while self._generators:
            generator = self._generators.pop()
            try:
                if error is None:
                    finished = await self._finish(generator)
                else:
                    finished = await self._fail(generator, error)
                    if finished:
                        error = None
                if not finished:
                    stage = "stop" if error is None else "stop after throw()"
                    raise RuntimeError(f"generator didn't {stage}")
            except BaseException as raised:
                error = raised
        return error

    @staticmethod
    async def _finish(generator: AnyGenerator) -> bool:
        if isinstance(generator, Generator):
            return await run_in_threadpool(_resume, generator) is _DONE
        return await anext(generator, _DONE) is _DONE

    @staticmethod
    async def _fail(generator: AnyGenerator, error: BaseException) -> bool:
        if isinstance(generator, Generator):
            return await run_in_threadpool(_throw, generator, error) is _DONE
        return await _athrow(generator, error) is _DONE


def swallowed() -> FastAPIError:
    """What is raised when a `yield` dependency ends the error that should have made the response."""
    return FastAPIError(NO_RESPONSE)


def sends_itself(response_class: type[Response]) -> bool:
    """Whether a class of responses has its own way of sending: a stream, a file."""
    return response_class.__call__ is not Response.__call__


class Leaving(Response):
    """A response that sends itself, with the exit code after it, which sees an error of the sending."""

    def __init__(self, response: Response, exits: Exits) -> None:
        self.background = None
        self._response = response
        self._exits = exits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error: BaseException | None = None
        try:
            await self._response(scope, receive, send)
        except BaseException as raised:
            error = raised
        error = await self._exits.close(error)
        if error is not None:
            raise error


class Outcome:
    """A result together with what its request gathered on the way.

    A server reads `value`, merges `response` (status and headers that the app set through its `Response`
    parameter) and, once the response is sent, awaits `finish()` if `pending`. If it cannot make an answer of
    the value and there are `exits`, it awaits `fail()` instead.
    """

    __slots__ = ("exits", "response", "tasks", "value")

    def __init__(
        self,
        value: Any,
        response: Response | None = None,
        tasks: BackgroundTask | None = None,
        exits: Exits | None = None,
    ) -> None:
        if exits is not None and isinstance(value, Response) and sends_itself(type(value)):
            if value.background is None:
                value.background = tasks
            value, tasks, exits = Leaving(value, exits), None, None
        self.value = value
        self.response = response
        self.tasks = tasks
        self.exits = exits

    @property
    def pending(self) -> bool:
        """Whether `finish` has something to do."""
        # A single `BackgroundTask` has no list, and is never empty.
        return self.exits is not None or (self.tasks is not None and bool(getattr(self.tasks, "tasks", True)))

    async def finish(self) -> None:
        """Runs the background tasks, then the exit code of the dependencies, which sees a task's error."""
        error: BaseException | None = None
        if self.tasks is not None:
            try:
                await self.tasks()
            except BaseException as raised:
                error = raised
        if self.exits is not None:
            error = await self.exits.close(error)
        if error is not None:
            raise error

    async def fail(self, error: BaseException) -> NoReturn:
        """Runs the exit code of a request whose value makes no answer. Raises what it leaves of the error."""
        assert self.exits is not None, "nothing else is told of such an error"
        left = await self.exits.close(error)
        raise swallowed() if left is None else left
