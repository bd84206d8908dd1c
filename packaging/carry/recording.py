"""``recording.py PACKAGES SOURCE``: what modules compile from text while they are imported.

Imports what a server imports and writes the results, by the text they come from, to standard output. Run in a
process of its own, which has imported as little as possible before.
"""

from __future__ import annotations

import importlib
import marshal
import re
import sys

TYPE_CHECKING = False

STANDARD_LIBRARY = (
    *("argparse", "asyncio", "calendar", "concurrent.futures", "configparser", "contextvars"),
    *("csv", "ctypes", "datetime", "decimal", "difflib", "email.message", "email.utils"),
    *("fractions", "gettext", "graphlib", "gzip", "hashlib", "hmac", "html", "http.client"),
    *("http.cookies", "importlib.metadata", "importlib.resources", "inspect", "ipaddress", "json"),
    *("locale", "logging.config", "logging.handlers", "mimetypes", "multiprocessing", "pathlib"),
    *("pickle", "pkgutil", "platform", "pprint", "queue", "random", "secrets", "selectors"),
    *("shlex", "shutil", "socket", "sqlite3", "ssl", "statistics", "string", "subprocess"),
    *("sysconfig", "tempfile", "textwrap", "threading", "tokenize", "traceback", "unittest.mock"),
    *("urllib.parse", "urllib.request", "uuid", "xml.etree.ElementTree", "zipfile", "zoneinfo"),
)
"""Modules that applications and their packages import."""

NOT_IMPORTED = ("fastrapi.as_fastapi", "fastrapi.__main__", "fastrapi.testclient")
"""Modules of ours that change the process which imports them, and what no server imports."""

MODELS = """
import datetime, decimal, enum, typing, uuid
import pydantic
for name in pydantic.__all__:
    getattr(pydantic, name)
class Colour(enum.Enum):
    RED = "red"
class Part(pydantic.BaseModel):
    name: str
    price: float | None = None
class Whole(pydantic.BaseModel):
    parts: list[Part]
    by_name: dict[str, Part]
    number: int = pydantic.Field(gt=0)
    colour: Colour
    at: datetime.datetime
    amount: decimal.Decimal
    id: uuid.UUID
    tag: typing.Annotated[str, pydantic.StringConstraints(pattern="^a")]
Whole.model_json_schema()
pydantic.TypeAdapter(list[Whole])
"""
"""What pydantic imports only once models are made."""


# `typing` is imported after what is watched.
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Recorder:
    """Stands in for `exec`, `eval` and `compile` in modules that compile text, and keeps the results."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}
        self._translation: tuple[Any, ...] = ()

    def code(self, source: Any, mode: str) -> Any:
        """The code of `source`, kept unless it was compiled elsewhere."""
        if not isinstance(source, str):
            return source
        code = compile(source, "<string>", mode, dont_inherit=True)
        self.found[f"{mode}/{source}"] = marshal.dumps(code)
        return code

    def watch_regular_expressions(self) -> None:
        """Keep what patterns are translated to: the arguments of `_sre.compile` after the pattern."""
        translator: Any = re._compiler  # type: ignore[attr-defined]
        engine, translate = translator._sre, translator.compile

        def make(pattern: Any, flags: int, code: list[int], *rest: Any) -> Any:
            self._translation = (int(flags), [int(word) for word in code], *rest)
            return engine.compile(pattern, flags, code, *rest)

        def recording(pattern: Any, flags: int = 0) -> Any:
            compiled = translate(pattern, flags)
            if isinstance(pattern, str):
                self.found[f"re/{int(flags)}/{pattern}"] = marshal.dumps(self._translation)
            return compiled

        class Engine:
            compile = staticmethod(make)

            def __getattr__(self, name: str) -> Any:
                return getattr(engine, name)

        translator._sre = Engine()
        translator.compile = recording

    def watch_code(self) -> None:
        """Keep what is compiled for named tuples, data classes and annotations."""
        shadow("collections", "eval", lambda source, *scopes: eval(self.code(source, "eval"), *scopes))
        shadow("dataclasses", "exec", lambda source, *scopes: exec(self.code(source, "exec"), *scopes))
        shadow("typing", "compile", lambda source, _name, mode: self.code(source, mode))


def shadow(module: str, name: str, function: Callable[..., object]) -> None:
    """Hide the built-in function `name` in a module by another one."""
    vars(importlib.import_module(module))[name] = function


def import_package(name: str) -> None:
    """Import a package and all modules below it, but for those that need a package which is not carried."""
    from pkgutil import iter_modules

    package = importlib.import_module(name)
    for found in iter_modules(package.__path__, f"{name}."):
        if found.name in NOT_IMPORTED:
            continue
        try:
            if found.ispkg:
                import_package(found.name)
            else:
                importlib.import_module(found.name)
        except ImportError as error:
            missing = (error.name or "").partition(".")[0]
            if missing == "fastrapi" and error.name != "fastrapi._core":
                raise


def main(packages: str, source: str) -> None:
    """Import everything; write sorted pairs of text and result, marshalled."""
    recorder = Recorder()
    recorder.watch_regular_expressions()
    recorder.watch_code()
    for name in STANDARD_LIBRARY:
        importlib.import_module(name)
    sys.path[:0] = [packages, source]
    exec(compile(MODELS, "models", "exec", dont_inherit=True), {"__name__": "models"})
    importlib.import_module("anyio")
    importlib.import_module("uvloop")
    import_package("fastrapi")
    sys.stdout.buffer.write(marshal.dumps(sorted(recorder.found.items())))


if __name__ == "__main__":
    main(*sys.argv[1:])
