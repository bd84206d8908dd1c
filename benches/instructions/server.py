"""A server whose instructions are counted."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serving import APPS, free_port

from .asks import REQUESTS, Ask, CountError

LEARNING = 400
"""Requests before the counting: the server learns how long sync callables take."""
COUNTED = 300
BATCHES = 3
"""The least of so many counts is taken: how threads wake each other up varies."""
PATIENCE = 600.0


@dataclass
class Counted:
    """A server under callgrind."""

    pid: int
    port: int
    folder: Path
    dumps: int = 0

    def control(self, *words: str) -> None:
        # callgrind_control takes processes by name or number, and talks to them through vgdb.
        command = ["callgrind_control", *words, str(self.pid)]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)

    def count(self, ask: Ask) -> int:
        """Instructions of one request."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            for _ in range(LEARNING):
                ask(connection)
            time.sleep(0.5)  # what follows an answer is to end before the counting begins
            return min(self._batch(connection, ask) for _ in range(BATCHES))

    def _batch(self, connection: socket.socket, ask: Ask) -> int:
        self.control("--zero")
        for _ in range(COUNTED):
            ask(connection)
        self.control("--dump")
        self.dumps += 1
        return total(self.folder / f"out.{self.dumps}") // COUNTED


def total(dump: Path) -> int:
    found = re.search(r"^(?:summary|totals): (\d+)", dump.read_text(), re.MULTILINE)
    if found is None:
        raise CountError(f"{dump} has no summary")
    return int(found[1])


@contextlib.contextmanager
def counted(server: str, venv: str | None, app: str) -> Iterator[Counted]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", "--quiet"]
        command += [server, "--app", app, "--app-dir", str(APPS), "--port", str(port)]
        command += ["--no-supervisor", "--no-access-log", *(["--venv", venv] if venv else [])]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        environment.pop("PYTHONPATH", None)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.2)
            yield Counted(process.pid, port, Path(folder))
        finally:
            process.terminate()
            process.wait(PATIENCE)


def count_requests(server: str, venv: str | None, wanted: set[str] | None) -> dict[str, int]:
    found = {}
    for app, asks in REQUESTS.items():
        chosen = {name: ask for name, ask in asks.items() if wanted is None or name in wanted}
        if chosen:
            with counted(server, venv, app) as running:
                for name, ask in chosen.items():
                    found[name] = running.count(ask)
                    print(f"{name}: {found[name]:,} instructions", flush=True)
    return found
