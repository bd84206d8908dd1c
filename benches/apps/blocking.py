"""Handlers that block, beside one that does not."""

import time

from fastrapi import FastAPI

app = FastAPI()
calls = 0


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/sleep")
def sleep(ms: int = 10) -> dict[str, bool]:
    time.sleep(ms / 1000)
    return {"slept": True}


def pause(seconds: float) -> None:
    # Reached by a name that says nothing: what happens has to be learned from the time it takes.
    getattr(time, "sle" + "ep")(seconds)


@app.get("/turncoat")
def turncoat(ms: int = 10, after: int = 10_000) -> dict[str, bool]:
    """Returns at once `after` times, then sleeps in every call."""
    global calls  # noqa: PLW0603  # one process, one counter
    calls += 1
    if calls > after:
        pause(ms / 1000)
    return {"slept": calls > after}
