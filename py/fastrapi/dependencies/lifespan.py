"""Dependencies of the scope `lifespan`: called once when the application starts, left when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from fastrapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastrapi.dependencies.analysis import get_dependant, iter_dependants, name_of_callable
from fastrapi.dependencies.models import Dependant
from fastrapi.exceptions import FastAPIError

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


class LifespanValues:
    """The values that the dependencies of one application have while its lifespan runs.

    They are kept by callable: each is called once, however often it is declared.
    """

    def __init__(self) -> None:
        self._values: dict[Callable[..., Any], Any] | None = None

    @asynccontextmanager
    async def resolved(self, dependants: Iterable[Dependant], overrides: Overrides) -> AsyncIterator[None]:
        """Call the dependencies of the scope `lifespan` in some trees, and leave them at the end.

        Args:
            dependants: The trees.
            overrides: What to call instead of a dependency. What is added later is called for each request.

        Raises:
            DependencyScopeError: What is called instead takes something from a request.
            Exception: Whatever a dependency raises.
        """
        async with AsyncExitStack() as stack:
            resolver = _Resolver(stack, overrides)
            for root in dependants:
                for dependant in iter_dependants(root):
                    if dependant.scope == "lifespan":
                        await resolver.value_of(dependant)
            self._values = resolver.values
            try:
                yield
            finally:
                self._values = None

    def has(self, call: Callable[..., Any] | None) -> bool:
        """Whether the callable has a value now."""
        return self._values is not None and call in self._values

    def value_of(self, call: Callable[..., Any]) -> Any:
        """The value of a callable.

        Raises:
            FastAPIError: The lifespan does not run, or did not know of the dependency when it started.
        """
        described = f'The dependency "{name_of_callable(call)}" has a scope of "lifespan", but'
        if self._values is None:
            raise FastAPIError(
                f"{described} the lifespan of the application is not running. In tests, use the client as a "
                "context manager: `with TestClient(app) as client:`. "
                "The lifespan of a mounted application does not run by itself."
            )
        if call not in self._values:
            raise FastAPIError(f"{described} no route had it when the application started.")
        return self._values[call]


class _Resolver:
    """Calls each callable once, those that it depends on before it."""

    def __init__(self, stack: AsyncExitStack, overrides: Overrides) -> None:
        self._stack = stack
        self._overrides = overrides
        self.values: dict[Callable[..., Any], Any] = {}

    async def value_of(self, dependant: Dependant) -> Any:
        assert dependant.call is not None, "a dependency has a callable"
        call = self._overrides.get(dependant.call, dependant.call)
        if call not in self.values:
            if call is not dependant.call:
                dependant = get_dependant(path="", call=call, scope="lifespan")
            arguments = {sub.name: await self.value_of(sub) for sub in dependant.dependencies}
            self.values[call] = await self._call(dependant, call, arguments)
        return self.values[call]

    async def _call(self, dependant: Dependant, call: Callable[..., Any], arguments: dict[Any, Any]) -> Any:
        if dependant.is_async_gen:
            return await self._stack.enter_async_context(asynccontextmanager(call)(**arguments))
        if dependant.is_gen:
            blocking = contextmanager(call)(**arguments)
            return await self._stack.enter_async_context(contextmanager_in_threadpool(blocking))
        if dependant.is_coroutine:
            return await call(**arguments)
        return await run_in_threadpool(call, **arguments)
