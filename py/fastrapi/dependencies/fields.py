"""Questions about single fields: their names in the request, their model."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

from pydantic import AliasChoices, BaseModel, Json
from pydantic.fields import FieldInfo

from fastrapi._compat import ModelField
from fastrapi._compat.shared import is_union, lenient_issubclass, unalias

_JSON: Any = Json  # a class that type checkers take for an alias


def alias_choices(field_info: FieldInfo) -> list[str] | None:
    """The names to try one after the other, if the field has such a list of plain names."""
    choices = field_info.validation_alias
    if isinstance(choices, AliasChoices) and all(isinstance(choice, str) for choice in choices.choices):
        return [choice for choice in choices.choices if isinstance(choice, str)]
    return None


def is_json_field(field: ModelField) -> bool:
    """Whether the value arrives as JSON text (`pydantic.Json`)."""
    return any(item is _JSON or isinstance(item, _JSON) for item in field.field_info.metadata)


def param_model_of(annotation: Any) -> type[BaseModel] | None:
    """The model whose fields are the parameters: the annotation, or the one member beside `None`."""
    annotation = unalias(annotation)
    if get_origin(annotation) is Annotated:
        return param_model_of(get_args(annotation)[0])
    if is_union(annotation):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return param_model_of(members[0]) if len(members) == 1 else None
    origin: Any = get_origin(annotation) or annotation
    return annotation if lenient_issubclass(origin, BaseModel) else None
