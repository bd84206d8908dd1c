"""`rate_limit=` on path operations: so many requests per second for each client, then 429."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.types import ASGIApp, Receive, Scope, Send

_FIRST_SWEEP = 1024


class ClientRates:
    """How much of its allowance each client has used, as a leaky bucket.

    What is kept for a client is one number, the time at which its bucket will be empty, and only
    until then.

    Args:
        per_second: the allowance, in requests per second; also how many may come at once.
        clock: gives the time in seconds.

    Raises:
        ValueError: the allowance is not positive.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        if not (per_second > 0 and math.isfinite(per_second)):
            raise ValueError("rate_limit must be a positive number of requests per second")
        self._cost = 1 / per_second
        # At least one request at a time, also where the allowance is less than one per second.
        self._capacity = max(1.0, self._cost)
        self._clock = clock
        self._empty_at: dict[str, float] = {}
        self._next_sweep = _FIRST_SWEEP

    def wait_for(self, client: str) -> float:
        """Take one request of the client's allowance.

        Returns:
            0 if it is granted, else the seconds after which the next one will be.
        """
        now = self._clock()
        if len(self._empty_at) >= self._next_sweep:
            self._sweep(now)
        empty_at = max(self._empty_at.get(client, now), now) + self._cost
        excess = empty_at - now - self._capacity
        # Sums of fractions of a second are not exact.
        if excess > 1e-9:
            return excess
        self._empty_at[client] = empty_at
        return 0.0

    def _sweep(self, now: float) -> None:
        """Forget clients whose buckets are empty; seldom enough to cost next to nothing for each request."""
        self._empty_at = {client: at for client, at in self._empty_at.items() if at > now}
        self._next_sweep = max(_FIRST_SWEEP, 2 * len(self._empty_at))

    def __len__(self) -> int:
        return len(self._empty_at)


class RateLimitMiddleware:
    """Refuses requests of clients that send too many (RFC 6585, section 4).

    Args:
        app: the application inside.
        per_second: how many requests a client may send in a second.

    Raises:
        ValueError: the number is not positive.
    """

    def __init__(self, app: ASGIApp, per_second: float) -> None:
        self.app = app
        self._rates = ClientRates(per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        wait = self._rates.wait_for(client[0] if client else "")
        if wait:
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(wait))})
        await self.app(scope, receive, send)
