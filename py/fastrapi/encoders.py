"""Any Python value as data that JSON has."""

from __future__ import annotations

import dataclasses
import datetime
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path, PurePath
from re import Pattern
from types import GeneratorType
from typing import Any
from uuid import UUID

from pydantic import AnyUrl, BaseModel, NameEmail, SecretBytes, SecretStr
from pydantic_core import PydanticUndefinedType, Url

from fastrapi._compat import is_pydantic_v1_model_instance
from fastrapi.exceptions import PydanticV1NotSupportedError
from fastrapi.types import IncEx


def isoformat(o: datetime.date | datetime.time) -> str:
    """A date or time in the format of ISO 8601."""
    return o.isoformat()


def decimal_encoder(dec_value: Decimal) -> int | float:
    """A decimal without an exponent below zero as an `int`, so that whole numbers stay exact."""
    exponent = dec_value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= 0:
        return int(dec_value)
    return float(dec_value)


ENCODERS_BY_TYPE: dict[type[Any], Callable[[Any], Any]] = {
    bytes: lambda o: o.decode(),
    datetime.date: isoformat,
    datetime.datetime: isoformat,
    datetime.time: isoformat,
    datetime.timedelta: lambda o: o.total_seconds(),
    Decimal: decimal_encoder,
    Enum: lambda o: o.value,
    frozenset: list,
    deque: list,
    GeneratorType: list,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    NameEmail: str,
    Path: str,
    Pattern: lambda o: o.pattern,
    SecretBytes: str,
    SecretStr: str,
    set: list,
    UUID: str,
    Url: str,
    AnyUrl: str,
}
"""The encoder of instances of each class and its subclasses. Applications may add to it."""


def jsonable_encoder(
    obj: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: dict[Any, Callable[[Any], Any]] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Convert a value to `dict`, `list`, `str`, numbers, `bool` and `None`.

    Args:
        obj: The value.
        include: The fields of a model, or keys of a dict, to take.
        exclude: Those to leave out.
        by_alias: Whether the fields of a model are called by their aliases.
        exclude_unset: Whether to leave out the fields of a model that were not set explicitly.
        exclude_defaults: Whether to leave out those that have their default value.
        exclude_none: Whether to leave out those that are `None`, in dicts as well.
        custom_encoder: Encoders by class, before all others.
        sqlalchemy_safe: Whether to leave out keys of dicts that SQLAlchemy adds (`_sa...`).

    Raises:
        ValueError: The value is of a kind that cannot be converted.
        PydanticV1NotSupportedError: It is a model of pydantic version 1.
    """
    encoder = _Encoder(
        include=_as_set(include),
        exclude=_as_set(exclude),
        by_alias=by_alias,
        exclude_unset=exclude_unset,
        exclude_defaults=exclude_defaults,
        exclude_none=exclude_none,
        custom_encoder=custom_encoder or {},
        sqlalchemy_safe=sqlalchemy_safe,
    )
    return encoder.encode(obj)


def _as_set(names: Any) -> Any:
    return set(names) if names is not None and not isinstance(names, (set, dict)) else names


@dataclasses.dataclass(frozen=True, slots=True)
class _Encoder:
    include: Any
    exclude: Any
    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    custom_encoder: dict[Any, Callable[[Any], Any]]
    sqlalchemy_safe: bool

    def inner(self) -> _Encoder:
        """The encoder of the members: what to include and exclude names those of the outermost value."""
        if self.include is None and self.exclude is None:
            return self
        return dataclasses.replace(self, include=None, exclude=None)

    def encode(self, obj: Any) -> Any:
        kind = type(obj)
        if self.custom_encoder:
            found = self._custom(obj, kind)
            if found is not None:
                return found(obj)
        if kind in _PLAIN:
            return obj
        if kind is dict or isinstance(obj, dict):
            return self._dict(obj)
        if kind is list:
            inner = self.inner()
            return [self.encode(item) if self is inner else inner.encode(item) for item in obj]
        return self._other(obj)

    def _custom(self, obj: Any, kind: type) -> Callable[[Any], Any] | None:
        if kind in self.custom_encoder:
            return self.custom_encoder[kind]
        for encoded, encoder in self.custom_encoder.items():
            if isinstance(obj, encoded):
                return encoder
        return None

    def _dict(self, obj: dict[Any, Any]) -> dict[Any, Any]:
        allowed = set(obj)
        if self.include is not None:
            allowed &= set(self.include)
        if self.exclude is not None:
            allowed -= set(self.exclude)
        inner = self.inner()
        result = {}
        for key, value in obj.items():
            if self.sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"):
                continue
            if key in allowed and not (value is None and self.exclude_none):
                result[inner.encode(key)] = inner.encode(value)
        return result

    def _other(self, obj: Any) -> Any:
        if isinstance(obj, BaseModel):
            return self._model(obj)
        if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
            return self.encode({field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)})
        if isinstance(obj, Enum):
            return obj.value
        if isinstance(obj, PurePath):
            return str(obj)
        if isinstance(obj, (str, int, float)):
            return obj
        if isinstance(obj, PydanticUndefinedType):
            return None
        if isinstance(obj, (list, set, frozenset, GeneratorType, tuple, deque)):
            inner = self.inner()
            return [inner.encode(item) for item in obj]
        # An object may pass for one of another class, as asyncpg's UUID does.
        for base in (*type(obj).__mro__, *obj.__class__.__mro__):
            encoder = ENCODERS_BY_TYPE.get(base)
            if encoder is not None:
                return encoder(obj)
        if type(obj).__module__ in _COLOR_MODULES:
            return str(obj)
        return self._by_content(obj)

    def _model(self, obj: BaseModel) -> Any:
        data = obj.model_dump(
            mode="json",
            include=self.include,
            exclude=self.exclude,
            by_alias=self.by_alias,
            exclude_unset=self.exclude_unset,
            exclude_none=self.exclude_none,
            exclude_defaults=self.exclude_defaults,
        )
        if "__root__" in data:
            data = data["__root__"]
        return self.inner().encode(data)

    def _by_content(self, obj: Any) -> Any:
        """The last resort: a mapping by its items, any other object by its attributes."""
        if is_pydantic_v1_model_instance(obj):
            raise PydanticV1NotSupportedError(
                f"pydantic.v1 models are no longer supported by FastAPI. Please update the model {obj!r}."
            )
        errors: list[Exception] = []
        for convert in (dict, vars):
            try:
                data = convert(obj)
            except Exception as error:  # whatever the object's own methods raise
                errors.append(error)
            else:
                return self.encode(data)
        raise ValueError(errors) from errors[-1]


# Not imported for their classes: one is deprecated, the other optional.
_COLOR_MODULES = ("pydantic.color", "pydantic_extra_types.color")
_PLAIN = frozenset({str, int, float, bool, type(None)})
