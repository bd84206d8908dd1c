"""Where the `yield` dependencies of a request wait to be left.

A request has two stacks: that of the scope `function` is emptied before the response is sent,
that of the scope `request` afterwards. They are found in the ASGI scope.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Literal, TypeVar

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled

from fastrapi.types import Scope

T = TypeVar("T")

REQUEST_STACK = "fastapi_inner_astack"
FUNCTION_STACK = "fastapi_function_astack"
_GUARD = "fastapi_cleanup_guard"


def stack_for(scope: Scope, moment: Literal["function", "request"]) -> AsyncExitStack:
    """The stack of dependencies that are left at this moment."""
    key = FUNCTION_STACK if moment == "function" else REQUEST_STACK
    stack = scope.get(key)
    assert isinstance(stack, AsyncExitStack), f"{key} not found in request scope"
    return stack


async def enter_async_dependency(
    scope: Scope, stack: AsyncExitStack, manager: AbstractAsyncContextManager[T]
) -> T:
    """Enter an asynchronous dependency so that it is left undisturbed, even if the task is cancelled.

    The way out is shielded by one cancel scope around all asynchronous dependencies of the
    request. One for each would not do: cancel scopes have to be left in the reverse order of
    entering, and the two stacks are not emptied in such an order.
    """
    guard = scope.get(_GUARD)
    if guard is None:
        guard = scope[_GUARD] = CancelScope()
        stack_for(scope, "request").enter_context(guard)
    return await stack.enter_async_context(_Undisturbed(manager, guard))


class _Undisturbed(AbstractAsyncContextManager[T]):
    """A context manager whose exit is shielded from cancellation."""

    def __init__(self, manager: AbstractAsyncContextManager[T], guard: CancelScope) -> None:
        self._manager = manager
        self._guard = guard

    async def __aenter__(self) -> T:
        return await self._manager.__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._guard.shield = True
        try:
            handled = await self._manager.__aexit__(exc_type, exc, traceback)
        finally:
            self._guard.shield = False
        if handled or exc is None:
            # The task may have been cancelled meanwhile, or the dependency may have swallowed that.
            await checkpoint_if_cancelled()
        return handled
