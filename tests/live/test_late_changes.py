"""Changes of an application that is served already, and layers that no middleware list shows."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from cli_process import Project, wait_for_url

APP = """
from contextlib import asynccontextmanager
from types import MethodType
from fastrapi import FastAPI
from fastrapi.responses import PlainTextResponse

async def refusal(scope, receive, send):
    if scope["type"] == "http":
        await PlainTextResponse("refused", 401)(scope, receive, send)

app = FastAPI()

@app.get("/value")
def value() -> str:
    return "value"

@app.get("/change")
def change() -> str:
{change}
    return "changed"

async def other(request):
    return PlainTextResponse("other")
"""

ROUTE = "from fastrapi.compat.starlette.routing import Route\nroute = Route('/value', other)\n"
CHANGES = {
    "remove": ("app.router.routes.remove(app.routes[-2])", 404),
    "pop": ("app.router.routes.pop(-2)", 404),
    "del": ("del app.router.routes[-2]", 404),
    "item": (ROUTE + "app.router.routes[-2] = route", "other"),
    "insert": (ROUTE + "app.router.routes.insert(0, route)", "other"),
    "assign": ("app.router.routes = []", 404),
    "stack": ("app.middleware_stack = refusal", 401),
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_takes_effect_at_once(project: Project, name: str) -> None:
    change, expected = CHANGES[name]
    project.write("main.py", APP.replace("{change}", textwrap.indent(change, "    ")))
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        assert server.get("/value").json() == "value"
        assert server.get("/change").json() == "changed"
        answer = server.get("/value")
        assert expected in (answer.status_code, answer.text)
        server.wait_for("changed while the application is served")


LAYERS = {
    "lifespan": """
        @asynccontextmanager
        async def lifespan(app):
            app.middleware_stack = refusal
            yield
        app.router.lifespan_context = lifespan
    """,
    "instance": "app.build_middleware_stack = MethodType(lambda self: refusal, app)",
    "class": """
        from fastrapi.applications import Starlette
        async def call(self, scope, receive, send):
            if scope["type"] == "http":
                await refusal(scope, receive, send)
            else:
                await original(self, scope, receive, send)
        original, Starlette.__call__ = Starlette.__call__, call
    """,
}


@pytest.mark.parametrize("name", LAYERS)
def test_no_layer_is_passed_by(project: Project, name: str) -> None:
    project.write("main.py", APP.replace("{change}", "    pass") + textwrap.dedent(LAYERS[name]))
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        assert server.get("/value").status_code == 401
