"""Drop-in mode, each case in an interpreter of its own: what is imported cannot be undone here."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fastrapi.dropin.installation import _decide, _is_newer


def run(code: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(arguments or ("-c", textwrap.dedent(code)))]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def check(code: str) -> None:
    result = run(code)
    assert result.returncode == 0, result.stderr


def test_modules_are_the_same_objects() -> None:
    check("""
        import fastrapi.as_fastapi
        import fastapi, fastapi.sse, fastrapi, fastrapi.sse, starlette.status, fastrapi.status
        import starlette.exceptions, fastrapi.compat.starlette.exceptions
        assert fastapi is fastrapi
        assert fastapi.sse is fastrapi.sse
        assert starlette.status is fastrapi.status
        assert starlette.exceptions is fastrapi.compat.starlette.exceptions
        assert fastapi.sse.__spec__.name == "fastrapi.sse"
    """)


def test_reload_and_patching_by_the_other_name_work() -> None:
    check("""
        import fastrapi.as_fastapi
        import importlib, unittest.mock
        import fastapi.logger, fastrapi.logger
        importlib.reload(fastapi.logger)
        with unittest.mock.patch("fastapi.logger.logger", 1):
            assert fastrapi.logger.logger == 1
    """)


def test_metadata_names_the_versions_that_are_matched() -> None:
    check("""
        import fastrapi.as_fastapi
        from importlib.metadata import distribution, requires, version
        from fastrapi import FASTAPI_PARITY, STARLETTE_PARITY
        assert version("FastAPI") == FASTAPI_PARITY
        assert version("starlette") == STARLETTE_PARITY
        assert any(line.startswith("pydantic") for line in requires("fastapi"))
        assert distribution("starlette").metadata["Name"] == "starlette"
    """)


def test_modules_name_these_versions_while_they_answer() -> None:
    check("""
        import fastrapi
        from fastrapi.dropin.installation import install, uninstall
        own = fastrapi.__version__
        install("replace")
        import fastapi, starlette
        assert (fastapi.__version__, starlette.__version__) == (
            fastrapi.FASTAPI_PARITY, fastrapi.STARLETTE_PARITY)
        uninstall()
        assert fastrapi.__version__ == own
    """)


def test_modules_that_only_one_of_the_frameworks_has_stay_with_it() -> None:
    check("""
        import fastrapi.as_fastapi
        from importlib.util import find_spec
        assert find_spec("starlette.params") is None
        assert find_spec("fastapi.missing") is None
        assert find_spec("fastapi.params").origin.endswith("params.py")
        try:
            import starlette.params
        except ModuleNotFoundError as error:
            assert error.name == "starlette.params"
        else:
            raise AssertionError
    """)


def test_real_package_that_is_in_use_is_refused() -> None:
    check("""
        import sys, types
        sys.modules["fastapi"] = types.ModuleType("fastapi")
        from fastrapi.dropin import DropInError, install
        try:
            install("replace")
        except DropInError as error:
            assert "imported already" in str(error)
        else:
            raise AssertionError
    """)


def test_switching_off_gives_the_names_back() -> None:
    check("""
        from fastrapi.dropin import install, uninstall
        assert install("replace").effective == "replace"
        assert install("replace").effective == "replace"
        import fastapi, sys
        uninstall()
        uninstall()
        assert "fastapi" not in sys.modules
    """)


@pytest.mark.parametrize(
    ("mode", "installed", "effective"),
    [
        ("auto", None, "replace"),
        ("auto", "0.165.0", "replace"),
        ("auto", "0.99.1", "replace"),
        ("auto", "0.166.0", "real"),
        ("auto", "1.0.0rc1", "real"),
        ("replace", "9.0", "replace"),
        ("real", "0.1", "real"),
        ("native", None, "native"),
    ],
)
def test_choice(mode: str, installed: str | None, effective: str) -> None:
    assert _decide(mode, installed)[0] == effective  # type: ignore[arg-type]


def test_versions_are_compared_as_numbers() -> None:
    assert _is_newer("0.1000.0")
    assert not _is_newer("0.20.0")


def test_programs_run_unchanged(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import sys, fastapi\nprint(fastapi.__name__, sys.argv[1:], sys.path[0])")
    result = run("", "-m", "fastrapi.as_fastapi", str(script), "a", "b")
    assert result.stdout.strip() == f"fastrapi ['a', 'b'] {tmp_path}"
    code = run("", "-m", "fastrapi.as_fastapi", "-c", "import sys, fastapi; print(sys.argv)", "x")
    assert code.stdout.strip() == "['-c', 'x']"
    (tmp_path / "tool.py").write_text("import starlette\nprint(starlette.__name__, __name__)")
    module = run("", "-m", "fastrapi.as_fastapi", "-m", "tool", cwd=tmp_path)
    assert module.stdout.strip() == "fastrapi.compat.starlette __main__"
    assert run("", "-m", "fastrapi.as_fastapi").returncode == 1
