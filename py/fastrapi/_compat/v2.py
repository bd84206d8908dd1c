"""The layer over pydantic: one field of a request or a response, compiled to a validator.

Everything that touches pydantic's own interface for fields is here, so that a new pydantic
version is met in one place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from functools import lru_cache
from typing import Annotated, Any, Literal, TypedDict, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import Unpack

from fastrapi._compat.adapters import adapter_for
from fastrapi._compat.shared import (
    field_annotation_is_scalar,
    field_annotation_is_sequence,
    is_union,
    lenient_issubclass,
    unalias,
)
from fastrapi.types import IncEx

Undefined: Any = PydanticUndefined
RequiredParam: Any = PydanticUndefined


class DumpOptions(TypedDict, total=False):
    """What of a model is written."""

    include: IncEx | None
    exclude: IncEx | None
    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool


class ModelField:
    """One value of a request or a response, with what is needed to validate and to write it.

    Attributes:
        name: The name of the parameter, or of the model's field.
        field_info: pydantic's description, or one of the classes in `fastrapi.params`.
        mode: Whether the field's JSON schema describes input or output.
        config: pydantic configuration for the annotation, if it is not a model of its own.
        alias: The name in the request.
        required: Whether there is neither a default value nor a factory for one.
        type_adapter: The compiled annotation with the field's constraints and default.
        reader: How the value is found in a request; made and used by
            `fastrapi.dependencies.reading`.
    """

    __slots__ = (
        "__weakref__",
        "alias",
        "config",
        "field_info",
        "mode",
        "name",
        "reader",
        "required",
        "type_adapter",
    )

    def __init__(
        self,
        field_info: FieldInfo,
        name: str,
        mode: Literal["validation", "serialization"] = "validation",
        config: ConfigDict | None = None,
    ) -> None:
        self.field_info = field_info
        self.name = name
        self.mode = mode
        self.config = config
        self.alias: str = field_info.alias or name
        self.required: bool = field_info.is_required()
        self.type_adapter: TypeAdapter[Any] = adapter_for(field_info, config)
        self.reader: Any = None

    def renamed(self, name: str) -> ModelField:
        """The same field under another name, with the same validator."""
        field = copy(self)
        field.name = name
        field.alias = self.field_info.alias or name
        field.reader = None
        return field

    def __repr__(self) -> str:
        return f"ModelField(name={self.name!r}, field_info={self.field_info!r}, mode={self.mode!r})"

    @property
    def _type_adapter(self) -> TypeAdapter[Any]:
        # Other packages know it under this name.
        return self.type_adapter

    @property
    def validation_alias(self) -> str | None:
        """The name in the request, if it is a plain one that is declared for validation."""
        alias = self.field_info.validation_alias
        return alias if isinstance(alias, str) and alias else None

    @property
    def serialization_alias(self) -> str | None:
        """The name in the response, if one is declared."""
        return self.field_info.serialization_alias or None

    @property
    def default(self) -> Any:
        """The declared default value; pydantic's undefined object if there is none."""
        return self.field_info.default

    def get_default(self) -> Any:
        """A default value of its own for the caller; `None` if the field is required."""
        if self.required:
            return None
        factory: Callable[[], Any] | None = self.field_info.default_factory  # type: ignore[assignment]
        if factory is not None:
            return factory()
        return deepcopy(self.field_info.default)

    def validated_default(self, *, loc: tuple[int | str, ...] = ()) -> tuple[Any, list[dict[str, Any]]]:
        """The default value, validated if the declaration asks for it (`validate_default`)."""
        default = self.get_default()
        return self.validate(default, loc=loc) if self.field_info.validate_default else (default, [])

    def validate(
        self, value: Any, values: dict[str, Any] | None = None, *, loc: tuple[int | str, ...] = ()
    ) -> tuple[Any, list[dict[str, Any]]]:
        """The validated value and no errors, or `None` and the errors, located below `loc`."""
        try:
            return self.type_adapter.validate_python(value, from_attributes=True), []
        except ValidationError as error:
            return None, relocate(error.errors(include_url=False), loc)

    def serialize(
        self, value: Any, *, mode: Literal["json", "python"] = "json", **options: Unpack[DumpOptions]
    ) -> Any:
        """A validated value as plain data."""
        options.setdefault("by_alias", True)
        return self.type_adapter.dump_python(value, mode=mode, **options)

    def serialize_json(self, value: Any, **options: Unpack[DumpOptions]) -> bytes:
        """A validated value as JSON text, without the detour over plain data."""
        options.setdefault("by_alias", True)
        return self.type_adapter.dump_json(value, **options)


def relocate(errors: list[Any], prefix: tuple[int | str, ...]) -> list[dict[str, Any]]:
    """The errors, which are changed, with their locations put below the prefix.

    Nothing is copied: a body of a megabyte can have a million errors.
    """
    for error in errors:
        error["loc"] = prefix + tuple(error.get("loc", ()))
    return errors


def get_missing_field_error(loc: tuple[int | str, ...], input: Any = None) -> dict[str, Any]:
    """pydantic's error for a value that is not there."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": input}


def copy_field_info(*, field_info: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy of the field with all that the annotation says: its type, constraints and other fields.

    Args:
        field_info: A field of one of the framework's own classes.
        annotation: Usually `Annotated[...]`; of several fields in it the last one wins.
    """
    merged = FieldInfo.from_annotation(annotation)
    copied = copy(field_info)
    for name, value in merged._attributes_set.items():
        if name in FieldInfo.__slots__ and name != "annotation":
            setattr(copied, name, value)
    copied.annotation = merged.annotation
    copied.metadata = merged.metadata
    copied._attributes_set = {**copied._attributes_set, **merged._attributes_set}
    return copied


def create_body_model(
    *, fields: Sequence[ModelField], model_name: str, config: ConfigDict | None = None
) -> type[BaseModel]:
    """A model with the fields as its own, for a body with several parameters."""
    definitions: dict[str, Any] = {
        field.name: (field.field_info.annotation, field.field_info) for field in fields
    }
    model: type[BaseModel] = create_model(model_name, __config__=config, **definitions)
    return model


@lru_cache(maxsize=1024)
def get_cached_model_fields(model: type[BaseModel]) -> list[ModelField]:
    """Like `get_model_fields`, for use in requests. Not to be changed by the caller."""
    return get_model_fields(model)


def get_model_fields(model: type[BaseModel]) -> list[ModelField]:
    """The fields of the model, each with a validator of its own."""
    return [
        ModelField(field_info=field_info, name=name, config=_standalone_config(model, field_info.annotation))
        for name, field_info in model.model_fields.items()
    ]


def _standalone_config(model: type[BaseModel], annotation: Any) -> ConfigDict | None:
    """The model's configuration, where the annotation does not bring its own.

    pydantic refuses a configuration for an adapter of a model, dataclass or typed dict.
    """
    if lenient_issubclass(annotation, BaseModel) or hasattr(annotation, "__pydantic_config__"):
        return None
    if hasattr(annotation, "__dataclass_fields__") or hasattr(annotation, "__total__"):
        return None
    return model.model_config


def is_scalar_field(field: ModelField) -> bool:
    """Whether the field is outside the body and its value is one text."""
    from fastrapi import params

    return field_annotation_is_scalar(field.field_info.annotation) and not isinstance(
        field.field_info, params.Body
    )


def serialize_sequence_value(*, field: ModelField, value: Any) -> Sequence[Any]:
    """The values in the kind of sequence that the field is annotated with."""
    annotation = unalias(field.field_info.annotation)
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if is_union(annotation):
        annotation = next(member for member in get_args(annotation) if field_annotation_is_sequence(member))
    origin = get_origin(annotation) or annotation
    kinds: tuple[Any, ...] = (tuple, set, frozenset, deque)
    kind: Any = next((kind for kind in kinds if lenient_issubclass(origin, kind)), list)
    values: Sequence[Any] = kind(value)
    return values
