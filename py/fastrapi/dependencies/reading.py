"""Path, query, header and cookie parameters: from the request to validated values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from fastrapi import params
from fastrapi._compat import (
    ModelField,
    Undefined,
    field_annotation_is_sequence,
    get_cached_model_fields,
    get_missing_field_error,
)
from fastrapi.compat.starlette.datastructures import Headers, ImmutableMultiDict
from fastrapi.dependencies.fields import alias_choices, is_json_field, param_model_of

MISSING: Any = Undefined
"""What is found for a name that is not in the request."""

Values = Mapping[str, Any]
Errors = list[dict[str, Any]]


def lookup(values: Values, name: str, many: bool) -> Any:
    """What is given under a name: all values, or the one that counts; `MISSING` if there is none."""
    if many and isinstance(values, (ImmutableMultiDict, Headers)):
        return values.getlist(name) or MISSING
    return values.get(name, MISSING)


class FieldReader:
    """How one field is found among the values of a place in the request.

    Attributes:
        names: The names in the request that it is looked for under, in this order.
        keys: For each name, the one under which pydantic knows the field of a model.
        many: Whether it takes all values of a repeated name.
    """

    __slots__ = ("keys", "many", "names")

    def __init__(self, field: ModelField, names: list[str], keys: list[str] | None = None) -> None:
        self.names = names
        self.keys = keys or names
        self.many = field_annotation_is_sequence(field.field_info.annotation) and not is_json_field(field)

    def pick(self, every: list[Any], *, first: bool) -> Any:
        """What counts of the values under one name: all, or the one that does."""
        if self.many:
            return every
        return every[0] if first else every[-1]

    def find(self, values: Values) -> tuple[int, Any]:
        """The position of the name that is given, and the value; (0, `MISSING`) if none is."""
        for position, name in enumerate(self.names):
            value = lookup(values, name, self.many)
            if value is not MISSING:
                return position, value
        return 0, MISSING


def names_of(field: ModelField) -> list[str]:
    """The names of a parameter in the request."""
    # The path's own names decide which of several names counts there, when it is analysed.
    choices = None if isinstance(field.field_info, params.Path) else alias_choices(field.field_info)
    return choices or [field.validation_alias or field.alias]


class ModelReader:
    """How the fields of a model are found among the values of a place in the request.

    Attributes:
        fields: A reader for each field of the model.
        renamed: The names in the request of those keys that are called otherwise there.
        takes_unknown: Whether names that the model does not have are of interest to it.
    """

    __slots__ = ("fields", "model", "renamed", "takes_unknown")

    def __init__(self, model: type[BaseModel], *, convert_underscores: bool = False) -> None:
        self.model = model
        by_name = bool(
            model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
        )
        by_alias = model.model_config.get("validate_by_alias", True) is not False
        self.fields: list[FieldReader] = []
        self.renamed: dict[str, str] = {}
        self.takes_unknown = model.model_config.get("extra") in ("allow", "forbid")
        for field in get_cached_model_fields(model):
            spelled = field.name.replace("_", "-") if convert_underscores else field.name
            names, keys = [], []
            own = _model_field_aliases(field)
            if own and by_alias:
                names, keys = list(own), list(own)
            if field.name not in keys and (by_name or not by_alias or not own):
                names.append(spelled)
                keys.append(field.name)
            self.renamed.update({key: name for name, key in zip(names, keys, strict=True) if key != name})
            self.fields.append(FieldReader(field, names, keys))

    def collect(self, values: Values) -> tuple[dict[str, Any], bool]:
        """The data for the model, and whether any of its fields is among it."""
        given = by_name(values)
        fold = isinstance(values, Headers)
        data: dict[str, Any] = {}
        used: set[str] = set()
        for reader in self.fields:
            for name, key in zip(reader.names, reader.keys, strict=True):
                known = name.lower() if fold else name
                if known in given:
                    data[key] = reader.pick(given[known], first=fold)
                    used.add(known)
                    break
        found = bool(data)
        for name, every in given.items():
            # A header `x_id` must not pass for the field `x_id`, which is called `x-id` here.
            if name not in used and name not in self.renamed:
                data.setdefault(name, every[0] if len(every) == 1 else every)
        return data, found


def by_name(values: Values) -> dict[str, list[Any]]:
    """All values by name, in one pass."""
    # The items of headers are all of them, and cookies have one value each.
    pairs = values.multi_items() if isinstance(values, ImmutableMultiDict) else values.items()
    given: dict[str, list[Any]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return given


def _model_field_aliases(field: ModelField) -> list[str]:
    choices = alias_choices(field.field_info)
    if choices is not None:
        return choices
    alias = field.validation_alias or field.field_info.alias
    return [alias] if alias is not None else []


def reader_of(field: ModelField) -> FieldReader | ModelReader:
    """How a path, query, header or cookie parameter is found; made once for a field."""
    reader: FieldReader | ModelReader | None = field.reader
    if reader is None:
        field_info = field.field_info
        model = None if isinstance(field_info, params.Path) else param_model_of(field_info.annotation)
        if model is not None and not is_json_field(field):
            converts = isinstance(field_info, params.Header) and field_info.convert_underscores
            reader = ModelReader(model, convert_underscores=converts)
        else:
            reader = FieldReader(field, names_of(field))
        field.reader = reader
    return reader


def single_parameters(declared: ModelField) -> list[tuple[ModelField, str]]:
    """The parameters that a declaration stands for, each with its first name in the request."""
    reader = reader_of(declared)
    if isinstance(reader, FieldReader):
        return [(declared, reader.names[0])]
    fields = get_cached_model_fields(reader.model)
    return [(field, each.names[0]) for field, each in zip(fields, reader.fields, strict=True)]


def value_or_default(
    field: ModelField, value: Any, loc: tuple[int | str, ...]
) -> tuple[Any, list[dict[str, Any]]]:
    """The validated value, or the default one if it is missing."""
    if value is not MISSING:
        return field.validate(value, loc=loc)
    if field.required:
        return None, [get_missing_field_error(loc)]
    return field.validated_default(loc=loc)


def request_params_to_args(
    fields: Sequence[ModelField], received_params: Values
) -> tuple[dict[str, Any], Errors]:
    """The keyword arguments for the fields of one place in the request, and the errors in them."""
    arguments: dict[str, Any] = {}
    errors: Errors = []
    for field in fields:
        field_info = field.field_info
        assert isinstance(field_info, params.Param), "Params must be subclasses of Param"
        place = field_info.in_.value
        reader = reader_of(field)
        if isinstance(reader, ModelReader):
            value, found = _read_model(field, reader, received_params, place)
        else:
            position, raw = reader.find(received_params)
            value, found = value_or_default(field, raw, (place, reader.names[position]))
        if found:
            errors.extend(found)
        else:
            arguments[field.name] = value
    return arguments, errors


def _read_model(
    field: ModelField, reader: ModelReader, received: Values, place: str
) -> tuple[Any, list[dict[str, Any]]]:
    data, found = reader.collect(received)
    optional = not lenient_is_model(field)
    if not found and (optional or not field.required) and not (reader.takes_unknown and data):
        return value_or_default(field, MISSING, (place,))
    value, errors = field.validate(data, loc=(place,))
    if errors and reader.renamed and reader.model.model_config.get("loc_by_alias", True):
        errors = [_with_request_name(error, reader.renamed) for error in errors]
    return value, errors


def lenient_is_model(field: ModelField) -> bool:
    """Whether the annotation is the model itself, not a union of it and `None`."""
    return param_model_of(field.field_info.annotation) is field.field_info.annotation


def _with_request_name(error: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    place, *rest = error["loc"]
    if rest and rest[0] in renamed:
        rest[0] = renamed[rest[0]]
    return {**error, "loc": (place, *rest)}
