"""A FastAPI application and its packages run as they are, with neither FastAPI nor Starlette installed."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from server_process import PATIENCE, Server
from websockets.sync.client import connect

BOOKSHELF = Path(__file__).parents[2] / "examples/dropin"

IDENTITY = """
import importlib.metadata
import fastapi
import fastapi.routing
import fastrapi.requests
import fastrapi.routing
import starlette.requests
from fastapi import FastAPI
from starlette.applications import Starlette

app = FastAPI()

@app.get("/identity")
def identity() -> dict[str, bool]:
    return {
        "package": fastapi is fastrapi,
        "module": fastapi.routing is fastrapi.routing,
        "starlette": starlette.requests.Request is fastrapi.requests.Request,
        "base": issubclass(FastAPI, Starlette),
    }

@app.get("/metadata")
def metadata() -> dict[str, object]:
    return {
        "fastapi": importlib.metadata.version("fastapi"),
        "starlette": importlib.metadata.version("starlette"),
        "requires": importlib.metadata.requires("fastapi"),
    }
"""


def test_neither_is_installed(run_python, tmp_path: Path) -> None:
    code = """
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec
    for name in ("fastapi", "starlette"):
        assert find_spec(name) is None
        try:
            version(name)
        except PackageNotFoundError:
            print(name)
    """
    ran = run_python(tmp_path, "-c", textwrap.dedent(code))
    assert (ran.stdout.split(), ran.stderr) == (["fastapi", "starlette"], "")


def test_its_own_tests_pass(run_python) -> None:
    options = ("-q", "-p", "no:cacheprovider", "tests")
    ran = run_python(BOOKSHELF, "-m", "fastrapi.as_fastapi", "-m", "pytest", *options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^15 passed in", ran.stdout, re.MULTILINE), ran.stdout


@pytest.fixture(params=["auto", "general"])
def bookshelf(serve, request: pytest.FixtureRequest) -> Server:
    server: Server = serve(BOOKSHELF, "bookshelf:app", "--fastapi", "auto", "--lane", request.param)
    return server


def test_it_is_served(bookshelf: Server) -> None:
    with bookshelf.client() as client:
        page = client.get("/books", params={"page": 2, "size": 3})
        assert [book["title"] for book in page.json()["items"]] == ["Villette", "Shirley", "Cranford"]
        assert page.headers["x-release"] == "7"
        assert client.get("/latest", params={"size": 1}).json()["total"] == 7
        assert client.get("/books", params={"size": 7}).headers["content-encoding"] == "gzip"
        assert client.get("/books", params={"size": 1000}).status_code == 422
        assert [client.get("/books/lucky").status_code for _ in range(3)] == [200, 200, 429]
        assert client.get("/books/99").json() == {"detail": "No such book"}
        book = {"number": 8, "title": "Kim"}
        assert client.post("/books", json=book).headers["www-authenticate"] == "Basic"
        assert client.post("/books", json=book, auth=("ann", "quiet")).status_code == 201
        assert client.get("/books/8").json() == book
        assert client.get("/door/monday").text == "open monday"
        assert 'handler="/books/{number}"' in client.get("/metrics").text
        assert "/books/window" in client.get("/openapi.json").json()["paths"]
    address = bookshelf.url.replace("http", "ws", 1) + "/echo"
    with connect(address, proxy=None, open_timeout=PATIENCE) as socket:
        socket.send("psst")
        assert socket.recv(PATIENCE) == "psst"
    assert bookshelf.stop() == 0
    assert "Traceback" not in bookshelf.log


def test_the_names_are_the_same_modules(serve, tmp_path: Path) -> None:
    (tmp_path / "named.py").write_text(IDENTITY)
    server = serve(tmp_path, "named:app", "--fastapi", "auto")
    identity = server.get("/identity").json()
    assert identity == {"package": True, "module": True, "starlette": True, "base": True}
    metadata = server.get("/metadata").json()
    assert (metadata["fastapi"], metadata["starlette"]) == ("0.165.0", "1.10.0")
    assert any(requirement.startswith("starlette") for requirement in metadata["requires"])
    assert server.stop() == 0


def test_native_mode_aliases_nothing(run_python, serve, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(
        textwrap.dedent("""
        from importlib.util import find_spec
        from fastrapi import FastrAPI

        app = FastrAPI()

        @app.get("/found")
        def found() -> list[bool]:
            return [find_spec(name) is not None for name in ("fastapi", "starlette")]
        """)
    )
    server = serve(tmp_path, "plain:app", "--fastapi", "native")
    assert server.get("/found").json() == [False, False]
    assert server.stop() == 0
