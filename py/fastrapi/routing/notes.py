"""Errors in a path operation say where the function is defined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastrapi.dependencies.callables import unwrap


@contextmanager
def noting_definition(endpoint: Callable[..., Any]) -> Iterator[None]:
    """Add the file and line of the function to any error of its analysis.

    The traceback of the error shows where the route was added, which may be far away.
    """
    try:
        yield
    except Exception as error:
        code = getattr(unwrap(endpoint), "__code__", None)
        if code is not None:
            note = f'In {code.co_name}(), defined in File "{code.co_filename}", line {code.co_firstlineno}'
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
        raise
