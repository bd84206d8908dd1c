"""`dev`: the application is started again when a file changes, and only then."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cli_process import Project, eventually, wait_for_url
from server_process import PATIENCE, Server

APP = """
from fastrapi import FastrAPI
import answers

app = FastrAPI()

@app.get("/")
def read() -> str:
    return answers.VALUE
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("main.py", APP)
    project.write("answers.py", "VALUE = 'one'\n")
    return project


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    with project.start("dev", "main:app", "--port", "0") as server:
        wait_for_url(server)
        server.wait_for("watching . for changes")
        yield server


def answer(server: Server) -> str:
    text: str = httpx.get(server.url, trust_env=False, timeout=PATIENCE).json()
    return text


def starts(server: Server) -> int:
    return server.log.count(" serves main:app on ")


def test_a_change_starts_the_application_again(project: Project, server: Server) -> None:
    assert answer(server) == "one"
    project.write("answers.py", "VALUE = 'two'\n")
    server.wait_for(r"dev: answers\.py changed, restarting")
    server.wait_for(" serves main:app on ", times=2)
    assert answer(server) == "two"
    assert starts(server) == 2


def test_no_change_is_lost_where_one_comes_with_every_start(project: Project, server: Server) -> None:
    for number in range(1, 5):
        project.write("answers.py", f"VALUE = 'change {number}'\n")
        server.wait_for(" serves main:app on ", times=1 + number)
        assert answer(server) == f"change {number}"
    assert starts(server) == 5


def test_a_new_file_in_a_new_directory_counts(project: Project, server: Server) -> None:
    # Python prefers a package to a module of the same name.
    project.write("answers/__init__.py", "VALUE = 'package'\n")
    server.wait_for(" serves main:app on ", times=2)
    assert answer(server) == "package"


def test_a_broken_application_shows_its_error_and_waits_for_the_next_change(
    project: Project, server: Server
) -> None:
    project.write("answers.py", "VALUE = 1 / 0\n")
    server.wait_for("cause: ZeroDivisionError: division by zero\n  at answers.py:1 in <module>")
    server.wait_for("dev: the application did not start; waiting for a change")
    assert server.process.poll() is None
    project.write("answers.py", "VALUE = 'repaired'\n")
    server.wait_for(" serves main:app on ", times=2)
    assert answer(server) == "repaired"


def test_an_application_that_is_broken_from_the_beginning_is_waited_for(project: Project) -> None:
    project.write("answers.py", "VALUE = \n")
    with project.start("dev", "main:app", "--port", "0") as server:
        server.wait_for("dev: the application did not start; waiting for a change")
        project.write("answers.py", "VALUE = 'right'\n")
        wait_for_url(server)
        assert answer(server) == "right"


def test_nothing_but_a_changed_source_file_starts_it_again(project: Project, server: Server) -> None:
    (project.path / ".git").mkdir()
    project.write(".git/hook.py", "x = 1\n")
    project.write("answers.py", "VALUE = 'one'\n")
    project.write("data.json", "{}\n")
    project.write("__pycache__/answers.cpython-311.pyc", "compiled\n")
    project.write("answers.py~", "backup\n")
    (project.path / "main.py").touch()
    project.write("last.py", "x = 1\n")
    server.wait_for(r"dev: last\.py changed, restarting")
    server.wait_for(" serves main:app on ", times=2)
    assert server.log.count("restarting") == 1


def test_an_application_that_writes_its_own_modules_is_not_restarted_for_ever(project: Project) -> None:
    project.write(
        "main.py",
        """
        import time
        open("generated.py", "w").write(f"STARTED = {time.time_ns()}")

        async def app(scope, receive, send):
            raise RuntimeError("no lifespan")
        """,
    )
    with project.start("dev", "main:app", "--port", "0") as server:
        server.wait_for(r"dev: generated\.py changes whenever the application starts; not restarting")
        assert server.log.count("changed, restarting") <= 4
        project.write("main.py", "async def app(scope, receive, send): ...\n")
        server.wait_for(r"dev: main\.py changed, restarting")


def test_a_worker_that_dies_is_not_started_again_by_itself(project: Project) -> None:
    project.write(
        "main.py",
        """
        import os
        from fastrapi import FastrAPI

        app = FastrAPI()

        @app.get("/exit")
        def leave() -> None:
            os._exit(9)
        """,
    )
    with project.start("dev", "main:app", "--port", "0") as server:
        wait_for_url(server)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/exit", trust_env=False, timeout=PATIENCE)
        server.wait_for(r"dev: the application failed \(exit status: 9\); waiting for a change")


def test_it_stops_on_a_signal(server: Server) -> None:
    assert server.stop() == 0
    with pytest.raises(httpx.ConnectError):
        answer(server)


GATED = """
import asyncio
import os
from fastrapi import FastrAPI

app = FastrAPI()

@app.get("/")
async def read() -> str:
    print("in flight", flush=True)
    while not os.path.exists("go on"):
        await asyncio.sleep(0.01)
    return "whole"
"""


def test_a_stop_lets_requests_finish_and_refuses_new_connections(project: Project) -> None:
    project.write("main.py", GATED)
    with project.start("dev", "main:app", "--port", "0") as server, ThreadPoolExecutor() as threads:
        wait_for_url(server)
        request = threads.submit(server.get, "/")
        server.wait_for("in flight")
        server.process.send_signal(signal.SIGTERM)
        eventually(server.refuses_connections, "connections are still taken")
        assert server.process.poll() is None
        project.write("go on", "")
        assert request.result().json() == "whole"
        assert server.end() == 0


def test_a_second_signal_ends_it_at_once(project: Project) -> None:
    project.write("main.py", GATED)
    with project.start("dev", "main:app", "--port", "0") as server, ThreadPoolExecutor() as threads:
        wait_for_url(server)
        request = threads.submit(server.get, "/")
        server.wait_for("in flight")
        server.process.send_signal(signal.SIGTERM)
        eventually(server.refuses_connections, "connections are still taken")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE) == 128 + signal.SIGINT
        with pytest.raises(httpx.TransportError):
            request.result()


def test_sighup_starts_the_application_again(server: Server) -> None:
    server.process.send_signal(signal.SIGHUP)
    server.wait_for(" serves main:app on ", times=2)
    assert answer(server) == "one"


def test_other_directories_can_be_watched(project: Project, tmp_path: Path) -> None:
    project.write("library/part.py", "x = 1\n")
    with project.start("dev", "main:app", "--port", "0", "--watch", "library") as server:
        wait_for_url(server)
        project.write("answers.py", "VALUE = 'two'\n")
        project.write("library/part.py", "x = 2\n")
        server.wait_for(r"dev: library/part\.py changed, restarting")
        server.wait_for(" serves main:app on ", times=2)
        assert answer(server) == "two"
        assert server.log.count("restarting") == 1


def test_a_directory_that_does_not_exist_cannot_be_watched(project: Project) -> None:
    done = project.run("dev", "main:app", "--port", "0", "--watch", "nowhere")
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot watch nowhere for changes\ncause: No such file")
