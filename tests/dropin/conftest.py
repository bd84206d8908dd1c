"""The environment of an application that asks for FastAPI and Starlette, in which neither is installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli_process import Project, wait_for_url
from server_process import PATIENCE, Server

ENVIRONMENT = Path(os.environ["FASTRAPI_DROPIN"])
"""A virtual environment with what requirements/dropin.txt names, and with fastrapi."""

RunPython = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def run_python() -> RunPython:
    """Runs that environment's Python: `run_python(directory, *arguments)`."""

    def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ENVIRONMENT / "bin/python", *arguments],
            cwd=directory,
            env=Project(directory).environment(PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers with that environment: `serve(directory, "module:app", *arguments)`."""
    with ExitStack() as stack:

        def start(directory: Path, app: str, *arguments: str) -> Server:
            options = ("--app", app, "--port", "0", "--no-supervisor", *arguments)
            variables = {"VIRTUAL_ENV": str(ENVIRONMENT), "PYTHONDONTWRITEBYTECODE": "1"}
            server = stack.enter_context(Project(directory).start(*options, **variables))
            wait_for_url(server)
            return server

        yield start
