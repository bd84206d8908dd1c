"""Sync dependencies beside coroutines: run in place once they have proved short, in a thread until then."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from fastrapi.concurrency import run_in_threadpool

SHORT = 50e-6
"""Seconds. A call below this costs less than the hop to a thread and back."""
PROOF = 20
"""So many short calls in a row promote a callable."""
LONGEST_PROOF = 20 * 2**10


class SyncCall:
    """A sync callable with what was learned of it.

    `inline` tells whether the caller may run it in place; it must then report the duration with `ran`. A slow
    call ends that at once, and each time the proof asked for next doubles.
    """

    __slots__ = ("_proof", "_short_calls", "call", "inline")

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call
        self.inline = False
        self._proof = PROOF
        self._short_calls = 0

    def ran(self, seconds: float) -> None:
        """Takes note of the duration of a call that ran in place."""
        if seconds > SHORT:
            self.inline = False
            self._short_calls = 0
            self._proof = min(self._proof * 2, LONGEST_PROOF)

    def _timed(self, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        try:
            return self.call(*args, **kwargs)
        finally:
            if perf_counter() - started > SHORT:
                self._short_calls = 0
            else:
                self._short_calls += 1
                self.inline = self._short_calls >= self._proof

    async def in_thread(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the callable in a worker thread and times it there."""
        return await run_in_threadpool(self._timed, *args, **kwargs)
