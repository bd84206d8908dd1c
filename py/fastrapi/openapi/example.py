"""The type of `openapi_examples`, apart from the other models because every parameter names it."""

from typing import Any

from pydantic import AnyUrl, ConfigDict
from typing_extensions import TypedDict


class Example(TypedDict, total=False):
    """One entry of `openapi_examples` (OpenAPI 3.1, section 4.8.19)."""

    summary: str | None
    description: str | None
    value: Any | None
    externalValue: AnyUrl | None

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]  # not a key of the dictionary
