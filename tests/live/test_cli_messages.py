"""What the user is told when something is wrong, and the exit code that goes with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import Project

MINIMAL = """
async def app(scope, receive, send):
    raise NotImplementedError

other = app
number = 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.write("main.py", MINIMAL)
    return project


def lines(answer: subprocess.CompletedProcess[str]) -> list[str]:
    return answer.stderr.splitlines()


def test_a_module_that_does_not_exist(project: Project) -> None:
    answer = project.run("mian:app", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer) == [
        "error: cannot find the module 'mian'",
        "cause: no module of that name in . or among the installed packages",
        "hint: did you mean main?",
    ]


def test_an_attribute_that_does_not_exist(project: Project) -> None:
    project.write("main.py", "from fastrapi import FastrAPI\napp = FastrAPI()\nadmin = FastrAPI()\n")
    answer = project.run("main:ap", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer) == [
        "error: the module 'main' has no attribute 'ap'",
        "hint: did you mean app?",
        "hint: applications in this module: main:app, main:admin",
    ]


def test_an_object_that_is_no_application(project: Project) -> None:
    answer = project.run("main:number", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[0] == "error: 'main:number' cannot be served"
    assert lines(answer)[1].startswith("cause: ")


def test_the_usual_name_for_something_else(project: Project) -> None:
    project.write("number.py", "app = 5\n")
    answer = project.run("number", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer) == [
        "error: 'number:app' cannot be served",
        "cause: it is an instance of 'int', which cannot be called",
    ]
    project.write("empty.py", "")
    answer = project.run("empty", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer) == [
        "error: there is no application in the module 'empty'",
        "hint: if it has another name, give that, too: fastrapi-server empty:NAME",
    ]


def test_a_factory_that_is_not_said_to_be_one_and_asgi_2(project: Project) -> None:
    project.write("main.py", "def make(): ...\n\ndef old(scope): ...\n")
    answer = project.run("main:make", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[-1] == "hint: if it makes the application, add --factory"
    answer = project.run("main:old", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[-1].startswith("hint: make it an ASGI 3 one")


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("main.app", "hint: a colon stands before the attribute: main:app"),
        ("./src/main:app", "hint: directories are separated by dots: src.main"),
        ("rout", "hint: did you mean the command routes?"),
    ],
)
def test_an_application_named_in_the_wrong_form(project: Project, target: str, hint: str) -> None:
    answer = project.run(target, "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[-1] == hint


@pytest.mark.parametrize("target", ["", ":app", "main:app:x"])
def test_a_target_that_names_nothing(project: Project, target: str) -> None:
    for answer in (
        project.run("--app", target, "--port", "0"),
        project.run("--port", "0", FASTRAPI_APP=target),
    ):
        assert answer.returncode == 2
        assert lines(answer)[0] == f"error: '{target}' does not name an application"


def test_a_directory_that_does_not_exist(project: Project) -> None:
    answer = project.run("main:app", "--app-dir", "nowhere", "--port", "0")
    assert answer.returncode == 2
    assert lines(answer)[0] == "error: nowhere is not a directory"


def test_a_misspelt_command(project: Project) -> None:
    answer = project.run("rout", "main:app")
    assert answer.returncode == 2
    assert lines(answer)[0] == "error: there is no command 'rout'"
    assert "did you mean 'routes'?" in answer.stderr


def test_no_application_named_and_none_found(tmp_path: Path) -> None:
    answer = Project(tmp_path).run("--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[0] == "error: no application was named and none was found"
    assert lines(answer)[-1] == "hint: name it: fastrapi-server MODULE:ATTRIBUTE"


def test_an_exception_during_the_import_shows_the_users_lines_only(project: Project) -> None:
    project.write("db.py", "import json\n\ndef connect():\n    return json.loads('{')\n")
    project.write("main.py", "import db\n\napp = db.connect()\n")
    answer = project.run("main:app", "--port", "0")
    assert answer.returncode == 3
    explanation = "Expecting property name enclosed in double quotes"
    assert lines(answer) == [
        "error: importing 'main' failed",
        f"cause: json.decoder.JSONDecodeError: {explanation}: line 1 column 2 (char 1)",
        "  at db.py:4 in connect",
        "      return json.loads('{')",
        "  at main.py:3 in <module>",
        "      app = db.connect()",
    ]


def test_a_syntax_error_shows_the_place(project: Project) -> None:
    project.write("main.py", "def broken(:\n")
    answer = project.run("main:app", "--port", "0")
    assert answer.returncode == 3
    assert "main.py" in answer.stderr
    assert "def broken(:" in answer.stderr


def test_a_missing_package_is_an_import_error_and_no_missing_module(project: Project) -> None:
    project.write("main.py", "import no_such_package\n")
    answer = project.run("main:app", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[:2] == [
        "error: importing 'main' failed",
        "cause: ModuleNotFoundError: No module named 'no_such_package'",
    ]
    assert lines(answer)[-1].startswith("hint: install its package into the application's environment")


def test_a_factory(project: Project) -> None:
    project.write("main.py", "def make():\n    raise RuntimeError('no database')\n\nnumber = 1\n")
    answer = project.run("main:make", "--factory", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[:2] == ["error: the factory 'make' failed", "cause: RuntimeError: no database"]
    answer = project.run("main:number", "--factory", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer) == [
        "error: 'number' is not callable, so it cannot be a factory",
        "hint: leave out --factory to serve it as it is",
    ]


def test_a_failed_startup(project: Project) -> None:
    project.write(
        "main.py",
        """
        from contextlib import asynccontextmanager
        from fastrapi import FastrAPI

        @asynccontextmanager
        async def lifespan(app):
            raise RuntimeError("no database")
            yield

        app = FastrAPI(lifespan=lifespan)
        """,
    )
    answer = project.run("main:app", "--port", "0")
    assert answer.returncode == 3
    assert lines(answer)[-1] == "error: application startup failed: RuntimeError: no database"


def test_a_port_in_use_is_noticed_before_the_application_is_imported(project: Project) -> None:
    marker = project.path / "imported"
    project.write("main.py", f"open({str(marker)!r}, 'w').close()\n")
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        answer = project.run("main:app", "--port", str(port))
    assert answer.returncode == 4
    assert lines(answer)[:2] == [
        f"error: cannot bind 127.0.0.1:{port}",
        "cause: Address already in use (os error 98)",
    ]
    assert lines(answer)[2].startswith("hint: another process listens on this port")
    assert not marker.exists()


def test_an_address_that_is_not_ours(project: Project) -> None:
    answer = project.run("main:app", "--host", "192.0.2.1", "--port", "0")
    assert answer.returncode == 4
    assert lines(answer)[0] == "error: cannot bind 192.0.2.1:0"
    assert lines(answer)[-1].startswith("hint: ")


@pytest.mark.parametrize("how", ["option", "variable"])
def test_an_environment_of_another_python(project: Project, how: str) -> None:
    venv = project.path / "old"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.8.18\n")
    if how == "option":
        answer = project.run("main:app", "--port", "0", "--venv", str(venv))
    else:
        answer = project.run("main:app", "--port", "0", VIRTUAL_ENV=str(venv))
    assert answer.returncode == 5
    assert lines(answer)[0] == "error: Python cannot be started"
    assert lines(answer)[1].startswith(f"cause: the virtual environment {venv} is for Python 3.8, ")
    assert lines(answer)[2].startswith("hint: make an environment of the right version")


def test_a_directory_that_is_no_environment(project: Project) -> None:
    answer = project.run("main:app", "--port", "0", "--venv", "nowhere")
    assert answer.returncode == 5
    assert lines(answer)[-1] == "hint: give --venv the directory that holds pyvenv.cfg"


@pytest.mark.parametrize(
    "arguments", [["--prot", "1"], ["--port", "70000"], ["a:b", "--app", "c:d"], ["--loop", "x"]]
)
def test_wrong_command_lines(project: Project, arguments: list[str]) -> None:
    answer = project.run(*arguments)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
    assert answer.stdout == ""


def test_the_licences_of_all_parts_are_carried(project: Project) -> None:
    answer = project.run("licenses", FASTRAPI_PORT="no port")
    assert (answer.returncode, answer.stderr) == (0, "")
    parts, _, terms = answer.stdout.partition("Their licences:")
    for part in ("CPython 3.", "pydantic 2", "uvloop ", "tokio 1", "pyo3 0", "libmimalloc-sys ", "redoc"):
        assert f"\n{part}" in parts, part
    for text in ("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2", "Permission is hereby granted"):
        assert text in terms


def test_help_and_version(project: Project) -> None:
    answer = project.run("--help")
    assert (answer.returncode, answer.stderr) == (0, "")
    for command in ("run", "dev", "check", "routes", "licenses"):
        assert f"  {command} " in answer.stdout
    answer = project.run("--version")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert (answer.returncode, answer.stdout) == (0, f"fastrapi-server 0.1.0 (Python {version})\n")


def test_colours_are_for_terminals(project: Project) -> None:
    main, terminal = os.openpty()
    subprocess.run(
        project.command("nothing:app", "--port", "0"),
        cwd=project.path,
        env=project.environment(),
        stderr=terminal,
        check=False,
    )
    os.close(terminal)
    assert os.read(main, 100).startswith(b"\x1b[1;31merror\x1b[0m: ")
    os.close(main)
    assert "\x1b" not in project.run("nothing:app", "--port", "0").stderr
