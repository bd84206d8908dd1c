"""A corpus that every machine has: the standard library's documentation strings and the packages' READMEs.

Documentation strings are read from compiled code without importing the modules: that is fast (the interpreter
keeps compiled code beside the source), has no side effects and needs no source files. Built-in modules have
no code; they are imported, which costs nothing as they are part of the interpreter.
"""

import dis
import importlib
import inspect
import json
import pkgutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from types import CodeType
from typing import Final
from urllib.parse import quote

from pydantic import HttpUrl

from search.models import Document
from search.settings import CorpusSettings

# Programs and their tests rather than a library's documentation.
_LEFT_OUT: Final = frozenset({"test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip", "__phello__"})
_LONGEST_BODY: Final = 100_000


def load(settings: CorpusSettings) -> list[Document]:
    """The whole corpus, one document an id. Blocks for about a second."""
    found: dict[str, Document] = {}
    if settings.stdlib:
        found |= {document.id: document for document in stdlib_documents()}
    if settings.packages:
        found |= {document.id: document for document in package_documents(distributions())}
    return list(found.values())


def stdlib_documents() -> Iterator[Document]:
    """One document for each public module, class, function and method that has a documentation string."""
    # The directory or zip archive that holds the library, wherever this interpreter keeps it.
    library = str(Path(json.__path__[0]).parent)
    for name, code in _modules([library]):
        yield from _documented(code, name)
    # A program that embeds Python may add built-in modules of its own.
    for name in sorted(sys.stdlib_module_names.intersection(sys.builtin_module_names)):
        if not name.startswith("_"):
            yield from _documented_builtins(name)


def package_documents(installed: Iterable[Distribution]) -> Iterator[Document]:
    """One document for each installed distribution: its summary and its README."""
    for distribution in installed:
        metadata = distribution.metadata.json
        name = metadata.get("name")
        if not isinstance(name, str):
            # A directory that a half-removed package left behind.
            continue
        summary = metadata.get("summary", "")
        yield Document(
            id=f"package:{name}",
            site=name,
            title=f"{name}: {summary}"[:500] if summary else name,
            body=f"{summary}\n\n{metadata.get('description', '')}"[:_LONGEST_BODY],
            url=HttpUrl(f"https://pypi.org/project/{quote(name)}/"),
        )


def _modules(path: list[str], prefix: str = "") -> Iterator[tuple[str, CodeType]]:
    for module in pkgutil.iter_modules(path, prefix):
        tail = module.name.rpartition(".")[2]
        if tail in _LEFT_OUT or tail.startswith("_"):
            continue
        spec = module.module_finder.find_spec(module.name, None)
        if spec is None or spec.loader is None:
            continue
        get_code = getattr(spec.loader, "get_code", None)
        # Extension modules have a loader, but no code object.
        code = get_code(module.name) if get_code is not None else None
        if isinstance(code, CodeType):
            yield module.name, code
        if module.ispkg and spec.submodule_search_locations:
            yield from _modules(list(spec.submodule_search_locations), module.name + ".")


def _documented(code: CodeType, module: str) -> Iterator[Document]:
    text = _docstring(code)
    if text:
        yield _stdlib_document(module if code.co_name == "<module>" else f"{module}.{code.co_qualname}", text)
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and _is_public(constant):
            yield from _documented(constant, module)


def _is_public(code: CodeType) -> bool:
    # `<lambda>` and the like have no name; a function's inner functions are nobody's interface.
    return not code.co_name.startswith(("_", "<")) and "<locals>" not in code.co_qualname


def _docstring(code: CodeType) -> str | None:
    if code.co_flags & inspect.CO_NEWLOCALS and code.co_flags & inspect.CO_OPTIMIZED:
        first = code.co_consts[0] if code.co_consts else None
        return first if isinstance(first, str) else None
    # A module's and a class's body assign their documentation string to `__doc__`.
    if "__doc__" not in code.co_names:
        return None
    loaded: object = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_NAME" and instruction.argval == "__doc__":
            return loaded if isinstance(loaded, str) else None
        loaded = instruction.argval if instruction.opname == "LOAD_CONST" else None
    return None


def _documented_builtins(name: str) -> Iterator[Document]:
    with warnings.catch_warnings():
        # Some are deprecated, which is no reason to leave them out.
        warnings.simplefilter("ignore", DeprecationWarning)
        module = importlib.import_module(name)
    if module.__doc__:
        yield _stdlib_document(name, module.__doc__)
    for attribute, value in vars(module).items():
        if attribute.startswith("_") or not callable(value) or not isinstance(value.__doc__, str):
            continue
        yield _stdlib_document(f"{name}.{attribute}", value.__doc__)
        if isinstance(value, type):
            for method, function in vars(value).items():
                if not method.startswith("_") and callable(function) and isinstance(function.__doc__, str):
                    yield _stdlib_document(f"{name}.{attribute}.{method}", function.__doc__)


def _stdlib_document(name: str, text: str) -> Document:
    return Document(
        id=f"stdlib:{name}",
        site=name.partition(".")[0],
        title=name,
        body=inspect.cleandoc(text)[:_LONGEST_BODY],
        url=HttpUrl(f"https://docs.python.org/3/search.html?q={quote(name)}"),
    )
