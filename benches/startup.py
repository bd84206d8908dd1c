"""How soon does a server listen, and how soon does it answer?

Starts the same application on this server and on FastAPI with uvicorn by turns and prints the medians from
exec to `listen()` and to the first answer, the processor time until then and the memory after it. Exits with
1 if the application with one model does not listen within 0.6 of uvicorn's time, or the one with 10,000
routes does not answer 5 times sooner and with less memory.

Usage: startup.py SERVER VENV PEER
    SERVER  the binary
    VENV    the environment it is to use
    PEER    a Python with fastapi and uvicorn
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path

from serving import APPS, free_port

PATIENCE = 300.0
POLL = 0.001
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Start:
    """One start: seconds to `listen()` and to the first answer, processor seconds until it, memory in MiB."""

    listening: float
    answered: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Contest:
    """An application, and what ours may need of the peer's."""

    app: str
    rounds: int
    limits: dict[str, float]


CONTESTS = (
    Contest("one_model", 15, {"listening": 0.6}),
    Contest("many_routes", 3, {"answered": 0.2, "memory": 1.0}),
)


def processes(root: int) -> list[int]:
    """The process and those below it."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return [root, *(below for child in children for below in processes(int(child)))]


def processor_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def connect(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    """A connection, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), 5)
        time.sleep(POLL)
    sys.exit(f"{process.args!r} does not listen (exit code {process.poll()})")


def start(command: list[str], port: int) -> Start:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FASTRAPI_")}
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=APPS, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with connect(port, process) as connection:
            listening = time.perf_counter() - begin
            connection.settimeout(PATIENCE)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = connection.recv(65536)
            answered = time.perf_counter() - begin
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"{command!r} answers {answer!r}")
        tree = processes(process.pid)
        return Start(listening, answered, sum(map(processor_seconds, tree)), sum(map(resident_mib, tree)))
    finally:
        process.terminate()
        process.wait(PATIENCE)


def ours(arguments: argparse.Namespace, app: str) -> Start:
    port = free_port()
    command = [arguments.server, "--app", f"{app}:app", "--venv", arguments.venv, "--port", str(port)]
    return start([*command, "--no-access-log"], port)


def peers(arguments: argparse.Namespace, app: str) -> Start:
    port = free_port()
    command = [arguments.peer, "-m", "uvicorn", f"{app}:app", "--port", str(port)]
    return start([*command, "--no-access-log", "--log-level", "warning"], port)


def hold(contest: Contest, arguments: argparse.Namespace) -> bool:
    """Whether ours keeps within the limits."""
    # Not counted: they fill the caches of the file system and of bytecode.
    ours(arguments, contest.app)
    peers(arguments, contest.app)
    pairs = [(ours(arguments, contest.app), peers(arguments, contest.app)) for _ in range(contest.rounds)]
    print(f"{contest.app}, medians of {contest.rounds} starts")
    kept = True
    for field in fields(Start):
        our, peer = (
            statistics.median(getattr(each, field.name) for each in side) for side in zip(*pairs, strict=True)
        )
        limit = contest.limits.get(field.name)
        verdict = "" if limit is None else f"  at most {limit}: {'yes' if our <= limit * peer else 'NO'}"
        kept = kept and (limit is None or our <= limit * peer)
        unit = "MiB" if field.name == "memory" else "s"
        print(
            f"  {field.name:10} ours {our:8.3f} {unit}  peer {peer:8.3f} {unit}"
            f"  ratio {our / peer:.3f}{verdict}"
        )
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("server")
    parser.add_argument("venv", type=os.path.abspath)  # servers start in another directory
    parser.add_argument("peer")
    parser.add_argument("--only", choices=[contest.app for contest in CONTESTS])
    arguments = parser.parse_args()
    chosen = [contest for contest in CONTESTS if arguments.only in (None, contest.app)]
    failed = [contest.app for contest in chosen if not hold(contest, arguments)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
