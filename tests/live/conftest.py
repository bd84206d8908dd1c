"""A running server for each test that asks for one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_process import BINARY, Server, StartServer


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers: `start_server(source, *arguments, app="app:app", **environment)`.

    The source becomes `app.py` in a directory of the test's own. The server uses the packages of the Python
    that runs the tests, takes a free port, and has no process above it.
    """
    started: list[Server] = []

    def start(source: str, *arguments: str, app: str = "app:app", **environment: str) -> Server:
        (tmp_path / "app.py").write_text(textwrap.dedent(source))
        # Variables of the tests are no settings of the server, and what is printed goes out in whole lines.
        left_out = ("FASTRAPI_", "FORWARDED_ALLOW_IPS", "PYTHONUNBUFFERED")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        command = [BINARY, "--app", app, "--port", "0", "--no-supervisor", *arguments]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**inherited, "VIRTUAL_ENV": sys.prefix, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        server = Server(process)
        started.append(server)
        server.url = server.wait_for(r"http://[\d.]+:\d+").group()
        return server

    yield start
    for server in started:
        server.process.kill()
        server.process.wait()
        server.reader.join()
        assert server.process.stdout is not None
        server.process.stdout.close()
