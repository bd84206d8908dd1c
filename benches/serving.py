"""A server that is measured."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

APPS = Path(__file__).resolve().parent / "apps"
PATIENCE = 30.0
"""Seconds for a start, and for a stop."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(server: str, venv: str | None, app: str) -> Iterator[int]:
    """The port of the server while it serves an application of `APPS`.

    Args:
        server: The binary.
        venv: The environment it is to use, if not that of its surroundings.
        app: `module:attribute`.

    Raises:
        RuntimeError: It does not listen in time.
    """
    port = free_port()
    command = [server, "--app", app, "--app-dir", str(APPS), "--port", str(port), "--no-access-log"]
    if venv:
        command += ["--venv", venv]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen (exit code {process.poll()})")
