"""The body of a path operation: one field for all its body parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrapi import params
from fastrapi._compat import ModelField, create_body_model
from fastrapi.dependencies.form_models import form_models_of, is_nullable
from fastrapi.utils import create_model_field


def should_embed_body_fields(fields: Sequence[ModelField]) -> bool:
    """Whether the body is an object with the parameters as members, not the one parameter itself."""
    if not fields:
        return False
    # The same parameter may be declared in several dependencies.
    if len({field.name for field in fields}) > 1:
        return True
    first = fields[0]
    if getattr(first.field_info, "embed", None):
        return True
    if isinstance(first.field_info, params.Form):
        # A form is a set of fields, unless the one model or union of models gives all of them.
        annotation = first.field_info.annotation
        return len(fields) > 1 or not form_models_of(annotation) or is_nullable(annotation)
    return False


def get_body_field(
    *, body_params: Sequence[ModelField], name: str, embed_body_fields: bool
) -> ModelField | None:
    """The field that stands for the body: the one parameter, or a model of all of them.

    Args:
        body_params: The body parameters of the whole tree.
        name: The operation's unique id, part of the model's name; only needed to embed.
        embed_body_fields: The answer of `should_embed_body_fields`.
    """
    if not body_params:
        return None
    if not embed_body_fields:
        return body_params[0]
    infos = [field.field_info for field in body_params if isinstance(field.field_info, params.Body)]
    # Several parameters may take one member of the body; the last one describes it.
    members = list({field.alias: field for field in body_params}.values())
    is_form = any(isinstance(info, params.Form) for info in infos)
    model_name = f"Body_{name}"
    if is_form and any(form_models_of(info.annotation) for info in infos):
        # Few applications have such forms, and pydantic takes its time for the module's model.
        from fastrapi.dependencies.form_schema import create_form_model

        model = create_form_model(body_params, model_name)
    else:
        model = create_body_model(fields=members, model_name=model_name)
    default: Any = ... if any(field.required for field in body_params) else None
    has_files = any(isinstance(info, params.File) for info in infos)
    kind = params.File if has_files else params.Form if is_form else params.Body
    field_info = kind(default, annotation=model, alias="body", media_type=_media_type(infos, is_form))
    return create_model_field(name="body", type_=model, alias="body", field_info=field_info)


def _media_type(infos: list[params.Body], is_form: bool) -> str:
    media_types = [info.media_type for info in infos]
    if is_form:
        multipart = next((each for each in media_types if each.startswith("multipart/form-data")), None)
        if multipart is not None:
            return multipart
    if len(set(media_types)) == 1:
        return media_types[0]
    return "application/x-www-form-urlencoded" if is_form else "application/json"
