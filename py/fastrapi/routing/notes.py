"""Errors in a path operation say where the function is defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastrapi.dependencies.callables import unwrap


class noting_definition:  # a context manager, read as a phrase
    """Add the file and line of the function to any error of its analysis.

    The traceback of the error shows where the route was added, which may be far away.
    """

    __slots__ = ("_endpoint",)

    def __init__(self, endpoint: Callable[..., Any]) -> None:
        self._endpoint = endpoint

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, Exception):
            return
        code = getattr(unwrap(self._endpoint), "__code__", None)
        if code is not None:
            note = f'In {code.co_name}(), defined in File "{code.co_filename}", line {code.co_firstlineno}'
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
