"""Data structures of FastAPI's API: those of Starlette, an `UploadFile` that pydantic knows, and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from pydantic import GetJsonSchemaHandler
from pydantic_core import core_schema

from fastrapi.compat.starlette.datastructures import (
    URL,
    Address,
    CommaSeparatedStrings,
    FormData,
    Headers,
    ImmutableMultiDict,
    MultiDict,
    MutableHeaders,
    QueryParams,
    Secret,
    State,
    URLPath,
)
from fastrapi.compat.starlette.datastructures import UploadFile as StarletteUploadFile

__all__ = [
    "URL",
    "Address",
    "CommaSeparatedStrings",
    "Default",
    "DefaultPlaceholder",
    "FormData",
    "Headers",
    "ImmutableMultiDict",
    "MultiDict",
    "MutableHeaders",
    "QueryParams",
    "Secret",
    "State",
    "URLPath",
    "UploadFile",
]


class UploadFile(StarletteUploadFile):
    """An uploaded file, declared as a parameter of a path operation.

    Its attributes are `file`, the content as a binary file object; `filename`, `size` in bytes and
    `headers` of its part of the form; and `content_type`, the media type the client gave.
    """

    @classmethod
    def _validate(cls, value: Any, _: Any) -> UploadFile:
        if not isinstance(value, StarletteUploadFile):
            # pydantic turns this type of error, and no TypeError, into a validation error.
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return cast(UploadFile, value)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Mapping[str, Any], handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: Callable[[Any], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        return core_schema.with_info_plain_validator_function(cls._validate)


class DefaultPlaceholder:
    """A default that can be told from the same value given on purpose.

    An application's setting counts for what is included in it unless that sets its own; to know, the
    default has to be recognisable.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, o: object) -> bool:
        return isinstance(o, DefaultPlaceholder) and o.value == self.value

    __hash__ = None  # type: ignore[assignment]


DefaultType = TypeVar("DefaultType")


def Default(value: DefaultType) -> DefaultType:
    """A default value that functions can tell from the same value given on purpose.

    It is a `DefaultPlaceholder`, whatever its type says, for the sake of the parameters it stands for.
    """
    return cast(DefaultType, DefaultPlaceholder(value))


_Unset = Default(None)
