"""Running commands of the server's command line."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server_process import BINARY, PATIENCE, Server

PID_APP = """
import os
from fastrapi import FastrAPI

app = FastrAPI()

@app.get("/pid")
def pid() -> int:
    return os.getpid()

@app.get("/exit")
def leave() -> None:
    os._exit(3)
"""
"""Tells which process answers, and ends it."""


@dataclass(frozen=True)
class Project:
    """A directory with an application, and the command line run in it."""

    path: Path

    def write(self, name: str, source: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        # In one step: whoever reads or watches the file never finds it empty.
        new = file.with_name(f".{file.name}.new")
        new.write_text(textwrap.dedent(source))
        return new.replace(file)

    def environment(self, **variables: str) -> dict[str, str]:
        # Variables of the tests are no settings of the server, and what is printed goes out in whole lines.
        left_out = ("FASTRAPI_", "FORWARDED_ALLOW_IPS", "PYTHONUNBUFFERED")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        return {**inherited, "VIRTUAL_ENV": sys.prefix, **variables}

    def command(self, *arguments: str) -> list[str]:
        return [BINARY, *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.path,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def start(self, *arguments: str, **variables: str) -> Iterator[Server]:
        """Start a command that goes on, without waiting for anything."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.path,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        server = Server(process)
        try:
            yield server
        finally:
            process.kill()
            process.wait()
            server.reader.join()
            assert process.stdout is not None
            process.stdout.close()


def wait_for_url(server: Server) -> None:
    """Wait for the banner."""
    server.url = server.wait_for(r"http://[\d.]+:\d+").group()


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
