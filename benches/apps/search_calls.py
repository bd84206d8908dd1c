"""The search workload's calls without requests around them: what the client library alone costs.

An application of our own, so that the calls are made by the interpreter, on the event loop and in the
process that the search is compared with: the distribution's `python` is the same source optimised as a
whole, which its library for embedding is not (1,424,000 and 1,520,000 instructions for each search).

`GET /search` answers like the servers, so that the answer is checked like theirs. `GET /calls?seconds=N`
makes calls from 60 tasks at once for N seconds and answers how many it made.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fastrapi import FastrAPI
from search import AsyncSearch

TASKS = 60
find = AsyncSearch()
app = FastrAPI()


@app.get("/search")
async def search(q: str) -> Any:
    return await find(q)


@app.get("/calls")
async def calls(seconds: float) -> dict[str, float]:
    started = time.monotonic()
    until = started + seconds

    async def call_until_the_end() -> int:
        made = 0
        while time.monotonic() < until:
            await find("python")
            made += 1
        return made

    made = await asyncio.gather(*(call_until_the_end() for _ in range(TASKS)))
    return {"completed": sum(made), "elapsed_s": time.monotonic() - started}
