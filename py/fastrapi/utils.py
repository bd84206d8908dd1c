"""Fields, operation ids and status codes: what both routing and OpenAPI ask about a path operation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic.errors import PydanticSchemaGenerationError
from pydantic.fields import FieldInfo

from fastrapi._compat import ModelField, Undefined, annotation_is_pydantic_v1
from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.exceptions import FastAPIError, PydanticV1NotSupportedError

if TYPE_CHECKING:
    from fastrapi.routing import APIRoute

DefaultType = TypeVar("DefaultType")

_NO_BODY = frozenset({204, 205, 304})
"""Final statuses without a body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5)."""
_NOT_IN_AN_ID = re.compile(r"\W")
_PATH_PARAMETER = re.compile("{(.*?)}")


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether a response with this status, or OpenAPI status pattern, may have a body."""
    if status_code is None or status_code in {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}:
        return True
    code = int(status_code)
    return not (code < 200 or code in _NO_BODY)


def get_path_param_names(path: str) -> set[str]:
    """The names in braces in a path whose convertors have been removed (`/items/{item_id}`)."""
    return set(_PATH_PARAMETER.findall(path))


def create_model_field(
    name: str,
    type_: Any,
    default: Any | None = Undefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> ModelField:
    """Compile a field.

    Raises:
        PydanticV1NotSupportedError: The type is, or contains, a model of pydantic version 1.
        FastAPIError: pydantic cannot make a validator for the type.
    """
    if annotation_is_pydantic_v1(type_):
        raise PydanticV1NotSupportedError(
            "pydantic.v1 models are no longer supported by FastAPI."
            f" Please update the response model {type_!r}."
        )
    if field_info is None:
        field_info = FieldInfo(annotation=type_, default=default, alias=alias)
    try:
        return ModelField(field_info=field_info, name=name, mode=mode)
    except PydanticSchemaGenerationError:
        raise FastAPIError(
            "Invalid args for response field! Hint: "
            f"check that {type_} is a valid Pydantic field type. "
            "If you are using a return type annotation that is not a valid Pydantic "
            "field (e.g. Union[Response, dict, None]) you can disable generating the "
            "response model from the type annotation with the path operation decorator "
            "parameter response_model=None. Read more: "
            "https://fastapi.tiangolo.com/tutorial/response-model/"
        ) from None


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """An operation id from the name and path of an operation and its method."""
    return f"{_NOT_IN_AN_ID.sub('_', name + path)}_{method.lower()}"


def generate_unique_id(route: APIRoute) -> str:
    """The default operation id of a route: name, path and its first method."""
    assert route.methods
    return generate_operation_id_for_path(name=route.name, path=route.path_format, method=min(route.methods))


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge `update_dict` into `main_dict`, in place: dicts recursively, lists by concatenation."""
    for key, value in update_dict.items():
        present = main_dict.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            deep_dict_update(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            main_dict[key] = present + value
        else:
            main_dict[key] = value


def get_value_or_default(
    first_item: DefaultPlaceholder | DefaultType, *extra_items: DefaultPlaceholder | DefaultType
) -> DefaultPlaceholder | DefaultType:
    """The first item that was set by the user; the first placeholder if none was."""
    for item in (first_item, *extra_items):
        if not isinstance(item, DefaultPlaceholder):
            return item
    return first_item
