"""HTTP header fields: case-insensitive, repeatable, stored as the bytes that ASGI carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Self, TypeVar, overload

T = TypeVar("T")

RawHeaders = list[tuple[bytes, bytes]]

# RFC 9110, section 5.6.2 (token). Non-ASCII names are refused with the rest.
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# RFC 9110, section 5.5: a recipient may treat each of these as the end of the field.
_ILLEGAL_IN_VALUE = re.compile(r"[\r\n\0]")


@lru_cache(maxsize=512)
def encode_name(name: str) -> bytes:
    """A header name as ASGI wants it, in lower case.

    Applications use few names, so the check is paid once for each.

    Raises:
        ValueError: It is not a token.
    """
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(f"Invalid header name: {name!r}")
    return name.lower().encode("latin-1")


def encode_value(name: str, value: str) -> bytes:
    """A header value as ASGI wants it.

    Raises:
        ValueError: It contains CR, LF or NUL, with which a reflected value could end the header
            and begin another one, or a body (response splitting).
        UnicodeEncodeError: It has characters outside Latin-1.
    """
    encoded = value.encode("latin-1")
    if _ILLEGAL_IN_VALUE.search(value) is not None:
        raise ValueError(f"Invalid value of header {name!r}: CR, LF and NUL are not allowed")
    return encoded


class Headers(Mapping[str, str]):
    """Read-only header fields.

    Args:
        headers: A mapping of names to values. Not together with the others.
        raw: Pairs as ASGI carries them, kept by reference. Not together with the others.
        scope: An ASGI scope whose headers these are.
    """

    # A list of pairs rather than a dict: order and repetitions are part of the message.
    _list: RawHeaders

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        raw: RawHeaders | None = None,
        scope: MutableMapping[str, Any] | None = None,
    ) -> None:
        if raw is not None:
            assert headers is None, 'Cannot set both "headers" and "raw".'
            assert scope is None, 'Cannot set both "raw" and "scope".'
            self._list = raw
        elif scope is not None:
            assert headers is None, 'Cannot set both "headers" and "scope".'
            # The scope may hold any iterable, and changes made here have to show there.
            self._list = scope["headers"] = list(scope["headers"])
        elif headers is not None:
            self._list = [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
            ]
        else:
            self._list = []

    @property
    def raw(self) -> RawHeaders:
        """The pairs as ASGI carries them."""
        return self._list

    def keys(self) -> list[str]:  # type: ignore[override]
        return [name.decode("latin-1") for name, _ in self._list]

    def values(self) -> list[str]:  # type: ignore[override]
        return [value.decode("latin-1") for _, value in self._list]

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._list]

    def getlist(self, key: str) -> list[str]:
        """Every value of a header, in order; empty if there is none."""
        wanted = key.lower().encode("latin-1")
        return [value.decode("latin-1") for name, value in self._list if name == wanted]

    def mutablecopy(self) -> MutableHeaders:
        """An independent copy that can be changed."""
        return MutableHeaders(raw=self._list[:])

    @overload
    def get(self, key: str, default: None = None) -> str | None: ...

    @overload
    def get(self, key: str, default: str | T) -> str | T: ...

    def get(self, key: str, default: Any = None) -> Any:
        """The first value of a header, or `default`."""
        wanted = key.lower().encode("latin-1")
        for name, value in self._list:
            if name == wanted:
                return value.decode("latin-1")
        return default

    def __getitem__(self, key: str) -> str:
        wanted = key.lower().encode("latin-1")
        for name, value in self._list:
            if name == wanted:
                return value.decode("latin-1")
        raise KeyError(key)

    def __contains__(self, key: Any) -> bool:
        wanted = key.lower().encode("latin-1")
        return wanted in [name for name, _ in self._list]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._list)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same fields; the order does not count."""
        if not isinstance(other, Headers):
            return False
        return sorted(self._list) == sorted(other._list)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        as_dict = dict(self.items())
        if len(as_dict) == len(self):
            return f"{type(self).__name__}({as_dict!r})"
        return f"{type(self).__name__}(raw={self._list!r})"


class MutableHeaders(Headers):
    """Header fields that can be changed, in place for the `raw` list or scope they were made of.

    Raises:
        ValueError: A name is no token, or a value contains CR, LF or NUL.
    """

    def __setitem__(self, key: str, value: str) -> None:
        """Replaces the first field of this name and removes the others."""
        name, encoded = encode_name(key), encode_value(key, value)
        fields = self._list
        for index, field in enumerate(fields):
            if field[0] == name:
                fields[index] = (name, encoded)
                # Usually there is no other: find out without building a list.
                if any(other[0] == name for other in fields[index + 1 :]):
                    fields[index + 1 :] = [other for other in fields[index + 1 :] if other[0] != name]
                return
        fields.append((name, encoded))

    def __delitem__(self, key: str) -> None:
        """Removes every field of this name; none is no error."""
        name = key.lower().encode("latin-1")
        self._list[:] = [field for field in self._list if field[0] != name]

    def __ior__(self, other: Mapping[str, str]) -> Self:
        if not isinstance(other, Mapping):
            raise TypeError(f"Expected a mapping but got {other.__class__.__name__}")
        self.update(other)
        return self

    def __or__(self, other: Mapping[str, str]) -> MutableHeaders:
        if not isinstance(other, Mapping):
            raise TypeError(f"Expected a mapping but got {other.__class__.__name__}")
        merged = self.mutablecopy()
        merged.update(other)
        return merged

    def setdefault(self, key: str, value: str) -> str:
        """The value of a header, after adding it if there was none."""
        present = self.get(key)
        if present is not None:
            return present
        self.append(key, value)
        return value

    def update(self, other: Mapping[str, str]) -> None:
        """Sets every header of `other`."""
        for key, value in other.items():
            self[key] = value

    def append(self, key: str, value: str) -> None:
        """Adds a field, beside those of the same name."""
        self._list.append((encode_name(key), encode_value(key, value)))

    def add_vary_header(self, vary: str) -> None:
        """Adds to what caches must compare (RFC 9110, section 12.5.5)."""
        self["vary"] = ", ".join([*self.getlist("vary"), vary])
