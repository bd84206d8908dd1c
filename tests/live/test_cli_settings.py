"""Flags, environment variables and the configuration file."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from cli_process import Project, wait_for_url
from server_process import PATIENCE

APP = """
async def app(scope, receive, send):
    await receive()
    body = scope["root_path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("main.py", APP)
    return project


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(project: Project) -> None:
    project.write(
        "server.toml",
        """
        app = "main:app"
        port = 0
        lifespan = "off"
        server_header = "file"
        root_path = "/file"
        keep_alive_timeout = 0.5
        """,
    )
    variables = {"FASTRAPI_SERVER_HEADER": "variable", "FASTRAPI_ROOT_PATH": "/variable"}
    with project.start("--config", "server.toml", "--root-path", "/flag", **variables) as server:
        wait_for_url(server)
        answer = httpx.get(server.url, trust_env=False, timeout=PATIENCE)
    assert answer.headers["server"] == "variable"
    assert answer.text == "/flag"


def test_the_file_may_be_named_by_a_variable(project: Project) -> None:
    project.write("server.toml", 'app = "main:app"\nport = 0\nserver_header = ""\n')
    with project.start(FASTRAPI_CONFIG="server.toml") as server:
        wait_for_url(server)
        assert "server" not in httpx.get(server.url, trust_env=False, timeout=PATIENCE).headers


def test_an_unknown_key_is_an_error(project: Project) -> None:
    project.write("server.toml", 'port = 0\nhots = "::1"\n')
    answer = project.run("main:app", "--config", "server.toml")
    assert answer.returncode == 5
    assert answer.stderr.splitlines() == [
        "error: the configuration file server.toml, line 2 is not valid",
        "cause: there is no setting hots",
        "hint: did you mean host?",
    ]


def test_a_file_that_is_not_there_or_no_toml_is_an_error(project: Project) -> None:
    answer = project.run("main:app", "--config", "server.toml")
    assert answer.returncode == 5
    assert answer.stderr.startswith(
        "error: cannot read the configuration file server.toml\ncause: No such file"
    )
    project.write("server.toml", "port 0")
    answer = project.run("main:app", "--config", "server.toml")
    assert answer.returncode == 5
    assert answer.stderr.startswith("error: the configuration file server.toml, line 1 is not valid\ncause: ")


def test_wrong_variables_are_errors(project: Project) -> None:
    answer = project.run("main:app", FASTRAPI_PORT="http")
    assert answer.returncode == 5
    assert answer.stderr.startswith("error: the environment variable FASTRAPI_PORT is not valid\ncause: ")
    answer = project.run("main:app", FASTRAPI_WORKER="2")
    assert answer.returncode == 5
    assert answer.stderr.splitlines() == [
        "error: there is no setting for the variable FASTRAPI_WORKER",
        "hint: did you mean FASTRAPI_WORKERS?",
    ]


def test_the_access_log_has_a_line_with_the_duration_for_each_request(project: Project) -> None:
    with project.start("main:app", "--port", "0") as server:
        wait_for_url(server)
        httpx.get(f"{server.url}/a?b=c", trust_env=False, timeout=PATIENCE)
        server.wait_for("all requests on the general lane")
        server.wait_for(r'INFO 127\.0\.0\.1:\d+ - "GET /a\?b=c HTTP/1\.1" 200 0 \d+\.\d+ms\n')


@pytest.mark.parametrize("flag", [["--no-access-log"], ["--access-log=false"], ["--log-level", "warn"]])
def test_the_access_log_can_be_left_out(project: Project, flag: list[str]) -> None:
    with project.start("main:app", "--port", "0", *flag) as server:
        wait_for_url(server)
        httpx.get(server.url, trust_env=False, timeout=PATIENCE)
        assert server.stop() == 0
        assert "GET" not in server.log


def test_a_unix_domain_socket(project: Project) -> None:
    socket = project.path / "app.sock"
    with project.start("main:app", "--uds", str(socket)) as server:
        server.wait_for(f"serves main:app on unix:{socket}\n")
        transport = httpx.HTTPTransport(uds=str(socket))
        with httpx.Client(transport=transport, base_url="http://app", timeout=PATIENCE) as client:
            assert client.get("/").status_code == 200


def test_real_fastapi_that_is_not_installed(project: Project) -> None:
    answer = project.run("main:app", "--port", "0", "--fastapi", "real")
    assert answer.returncode == 5
    assert answer.stderr.startswith("error: --fastapi cannot be satisfied\ncause: FastAPI is not installed")
