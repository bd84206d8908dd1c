"""Callables, awaitables and paths: what Starlette's plugins import from `starlette._utils`."""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

import anyio
from typing_extensions import TypeIs

from fastrapi._host import ParsedHost, parse_host_header
from fastrapi.types import Scope

if sys.version_info >= (3, 12):
    from inspect import iscoroutinefunction
else:
    # The one of `inspect` does not know mocks before Python 3.12.
    from asyncio import iscoroutinefunction

__all__ = [
    "AwaitableOrContextManager",
    "AwaitableOrContextManagerWrapper",
    "ParsedHost",
    "SupportsAsyncClose",
    "create_collapsing_task_group",
    "get_route_path",
    "is_async_callable",
    "parse_host_header",
]

T_co = TypeVar("T_co", covariant=True)


def is_async_callable(obj: Any) -> TypeIs[Callable[..., Awaitable[Any]]]:
    """Whether calling `obj` gives a coroutine; looks through partials and at `__call__`."""
    while isinstance(obj, functools.partial):
        obj = obj.func
    return iscoroutinefunction(obj) or (
        callable(obj) and iscoroutinefunction(getattr(obj, "__call__", None))  # noqa: B004
    )


class AwaitableOrContextManager(Awaitable[T_co], AbstractAsyncContextManager[T_co], Protocol[T_co]):
    """A call result that can be awaited, or entered with `async with`."""


class SupportsAsyncClose(Protocol):
    """Something with resources to give back."""

    async def close(self) -> None: ...


SupportsAsyncCloseType = TypeVar("SupportsAsyncCloseType", bound=SupportsAsyncClose)


class AwaitableOrContextManagerWrapper(Generic[SupportsAsyncCloseType]):
    """Makes an awaitable usable with `async with`, which closes the result at the end."""

    __slots__ = ("aw", "entered")

    def __init__(self, aw: Awaitable[SupportsAsyncCloseType]) -> None:
        self.aw = aw

    def __await__(self) -> Generator[Any, None, SupportsAsyncCloseType]:
        return self.aw.__await__()

    async def __aenter__(self) -> SupportsAsyncCloseType:
        self.entered = await self.aw
        return self.entered

    async def __aexit__(self, *args: object) -> bool | None:
        await self.entered.close()
        return None


@asynccontextmanager
async def create_collapsing_task_group() -> AsyncGenerator[anyio.abc.TaskGroup, None]:
    """A task group that raises a single failure as itself instead of in a group of one."""
    try:
        async with anyio.create_task_group() as task_group:
            yield task_group
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        failure = group.exceptions[0]
        # The group is not part of the story; the failure's own cause and context are.
        raise failure.with_traceback(failure.__traceback__) from failure.__cause__


def get_route_path(scope: Scope) -> str:
    """The path below the prefix that mounts have already matched."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if not root_path or not path.startswith(root_path):
        return path
    rest = path[len(root_path) :]
    # "/foo" is no prefix of "/foo-bar".
    return rest if not rest or rest[0] == "/" else path
