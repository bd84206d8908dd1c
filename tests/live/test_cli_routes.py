"""`routes` and `check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_process import Project

APP = """
from fastrapi import APIRouter, FastrAPI, WebSocket

app = FastrAPI(openapi_url=None)
router = APIRouter(prefix="/items")

@router.get("/{item_id}")
async def read_item(item_id: int) -> int:
    return item_id

@router.websocket("/watch")
async def watch(websocket: WebSocket) -> None: ...

@app.post("/sum")
def add(values: list[int]) -> int:
    return sum(values)

app.include_router(router)
app.mount("/other", FastrAPI())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("main.py", APP)
    return project


def test_the_table(project: Project) -> None:
    answer = project.run("routes", "main:app")
    assert (answer.returncode, answer.stderr) == (0, "")
    heading, *rows = [line.split() for line in answer.stdout.splitlines()]
    assert heading == ["METHOD", "PATH", "NAME", "LANE", "PLACEMENT"]
    assert [row[:3] for row in rows] == [
        ["POST", "/sum", "add"],
        ["GET", "/items/{item_id}", "read_item"],
        ["WEBSOCKET", "/items/watch", "watch"],
        ["*", "/other/{path:path}", "Mount"],
    ]


def test_json(project: Project) -> None:
    answer = project.run("routes", "main:app", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    add, read, watch, other = json.loads(answer.stdout)
    assert add == {
        "methods": ["POST"],
        "path": "/sum",
        "name": "add",
        "lane": "direct",
        "reason": "",
        "placement": "pool",
    }
    assert (read["lane"], read["placement"]) == ("direct", "inline")
    assert (watch["lane"], watch["reason"]) == ("general", "a WebSocket")
    assert (other["methods"], other["lane"], other["reason"]) == ([], "general", "a Mount")


def test_an_application_of_another_framework_is_one_route(project: Project) -> None:
    project.write("main.py", "async def app(scope, receive, send): ...\n")
    answer = project.run("routes", "--json")
    assert [(route["path"], route["reason"]) for route in json.loads(answer.stdout)] == [
        ("/{path:path}", "an application of another framework")
    ]


def test_check(project: Project) -> None:
    answer = project.run("check", "main:app", "--workers", "4")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "main:app can be served: 4 routes, 2 on the direct lane\n"


@pytest.mark.parametrize("command", ["check", "routes"])
def test_what_cannot_be_loaded_is_reported(project: Project, command: str) -> None:
    answer = project.run(command, "main:ap")
    assert (answer.returncode, answer.stdout) == (3, "")
    assert answer.stderr.startswith("error: the module 'main' has no attribute 'ap'\n")


ODD = """
from typing import Annotated
from fastrapi import FastrAPI, Path

app = FastrAPI(openapi_url=None)

@app.get("/users/{user_id}")
def read(user_id: str) -> None: ...

@app.get("/users/me")
def me() -> None: ...

@app.post("/users/me")
def change() -> None: ...

@app.get("/numbers/{number:int}")
def number(number: int) -> None: ...

@app.get("/numbers/{name}")
def named(name: str) -> None: ...

@app.get("/teams/{team_id}")
def teams() -> None: ...

@app.get("/rooms")
def rooms(room_id: Annotated[str, Path()]) -> None: ...
"""
NOTES = [
    "note: GET /users/me is never reached: /users/{user_id} comes first and takes its requests",
    "note: nothing takes {team_id} of /teams/{team_id}",
    "note: /rooms has no {room_id}, which its handler takes from the path",
]


def test_what_is_legal_and_hardly_meant_is_noted(project: Project) -> None:
    project.write("main.py", ODD)
    answer = project.run("check", "main:app")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[1:] == NOTES
    answer = project.run("routes", "main:app", "--json")
    assert (answer.returncode, answer.stderr.splitlines()) == (0, NOTES)
    assert len(json.loads(answer.stdout)) == 7
