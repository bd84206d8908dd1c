"""Which JSON library an application reads and writes untyped data with: `FastAPI(json=)`."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, Protocol, runtime_checkable

JSONChoice = Literal["builtin", "orjson", "stdlib"]


@runtime_checkable
class JSONCodec(Protocol):
    """A JSON library. `dumps` gives text or UTF-8; `loads` takes UTF-8 and raises `ValueError`."""

    def dumps(self, value: Any, /) -> str | bytes: ...

    def loads(self, data: bytes, /) -> Any: ...


class StandardJSON:
    """The standard library's `json`, written compactly and without escapes that UTF-8 does not need."""

    def dumps(self, value: Any, /) -> bytes:
        """The value as JSON.

        Raises:
            ValueError: A number is not finite, or a text is not Unicode.
            TypeError: JSON cannot express the value.
        """
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    def loads(self, data: bytes, /) -> Any:
        """The value of a JSON text; `NaN`, `Infinity` and `-Infinity` are accepted."""
        return json.loads(data)


class FastJSON(StandardJSON):
    """`orjson`. What it refuses (to write integers beyond 64 bits, to read `NaN`) the standard library does.

    It reads integers beyond 64 bits as floats, and writes numbers that are not finite as `null`.

    Raises:
        RuntimeError: The package `orjson` is not installed.
    """

    def __init__(self) -> None:
        try:
            orjson: Any = import_module("orjson")
        except ImportError as error:
            raise RuntimeError('json="orjson" needs the package orjson') from error
        self._dumps: Callable[..., bytes] = orjson.dumps
        self._loads: Callable[[bytes], Any] = orjson.loads
        self._option: int = orjson.OPT_NON_STR_KEYS

    def dumps(self, value: Any, /) -> bytes:
        try:
            return self._dumps(value, option=self._option)
        except TypeError:
            return super().dumps(value)

    def loads(self, data: bytes, /) -> Any:
        try:
            return self._loads(data)
        except json.JSONDecodeError:
            return super().loads(data)


def json_codec(choice: JSONChoice | JSONCodec) -> JSONCodec | None:
    """The codec that an application's argument stands for; `None` for what is built in.

    Raises:
        RuntimeError: The library is not installed.
        TypeError: The object lacks `dumps` or `loads`.
        ValueError: There is no codec of the name.
    """
    if isinstance(choice, str):
        if choice == "builtin":
            return None
        if choice == "stdlib":
            return StandardJSON()
        if choice == "orjson":
            return FastJSON()
        raise ValueError(f'json must be "builtin", "orjson", "stdlib" or an object, not {choice!r}')
    if not isinstance(choice, JSONCodec):
        raise TypeError("json must be an object with the methods dumps and loads")
    return choice


def codec_of(application: object) -> JSONCodec | None:
    """The codec of an application; `None` for what is built in, and for other objects."""
    return getattr(application, "json_codec", None)


def decode(codec: JSONCodec, content: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        json.JSONDecodeError: It is none, in whatever words the codec says so.
    """
    try:
        return codec.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as error:
        raise json.JSONDecodeError(str(error), content.decode("utf-8", "replace"), 0) from error
