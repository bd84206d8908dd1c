"""`app.serve()`: the server, started from the program that makes the application."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

_MARK = "FASTRAPI_SERVING"


def _locate(app: Any) -> tuple[str, str, str]:
    """Where the server can import an application from: directory, module and name.

    Raises:
        RuntimeError: the application is not a global name of a module in a file.
    """
    candidates: list[ModuleType] = [sys.modules["__main__"], *sys.modules.values()]
    for module in candidates:
        names = getattr(module, "__dict__", None) or {}
        attribute = next((name for name, value in list(names.items()) if value is app), None)
        file = getattr(module, "__file__", None)
        if attribute is None or file is None:
            continue
        if module.__name__ != "__main__":
            return "", module.__name__, attribute
        spec = getattr(module, "__spec__", None)
        if spec is not None:  # started by `python -m`
            return "", spec.name, attribute
        directory, base = os.path.split(os.path.abspath(file))
        return directory, os.path.splitext(base)[0], attribute
    raise RuntimeError("serve() needs an application that is a global variable of a module in a file")


def serve(app: Any, host: str, port: int, *, reload: bool) -> None:
    """Serve an application until the process is told to stop.

    The server imports the program's module to get at the application. A `serve()` that it comes
    across there does nothing, so a program needs no `if __name__ == "__main__"`.

    Args:
        app: the application.
        host: the address to listen on.
        port: the port.
        reload: whether the server starts again when a file changes.

    Raises:
        RuntimeError: the server is not installed, or cannot import the application.
        SystemExit: the server ended with an error.
    """
    if _MARK in os.environ:
        return
    try:
        from fastrapi._core import main
    except ImportError as error:
        raise RuntimeError(
            "serve() needs the server, which this installation does not have; "
            "any ASGI server can run the application instead"
        ) from error
    directory, module, attribute = _locate(app)
    arguments = [
        "dev" if reload else "run",
        "--app",
        f"{module}:{attribute}",
        "--host",
        host,
        "--port",
        str(port),
    ]
    if directory:
        arguments += ["--app-dir", directory]
    program = sys.argv
    os.environ[_MARK] = "1"
    sys.argv = ["fastrapi-server", *arguments]
    try:
        status = main()
    finally:
        sys.argv = program
        del os.environ[_MARK]
    if status:
        raise SystemExit(status)
