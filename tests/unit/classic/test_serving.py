"""`serve()` in programs of their own: what the server is asked for, and what it finds."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

# Stands in for the server: says what it is asked for, and imports the application as the server does.
_SERVER = """
    import importlib, sys, types
    core = types.ModuleType("fastrapi._core")
    def main():
        print(*sys.argv[1:])
        target = sys.argv[sys.argv.index("--app") + 1]
        if "--app-dir" in sys.argv:
            sys.path.insert(0, sys.argv[sys.argv.index("--app-dir") + 1])
        module, _, attribute = target.partition(":")
        print(type(getattr(importlib.import_module(module), attribute)).__name__)
        return STATUS
    core.main = main
    sys.modules["fastrapi._core"] = core
"""

_PROGRAM = """
    import SERVER
    from fastrapi import FastrAPI

    api = FastrAPI()
    api.serve(ARGUMENTS)
    print("after", __name__)
"""


def run(
    folder: Path, arguments: str = "", *, status: int = 0, as_module: bool = False
) -> subprocess.CompletedProcess[str]:
    (folder / "server.py").write_text(textwrap.dedent(_SERVER).replace("STATUS", str(status)))
    program = textwrap.dedent(_PROGRAM).replace("SERVER", "server").replace("ARGUMENTS", arguments)
    (folder / "program.py").write_text(program)
    command = [sys.executable, *(["-m", "program"] if as_module else [str(folder / "program.py")])]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_server_imports_the_program_in_which_serve_does_nothing(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.stdout.splitlines() == [
        f"run --app program:api --host 127.0.0.1 --port 8000 --app-dir {tmp_path}",
        "after program",
        "FastAPI",
        "after __main__",
    ]


def test_address_and_reload_are_passed_on(tmp_path: Path) -> None:
    result = run(tmp_path, '"0.0.0.0", 80, reload=True', as_module=True)
    assert result.stdout.splitlines()[0] == "dev --app program:api --host 0.0.0.0 --port 80"


def test_the_exit_status_of_the_server_is_that_of_the_program(tmp_path: Path) -> None:
    assert run(tmp_path, status=4).returncode == 4


def test_an_application_that_cannot_be_imported_is_an_error(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.'); import server; from fastrapi import FastAPI; FastAPI().serve()"
    )
    run(tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "global variable" in result.stderr
