"""A handler that holds the interpreter's lock, beside what needs no Python."""

import random
from pathlib import Path

from fastapi import FastAPI, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles

app = FastAPI()
app.add_middleware(GZipMiddleware, minimum_size=500)
app.add_middleware(CORSMiddleware, allow_origins=["*"])
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost"])
app.mount("/static", StaticFiles(directory=Path(__file__).parent))

LARGE = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz     ", k=4_000_000))  # noqa: S311


def hold(count: int) -> int:
    # One call into C that never looks whether another thread wants the lock.
    return sum(range(count))


@app.get("/hold")
async def hold_on_the_loop(count: int) -> int:
    return hold(count)


@app.get("/hold-in-a-thread")
def hold_in_a_thread(count: int) -> int:
    return hold(count)


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/large")
async def large() -> Response:
    return PlainTextResponse(LARGE)


@app.websocket("/ws")
async def silent(websocket: WebSocket) -> None:
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass
