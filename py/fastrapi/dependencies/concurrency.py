"""The limit on concurrent executions of one dependency declaration (`Depends(max_concurrency=)`)."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from anyio import Semaphore
from anyio.lowlevel import RunVar

_semaphores: RunVar[WeakKeyDictionary[DependencyConcurrency, Semaphore]] = RunVar("dependency_semaphores")
"""The semaphores of one event loop. They end with the loop or with their declaration."""


class DependencyConcurrency:
    """Counts the executions of one declaration, separately in each event loop.

    Two objects are never equal: `typing` would otherwise give two declarations with equal limits
    the same `Annotated[...]` object, and so one counter.

    Args:
        limit: How many executions may be in progress at a time.
    """

    __slots__ = ("__weakref__", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def get_semaphore(self) -> Semaphore:
        """The semaphore of the running event loop."""
        semaphores = _semaphores.get(None)
        if semaphores is None:
            semaphores = WeakKeyDictionary()
            _semaphores.set(semaphores)
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.limit)
        return semaphore
