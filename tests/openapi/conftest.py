"""The examples, served, and the tools that judge their OpenAPI documents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli_process import Project, wait_for_url
from server_process import Server

TOOLS = Path(os.environ["FASTRAPI_OPENAPI"])
"""A virtual environment with what requirements/openapi.txt names."""
DROPIN = os.environ["FASTRAPI_DROPIN"]
"""As for tests/dropin."""
EXAMPLES = Path(__file__).parents[2] / "examples"
APPLICATIONS = {"dropin": "bookshelf:app"}
EXAMPLE_NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())

ServeExample = Callable[..., Server]
RunTool = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=EXAMPLE_NAMES)
def example(request: pytest.FixtureRequest) -> str:
    """The directory of each of the examples."""
    name: str = request.param
    return name


@pytest.fixture
def serve_example(tmp_path: Path) -> Iterator[ServeExample]:
    """Serves an example: `serve_example("search", SEARCH_REDIS_URL="...")`. The search index is empty."""
    with ExitStack() as stack:

        def serve(example: str, **variables: str) -> Server:
            environment = {
                "VIRTUAL_ENV": DROPIN if example == "dropin" else sys.prefix,
                "PYTHONDONTWRITEBYTECODE": "1",
                "SEARCH_DATA_DIRECTORY": str(tmp_path / "data"),
                "SEARCH_CORPUS__STDLIB": "false",
                "SEARCH_CORPUS__PACKAGES": "false",
                **variables,
            }
            command = (
                "--app",
                APPLICATIONS.get(example, "app:app"),
                "--port",
                "0",
                "--no-supervisor",
                "--no-access-log",
            )
            server = stack.enter_context(Project(EXAMPLES / example).start(*command, **environment))
            wait_for_url(server)
            return server

        yield serve


@pytest.fixture
def run_tool(tmp_path: Path) -> RunTool:
    """Runs one of the tools: `run_tool("schemathesis", *arguments)`. What it writes is thrown away."""

    def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TOOLS / "bin" / tool, *arguments],
            cwd=tmp_path,
            # The servers are here, wherever this machine sends requests otherwise.
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run
