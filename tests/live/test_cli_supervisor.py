"""Worker processes: shared port, replacement of dead ones, reload, and the end."""

from __future__ import annotations

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


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended and whose parent has not asked yet is none that works.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def kill_worker(server: Server) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/exit", trust_env=False, timeout=PATIENCE)


def test_workers_share_the_port(project: Project) -> None:
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        server.wait_for(
            r"2 workers, Python 3\.\d+, (uvloop|asyncio)\n  routes: 2 on the direct lane, \d+ on the "
        )
        eventually(lambda: len(pids(server)) == 2, "two processes answer")
        assert server.process.pid not in pids(server)
        assert len(server.log.splitlines()) == len({*server.log.splitlines()}), "one banner"
        workers = pids(server)
        assert server.stop() == 0
    assert not any(map(alive, workers))


def test_a_worker_that_dies_is_replaced(project: Project) -> None:
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        (first,) = pids(server, 1)
        kill_worker(server)
        (second,) = pids(server, 1)
        assert second != first
        server.wait_for(rf"worker {first} ended unexpectedly \(exit status: 3\)")
        os.kill(second, signal.SIGKILL)
        assert pids(server, 1).isdisjoint({first, second})
        assert server.stop() == 0


def test_workers_that_die_again_and_again_are_replaced_ever_more_slowly(project: Project) -> None:
    project.write(
        "main.py",
        """
        import os
        starts = int(os.path.exists("starts") and open("starts").read() or 0) + 1
        open("starts", "w").write(str(starts))
        if starts > 1:
            os._exit(9)

        async def app(scope, receive, send):
            if scope["type"] == "http":
                os._exit(9)
            raise RuntimeError("no lifespan")
        """,
    )
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        kill_worker(server)
        # At once, after 0.1, 0.2, 0.4 and 0.8 s; the next would come after 1.6 s.
        server.wait_for(r"ended unexpectedly", times=5)
        before = int((project.path / "starts").read_text())
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
        assert int((project.path / "starts").read_text()) - before <= 1


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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with project.start("main:app", "--port", str(port), "--workers", "2") as server:
        server.url = f"http://127.0.0.1:{port}"
        eventually(lambda: not server.refuses_connections(), "the first worker listens")
        (first,) = pids(server, 1)
        assert first == int((project.path / "first").read_text())
        os.kill(first, signal.SIGKILL)
        server.wait_for(rf"worker {first} ended unexpectedly")
        (project.path / "go").touch()
        server.wait_for("2 workers")
        eventually(lambda: len(pids(server)) == 2, "two processes answer")
        assert server.stop() == 0


def test_an_application_that_does_not_start_ends_the_server_with_its_status(project: Project) -> None:
    answer = project.run("main:absent", "--port", "0", "--workers", "2")
    assert answer.returncode == 3
    assert "error: the module 'main' has no attribute 'absent'" in answer.stderr
    assert "serves" not in answer.stderr


def test_reload_replaces_the_workers_one_by_one_and_loses_no_request(project: Project) -> None:
    with project.start("main:app", "--port", "0", "--workers", "2") as server:
        wait_for_url(server)
        eventually(lambda: len(pids(server)) == 2, "two processes answer")
        before = pids(server)
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
        eventually(lambda: len(pids(server)) == 2, "two processes answer")
        before = pids(server)
        project.write("main.py", "1 / 0\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("cause: ZeroDivisionError: division by zero")
        server.wait_for("did not start .* the old ones go on")
        assert pids(server) == before
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
        eventually(lambda: len(pids(server)) == 2, "two processes answer")
        workers = pids(server)
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
