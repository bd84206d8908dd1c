"""Worker processes: shared port, replacement of dead ones, reload, and the end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from pathlib import Path

import httpx
import pytest
from cli_process import PID_APP, Project, eventually, wait_for_url
from server_process import PATIENCE, Server


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("main.py", PID_APP)
    return project


def pids(server: Server, requests: int = 20) -> set[int]:
    """The processes that answer; each request has a connection of its own."""
    return {httpx.get(f"{server.url}/pid", trust_env=False, timeout=PATIENCE).json() for _ in range(requests)}


def both(server: Server) -> set[int]:
    """The processes that answer, once two of them have."""
    seen: set[int] = set()

    def two() -> bool:
        seen.update(pids(server))
        return len(seen) == 2

    eventually(two, "two processes answer")
    return seen


def state(pid: int) -> str:
    """The state of a process, as proc_pid_stat(5) has it; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pid: int) -> bool:
    # A process that ended and whose parent has not asked yet is none that works.
    return state(pid) not in ("", "Z")


def kill_worker(server: Server) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/exit", trust_env=False, timeout=PATIENCE)


def test_workers_share_the_port(project: Project) -> None:
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        server.wait_for(
            r"2 workers, Python 3\.\d+, (uvloop|asyncio)\n  routes: 2 on the direct lane, \d+ on the "
        )
        workers = both(server)
        assert server.process.pid not in workers
        assert server.log.count(" serves main:app on ") == 1
        assert server.stop() == 0
    assert not any(map(alive, workers))


def test_a_worker_that_hangs_is_not_waited_for(project: Project) -> None:
    project.write("main.py", PID_APP)
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        hung, other = both(server)
        os.kill(hung, signal.SIGSTOP)
        try:
            eventually(lambda: state(hung) == "T", "it has stopped")
            with contextlib.ExitStack() as stack:
                # Connections that stay open, so that the other one gets ever further ahead.
                clients = [stack.enter_context(server.client()) for _ in range(20)]
                assert {client.get("/pid").json() for client in clients} == {other}
        finally:
            os.kill(hung, signal.SIGCONT)


def test_a_worker_that_dies_is_replaced(project: Project) -> None:
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        (first,) = pids(server, 1)
        kill_worker(server)
        (second,) = pids(server, 1)
        assert second != first
        server.wait_for(rf"worker {first} ended unexpectedly \(exit status: 3\)")
        os.kill(second, signal.SIGKILL)
        eventually(lambda: not alive(second), "the second worker has ended")
        assert pids(server, 1).isdisjoint({first, second})
        assert server.stop() == 0


BROKEN_LATER = (
    PID_APP
    + """
if os.path.exists("broken"):
    os._exit(9)
"""
)


def test_workers_that_die_again_and_again_are_replaced_until_one_serves(project: Project) -> None:
    project.write("main.py", BROKEN_LATER)
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        (first,) = pids(server, 1)
        project.write("broken", "")
        kill_worker(server)
        server.wait_for(r"ended unexpectedly \(exit status: 9\)", times=4)
        (project.path / "broken").unlink()
        assert pids(server, 1) != {first}
        assert server.stop() == 0


def test_the_end_of_workers_that_never_served_is_no_failure_of_a_stop(project: Project) -> None:
    project.write("main.py", BROKEN_LATER)
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        project.write("broken", "")
        kill_worker(server)
        # From now on there is a worker that is about to die, or one that is about to be started.
        server.wait_for(r"ended unexpectedly \(exit status: 9\)", times=2)
        assert server.stop() == 0


def test_a_worker_that_dies_while_another_still_starts_is_replaced(project: Project) -> None:
    project.write(
        "main.py",
        PID_APP
        + """
import time
try:
    open("first", "x").write(str(os.getpid()))
except FileExistsError:
    while not os.path.exists("go"):
        time.sleep(0.01)
""",
    )
    # There is no banner with the address before both serve.
    path = str(project.path / "socket")

    def listens() -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(path) == 0

    def pid() -> int:
        with httpx.Client(transport=httpx.HTTPTransport(uds=path), timeout=PATIENCE) as client:
            answer: int = client.get("http://app/pid").json()
        return answer

    with project.start("main:app", "--uds", path, "--workers", "2") as server:
        eventually(listens, "the first worker listens")
        first = int((project.path / "first").read_text())
        os.kill(first, signal.SIGKILL)
        server.wait_for(rf"worker {first} ended unexpectedly")
        (project.path / "go").touch()
        server.wait_for("2 workers")
        eventually(lambda: len({pid() for _ in range(20)}) == 2, "two processes answer")
        assert pid() != first
        assert server.stop() == 0


def test_an_application_that_does_not_start_ends_the_server_with_its_status(project: Project) -> None:
    answer = project.run("main:absent", "--port", "0", "--workers", "2")
    assert answer.returncode == 3
    assert "error: the module 'main' has no attribute 'absent'" in answer.stderr
    assert "serves" not in answer.stderr


def test_reload_replaces_the_workers_one_by_one_and_loses_no_request(project: Project) -> None:
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        before = both(server)
        failures: list[str] = []
        done = threading.Event()

        def load() -> None:
            while not done.is_set():
                try:
                    answer = httpx.get(f"{server.url}/pid", trust_env=False, timeout=PATIENCE)
                    if answer.status_code != 200:
                        failures.append(str(answer))
                except httpx.HTTPError as error:
                    failures.append(repr(error))

        clients = [threading.Thread(target=load) for _ in range(2)]
        for client in clients:
            client.start()
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: not any(map(alive, before)), "the old workers have ended")
        after = pids(server)
        done.set()
        for client in clients:
            client.join()
        assert failures == []
        assert before.isdisjoint(after)
        assert server.stop() == 0


def test_a_reload_of_a_broken_application_keeps_the_old_workers(project: Project) -> None:
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        before = both(server)
        project.write("main.py", "1 / 0\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("cause: ZeroDivisionError: division by zero")
        server.wait_for("did not start .* the old ones go on")
        assert pids(server) <= before
        assert all(map(alive, before))
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("arguments", [["--workers", "2"], ["--no-supervisor"]])
def test_requests_in_flight_are_answered_before_the_end(
    project: Project, arguments: list[str], number: signal.Signals
) -> None:
    project.write(
        "main.py",
        """
        import asyncio
        from fastrapi import FastrAPI

        app = FastrAPI()

        @app.get("/slow")
        async def slow() -> str:
            print("slow begins", flush=True)
            await asyncio.sleep(0.5)
            return "done"
        """,
    )
    with project.start("main:app", "--port", "0", *arguments) as server:
        wait_for_url(server)
        answers: list[str] = []

        def ask() -> None:
            answers.append(httpx.get(f"{server.url}/slow", trust_env=False, timeout=PATIENCE).json())

        client = threading.Thread(target=ask)
        client.start()
        server.wait_for("slow begins")
        assert server.stop(number) == 0
        client.join()
        assert answers == ["done"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "command", ["main:app", "main:app --workers 2", "main:app --no-supervisor", "dev main:app"]
)
def test_a_stop_while_the_application_starts_is_no_failure(
    project: Project, command: str, number: signal.Signals
) -> None:
    project.write(
        "main.py",
        """
        import asyncio
        from contextlib import asynccontextmanager
        from fastrapi import FastrAPI

        @asynccontextmanager
        async def lifespan(app):
            print("starts", flush=True)
            try:
                await asyncio.sleep(3600)
                yield
            finally:
                print("gives up", flush=True)

        app = FastrAPI(lifespan=lifespan)
        """,
    )
    processes = 2 if "--workers" in command else 1
    with project.start(*command.split(), "--port", "0") as server:
        server.wait_for("starts", times=processes)
        assert server.stop(number) == 0
        assert server.log.split("\n") == [*["starts"] * processes, *["gives up"] * processes, ""]


@pytest.mark.parametrize("arguments", [[], ["--no-supervisor"]])
def test_a_second_signal_ends_at_once(project: Project, arguments: list[str]) -> None:
    project.write(
        "main.py",
        """
        import asyncio
        from fastrapi import FastrAPI

        app = FastrAPI()

        @app.get("/endless")
        async def endless() -> None:
            print("endless begins", flush=True)
            await asyncio.sleep(3600)
        """,
    )
    with project.start("main:app", "--port", "0", "--graceful-timeout", "600", *arguments) as server:
        wait_for_url(server)

        def ask() -> None:
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{server.url}/endless", trust_env=False, timeout=PATIENCE)

        client = threading.Thread(target=ask)
        client.start()
        server.wait_for("endless begins")
        server.process.send_signal(signal.SIGTERM)
        eventually(server.refuses_connections, "no connections are taken any more")
        assert server.stop(signal.SIGTERM) == 128 + signal.SIGTERM
        client.join()


def test_workers_end_with_their_supervisor(project: Project) -> None:
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        workers = both(server)
        server.process.kill()
        eventually(lambda: not any(map(alive, workers)), "the workers have ended")


def test_workers_cannot_be_started_by_hand(project: Project) -> None:
    answer = project.run("run", "--worker")
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: --worker is for processes that fastrapi-server starts itself\n")


def test_several_workers_need_a_supervisor(project: Project) -> None:
    answer = project.run("main:app", "--port", "0", "--workers", "2", "--no-supervisor")
    assert answer.returncode == 5
    assert answer.stderr.startswith("error: several workers need a supervisor\n")
