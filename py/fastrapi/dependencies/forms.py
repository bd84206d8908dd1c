"""Form fields and uploaded files: from the parsed form to values for validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from fastrapi import params
from fastrapi._compat import (
    ModelField,
    is_bytes_or_nonable_bytes_annotation,
    is_bytes_sequence_annotation,
    serialize_sequence_value,
    value_is_sequence,
)
from fastrapi.compat.starlette.datastructures import FormData, UploadFile
from fastrapi.dependencies.form_models import (
    FormModelReader,
    filled_in,
    form_models_of,
    is_nullable,
    raw_form,
)
from fastrapi.dependencies.reading import MISSING, Errors, FieldReader, names_of, value_or_default


async def form_to_args(fields: Sequence[ModelField], form: FormData | None) -> tuple[dict[str, Any], Errors]:
    """The keyword arguments for the form fields of one callable, and the errors in them.

    Args:
        fields: The fields: single ones, and models that take their fields from the whole form.
        form: The parsed form; `None` if the request has no body.
    """
    arguments: dict[str, Any] = {}
    errors: Errors = []
    received = form if form is not None else FormData()
    for field in fields:
        models = form_models_of(field.field_info.annotation)
        if models:
            value, found = _read_models(field, models, received)
        else:
            name, raw = await _read_single(field, received)
            value, found = value_or_default(field, raw, ("body", name))
        if found:
            errors.extend(found)
        else:
            arguments[field.name] = value
    return arguments, errors


async def _read_single(field: ModelField, form: FormData) -> tuple[str, Any]:
    """The name that a form field was found under and its value; `MISSING` if it was left empty."""
    reader = field.reader
    if not isinstance(reader, FieldReader):
        reader = field.reader = FieldReader(field, names_of(field))
    for name in reader.names:
        values = form.getlist(name)
        if not values:
            continue
        value = filled_in(values, many=reader.many)
        if value is not MISSING:
            if isinstance(field.field_info, params.File):
                value = await _contents(field, value)
            return name, value
    return reader.names[0], MISSING


async def _contents(field: ModelField, value: Any) -> Any:
    """Read uploaded files for a field that is annotated with `bytes`."""
    annotation = field.field_info.annotation
    if isinstance(value, UploadFile) and is_bytes_or_nonable_bytes_annotation(annotation):
        return await read_file_bytes(value)
    if value_is_sequence(value) and is_bytes_sequence_annotation(annotation):
        contents = [await read_file_bytes(item) if isinstance(item, UploadFile) else item for item in value]
        return serialize_sequence_value(field=field, value=contents)
    return value


async def read_file_bytes(file: UploadFile) -> bytes:
    """The rest of the file, without moving its position: other parameters may read it too."""
    position = file.file.tell()
    try:
        return await file.read()
    finally:
        await file.seek(position)


def _read_models(
    field: ModelField, models: list[type[BaseModel]], form: FormData
) -> tuple[Any, list[dict[str, Any]]]:
    """The value of a field whose model, or one of whose models, takes its fields from the form."""
    readers = [FormModelReader.of(model) for model in models]
    may_be_missing = not field.required or is_nullable(field.field_info.annotation)
    if may_be_missing and not any(reader.is_supplied(form) for reader in readers):
        return value_or_default(field, MISSING, ("body",))
    raw = raw_form(form)
    # The members of a union look at it by themselves, see `with_branch_normalization`.
    data = readers[0].normalize(raw) if len(models) == 1 else raw
    return field.validate(data, loc=("body",))
