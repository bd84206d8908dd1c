"""What a connection carries besides its message: the client's address and the application's state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Address(NamedTuple):
    """The address of a peer."""

    host: str
    port: int


class State:
    """Named values of an application or a connection, as attributes and as items."""

    _state: dict[str, Any]

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        object.__setattr__(self, "_state", {} if state is None else state)

    def __setattr__(self, key: Any, value: Any) -> None:
        self._state[key] = value

    def __getattr__(self, key: Any) -> Any:
        # Copying and unpickling ask for special methods before `_state` exists.
        state = self.__dict__.get("_state", {})
        try:
            return state[key]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {key!r}") from None

    def __delattr__(self, key: Any) -> None:
        del self._state[key]

    def __getitem__(self, key: str) -> Any:
        return self._state[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._state[key] = value

    def __delitem__(self, key: str) -> None:
        del self._state[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._state)

    def __len__(self) -> int:
        return len(self._state)
