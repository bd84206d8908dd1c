"""Body parameters: from the parsed body to validated values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrapi import params
from fastrapi._compat import ModelField, get_missing_field_error
from fastrapi.compat.starlette.datastructures import FormData
from fastrapi.dependencies.forms import form_to_args
from fastrapi.dependencies.reading import MISSING, Errors, FieldReader, names_of, value_or_default


async def request_body_to_args(
    body_fields: list[ModelField], received_body: Any, embed_body_fields: bool
) -> tuple[dict[str, Any], Errors]:
    """The keyword arguments for the body parameters of one callable, and the errors in them.

    Args:
        body_fields: The parameters.
        received_body: The parsed form, the decoded JSON, or raw bytes; `MISSING` if there is none.
        embed_body_fields: Whether the body is an object with the parameters as members.
    """
    assert body_fields, "request_body_to_args() should be called with fields"
    if isinstance(received_body, FormData) or (
        received_body is MISSING and isinstance(body_fields[0].field_info, params.Form)
    ):
        return await form_to_args(body_fields, None if received_body is MISSING else received_body)
    if len(body_fields) == 1 and not embed_body_fields:
        [field] = body_fields
        value, errors = value_or_default(field, received_body, ("body",))
        return ({field.name: value} if not errors else {}), errors
    return _members_to_args(body_fields, received_body)


def _members_to_args(fields: Sequence[ModelField], body: Any) -> tuple[dict[str, Any], Errors]:
    arguments: dict[str, Any] = {}
    errors: Errors = []
    for field in fields:
        reader = field.reader
        if not isinstance(reader, FieldReader):
            reader = field.reader = FieldReader(field, names_of(field))
        if body is not MISSING and not isinstance(body, dict):
            # There is a body, but not one in which anything could have a name.
            errors.append(get_missing_field_error(("body", reader.names[0])))
            continue
        position, raw = reader.find(body) if body is not MISSING else (0, MISSING)
        value, found = value_or_default(field, raw, ("body", reader.names[position]))
        if found:
            errors.extend(found)
        else:
            arguments[field.name] = value
    return arguments, errors
