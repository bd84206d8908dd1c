"""The body of a path operation: one field for all its body parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrapi import params
from fastrapi._compat import ModelField, create_body_model
from fastrapi.dependencies.parameters import param_model_of
from fastrapi.utils import create_model_field


def should_embed_body_fields(fields: Sequence[ModelField]) -> bool:
    """Whether the body is an object with the parameters as members, not the one parameter itself."""
    if not fields:
        return False
    names = {field.name for field in fields}
    # The same parameter may be declared in several dependencies.
    if len(names) > 1:
        return True
    first = fields[0]
    if getattr(first.field_info, "embed", None):
        return True
    # A form is a set of fields, unless a model gives all of them.
    return isinstance(first.field_info, params.Form) and param_model_of(first.field_info.annotation) is None


def get_body_field(
    *, body_params: Sequence[ModelField], name: str, embed_body_fields: bool
) -> ModelField | None:
    """The field that stands for the body: the one parameter, or a model of all of them.

    Args:
        body_params: The body parameters of the whole tree.
        name: The operation's unique id, part of the model's name.
        embed_body_fields: The answer of `should_embed_body_fields`.
    """
    if not body_params:
        return None
    if not embed_body_fields:
        return body_params[0]
    model = create_body_model(fields=body_params, model_name=f"Body_{name}")
    required = any(field.required for field in body_params)
    default: dict[str, Any] = {"annotation": model, "alias": "body"}
    kinds = [type(field.field_info) for field in body_params]
    if any(issubclass(kind, params.File) for kind in kinds):
        field_info: params.Body = params.File(... if required else None, **default)
    elif any(issubclass(kind, params.Form) for kind in kinds):
        field_info = params.Form(... if required else None, **default)
    else:
        media_types = [
            field.field_info.media_type for field in body_params if isinstance(field.field_info, params.Body)
        ]
        if len(set(media_types)) == 1:
            default["media_type"] = media_types[0]
        field_info = params.Body(... if required else None, **default)
    return create_model_field(name="body", type_=model, alias="body", field_info=field_info)
