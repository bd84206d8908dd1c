"""Servers for the applications of the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli_process import Project, wait_for_url
from lanes import Lanes
from wire import Connection

APPS = Path(__file__).parent / "apps"


def start(application: str, stack: ExitStack) -> Lanes:
    """Start an application of the directory `apps` on both lanes."""
    project = Project(APPS)
    arguments = ("--app", application, "--port", "0", "--no-supervisor", "--log-level", "error", "--fastapi", "replace")
    servers = [
        stack.enter_context(project.start(*arguments, "--lane", lane, PYTHONDONTWRITEBYTECODE="1"))
        for lane in ("general", "auto")
    ]
    for server in servers:
        wait_for_url(server)
    general, direct = servers
    connections = (Connection(general.port), Connection(direct.port))
    for connection in connections:
        stack.callback(connection.close)
    return Lanes(general, direct, connections)


@pytest.fixture(scope="module")
def lanes(request: pytest.FixtureRequest) -> Iterator[Lanes]:
    """The application that the module of the test names in `APP`."""
    with ExitStack() as stack:
        yield start(request.module.APP, stack)
