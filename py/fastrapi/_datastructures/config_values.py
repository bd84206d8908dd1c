"""Types to cast configuration values to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import shlex
from typing import Any


class Secret:
    """Text that does not show itself in tracebacks and logs; `str()` reveals it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}('**********')"

    def __str__(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)


def _split_at_commas(text: str) -> list[str]:
    lexer = shlex(text, posix=True)
    lexer.whitespace = ","
    lexer.whitespace_split = True
    return [item.strip() for item in lexer]


class CommaSeparatedStrings(Sequence[str]):
    """The items of a comma-separated text, in which items may be quoted."""

    def __init__(self, value: str | Sequence[str]) -> None:
        self._items = _split_at_commas(value) if isinstance(value, str) else list(value)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int | slice) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __str__(self) -> str:
        return ", ".join(repr(item) for item in self)
