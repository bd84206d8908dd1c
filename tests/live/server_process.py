"""A server process, as the tests see it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

BINARY = os.environ["FASTRAPI_SERVER"]
PATIENCE = 60.0
"""Seconds that a slow machine may take for what is expected to happen at once."""


@dataclass
class Server:
    """A server process and what it has printed so far."""

    process: subprocess.Popen[str]
    url: str = ""
    reader: threading.Thread = field(init=False)
    _lines: list[str] = field(default_factory=list)
    _ended: bool = False
    """Whether nothing more can come: the process and all that it started have closed their output."""
    _grown: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """Standard output and error, in the order of their coming."""
        with self._grown:
            return "".join(self._lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._grown:
                self._lines.append(line)
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def wait_for(self, pattern: str, times: int = 1) -> re.Match[str]:
        """Waits until the output matches the pattern so often; returns the last of the matches."""
        deadline = time.monotonic() + PATIENCE
        with self._grown:
            while True:
                matches = list(re.finditer(pattern, "".join(self._lines)))
                if len(matches) >= times:
                    return matches[times - 1]
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    pytest.fail(f"{pattern!r} is not in the output:\n{''.join(self._lines)}")
                self._grown.wait(left)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def get(self, path: str, **keywords: object) -> httpx.Response:
        with self.client() as client:
            return client.get(path, **keywords)  # type: ignore[arg-type]

    def refuses_connections(self) -> bool:
        """Tells whether nothing listens any more; a socket that closes meanwhile may reset the connection."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return True
        return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Waits until the process has ended by itself and its output is complete; returns the exit code."""
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code


StartServer = Callable[..., Server]
