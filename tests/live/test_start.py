"""What a start does, what it leaves for later, and where it puts what it makes."""

from pathlib import Path

from server_process import StartServer

APPLICATION = """
import asyncio, os, re, sys
from contextlib import asynccontextmanager
from fastapi import FastAPI
backend = "anyio._backends._asyncio"
at_start = []

@asynccontextmanager
async def lifespan(app):
    at_start.append(backend in sys.modules)
    yield

app = FastAPI(lifespan=lifespan)

@app.get("/backend")
async def wait_for_backend():
    while backend not in sys.modules:
        await asyncio.sleep(0.001)
    return at_start

@app.get("/memory")
async def look_at_memory():
    here = id(re)  # a module that every start imports early
    with open("/proc/self/smaps") as maps:
        for begin, end, flags in re.findall(r"(?m)^(\\w+)-(\\w+) (?:.*\\n)+?VmFlags: (.*)$", maps.read()):
            if int(begin, 16) <= here < int(end, 16):
                return {"huge": "hg" in flags.split()}
"""


def test_what_anyio_runs_on_is_imported_after_the_start_without_a_request(start_server: StartServer) -> None:
    server = start_server(APPLICATION)
    assert server.get("/backend").json() == [False]
    assert server.stop() == 0


def test_the_first_objects_lie_in_huge_pages_where_the_system_has_them(start_server: StartServer) -> None:
    supported = Path("/sys/kernel/mm/transparent_hugepage").exists()
    assert start_server(APPLICATION).get("/memory").json() == {"huge": supported}
