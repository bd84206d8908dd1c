"""The search workload's calls without a web server around them: what the client library alone costs.

Answers `GET /search` like the servers, so that its answer is checked like theirs. `GET /calls?seconds=N`
makes calls from 60 tasks at once for N seconds and answers how many it made.
"""

from __future__ import annotations

import asyncio
import json
import os
import time

import uvloop

from search import AsyncSearch

TASKS = 60
find = AsyncSearch()


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


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        target = head.split(b" ", 2)[1].decode()
        path, _, query = target.partition("?")
        value = query.partition("=")[2]
        answer = await (calls(float(value)) if path == "/calls" else find(value))
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await serve(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(connection, "127.0.0.1", int(os.environ["WEBBENCH_PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
