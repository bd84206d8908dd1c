"""Use this framework wherever `fastapi` or `starlette` is imported.

At the top of a test suite (`conftest.py`), before the first import of either:

    import fastrapi.as_fastapi

Or for a whole program, without touching it:

    python -m fastrapi.as_fastapi -m pytest tests
    python -m fastrapi.as_fastapi script.py --option

Our modules answer even where the real packages are installed; `fastrapi.dropin.install` has the
other modes.
"""

import os
import runpy
import sys

from fastrapi.dropin import install

install("replace")

# anyio is one of pytest's plugins, and is imported with this package before pytest could change its asserts.
_PYTEST_OPTIONS = (
    "-W",
    "ignore:Module already imported so cannot be rewritten; anyio:pytest.PytestAssertRewriteWarning",
)
_USAGE = "usage: python -m fastrapi.as_fastapi (-m MODULE | -c CODE | SCRIPT) [ARGUMENT ...]"


def _run(arguments: list[str]) -> None:
    """Run a module, some code or a script as `python` itself would."""
    match arguments:
        case ["-m", module, *rest]:
            sys.argv = [module, *(_PYTEST_OPTIONS if module == "pytest" else ()), *rest]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", code, *rest]:
            sys.argv = ["-c", *rest]
            exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102  # what `-c` means
        case [script, *rest] if not script.startswith("-"):
            sys.argv = [script, *rest]
            sys.path[0] = os.path.dirname(os.path.abspath(script))
            runpy.run_path(script, run_name="__main__")
        case _:
            sys.exit(_USAGE)


if __name__ == "__main__":
    _run(sys.argv[1:])
