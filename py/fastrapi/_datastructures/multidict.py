"""Mappings that keep every value of a key: `MultiDict`, and `QueryParams` on it."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlencode

_KeyType = TypeVar("_KeyType")
# Mapping keys are invariant, the values of a read-only mapping are not.
_ValueType_co = TypeVar("_ValueType_co", covariant=True)


def _merge_pairs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[tuple[Any, Any]]:
    """The pairs of a `dict`-like constructor call, in order and with repetitions."""
    assert len(args) < 2, "Too many arguments."
    source = args[0] if args else ()
    if isinstance(source, ImmutableMultiDict):
        pairs = source.multi_items()
    elif hasattr(source, "items"):
        pairs = list(cast("Mapping[Any, Any]", source).items())
    else:
        pairs = [(key, value) for key, value in source or ()]
    pairs.extend(kwargs.items())
    return pairs


class ImmutableMultiDict(Mapping[_KeyType, _ValueType_co]):
    """A read-only mapping whose keys may have several values; lookups give the last one."""

    _dict: dict[_KeyType, _ValueType_co]
    _list: list[tuple[_KeyType, _ValueType_co]]

    def __init__(
        self,
        *args: ImmutableMultiDict[_KeyType, _ValueType_co]
        | Mapping[_KeyType, _ValueType_co]
        | Iterable[tuple[_KeyType, _ValueType_co]],
        **kwargs: Any,
    ) -> None:
        self._list = _merge_pairs(args, kwargs)
        self._dict = dict(self._list)

    def getlist(self, key: Any) -> list[_ValueType_co]:
        """Every value of `key`, in order; empty if there is none."""
        return [value for name, value in self._list if name == key]

    def keys(self) -> KeysView[_KeyType]:
        return self._dict.keys()

    def values(self) -> ValuesView[_ValueType_co]:
        return self._dict.values()

    def items(self) -> ItemsView[_KeyType, _ValueType_co]:
        return self._dict.items()

    def multi_items(self) -> list[tuple[_KeyType, _ValueType_co]]:
        """Every pair, in order."""
        return list(self._list)

    def __getitem__(self, key: _KeyType) -> _ValueType_co:
        return self._dict[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[_KeyType]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def _grouped(self) -> dict[_KeyType, list[_ValueType_co]]:
        groups: dict[_KeyType, list[_ValueType_co]] = {}
        for key, value in self._list:
            groups.setdefault(key, []).append(value)
        return groups

    def __eq__(self, other: object) -> bool:
        """Whether both have the same keys, each with the same values in the same order."""
        if not isinstance(other, self.__class__):
            return False
        return self._grouped() == other._grouped()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._list!r})"


class MultiDict(ImmutableMultiDict[Any, Any]):
    """A mutable mapping whose keys may have several values."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.setlist(key, [value])

    def __delitem__(self, key: Any) -> None:
        del self._dict[key]
        self._discard(key)

    def _discard(self, key: Any) -> None:
        self._list = [pair for pair in self._list if pair[0] != key]

    def pop(self, key: Any, default: Any = None) -> Any:
        """Removes every value of `key` and gives the last one, or `default`."""
        self._discard(key)
        return self._dict.pop(key, default)

    def popitem(self) -> tuple[Any, Any]:
        """Removes one key and gives it with its last value.

        Raises:
            KeyError: The mapping is empty.
        """
        key, value = self._dict.popitem()
        self._discard(key)
        return key, value

    def poplist(self, key: Any) -> list[Any]:
        """Removes `key` and gives all its values."""
        values = self.getlist(key)
        self.pop(key)
        return values

    def clear(self) -> None:
        self._dict.clear()
        self._list.clear()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The last value of `key`, after adding `default` if there was none."""
        if key not in self:
            self.append(key, default)
        return self[key]

    def setlist(self, key: Any, values: list[Any]) -> None:
        """Makes these the values of `key`; none removes it."""
        if not values:
            self.pop(key, None)
            return
        self._discard(key)
        self._list.extend((key, value) for value in values)
        self._dict[key] = values[-1]

    def append(self, key: Any, value: Any) -> None:
        """Adds a value to those of `key`."""
        self._list.append((key, value))
        self._dict[key] = value

    def update(
        self,
        *args: MultiDict | Mapping[Any, Any] | list[tuple[Any, Any]],
        **kwargs: Any,
    ) -> None:
        """Replaces the values of each key that is given with the ones given for it."""
        added = MultiDict(*args, **kwargs)
        self._list = [pair for pair in self._list if pair[0] not in added] + added._list
        self._dict.update(added._dict)


class QueryParams(ImmutableMultiDict[str, str]):
    """Query parameters.

    Args:
        *args: A query string as text or bytes, a mapping, or pairs.
        **kwargs: Further parameters.
    """

    def __init__(
        self,
        *args: ImmutableMultiDict[Any, Any] | Mapping[Any, Any] | list[tuple[Any, Any]] | str | bytes,
        **kwargs: Any,
    ) -> None:
        source = args[0] if args else None
        if isinstance(source, bytes):
            source = source.decode("latin-1")
        if isinstance(source, str):
            self._list = parse_qsl(source, keep_blank_values=True) if source else []
            self._list.extend((str(key), str(value)) for key, value in kwargs.items())
        else:
            self._list = [(str(key), str(value)) for key, value in _merge_pairs(args, kwargs)]
        self._dict = dict(self._list)

    def __str__(self) -> str:
        return urlencode(self._list)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"
