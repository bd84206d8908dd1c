"""The JSON schema of a form with models among its fields.

A model in a form is no member of it: its fields are the form's. So the form is described by its
single fields as properties, and by one part of `allOf` for each model or union of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, GetJsonSchemaHandler, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fastrapi._compat import ModelField
from fastrapi.dependencies.fields import param_model_of
from fastrapi.dependencies.form_models import FormModelReader, form_models_of, is_nullable


class _FormBody(BaseModel):
    groups: ClassVar[dict[str, ModelField]] = {}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        described = handler.resolve_ref_schema(schema)
        properties = described.get("properties", {})
        parts = [
            _part(properties.pop(name), field, handler)
            for name, field in cls.groups.items()
            if name in properties
        ]
        required = [name for name in described.pop("required", ()) if name not in cls.groups]
        if required:
            described["required"] = required
        if not properties:
            described.pop("properties", None)
        described["allOf"] = [part for group in parts for part in group]
        return schema


def create_form_model(fields: Sequence[ModelField], model_name: str) -> type[BaseModel]:
    """A model with the fields of a form as its own, described as above. It is not used to validate.

    Args:
        fields: The form's fields.
        model_name: The name of the model.
    """
    definitions: dict[str, Any] = {}
    groups: dict[str, ModelField] = {}
    single: set[str] = set()
    for position, field in enumerate(fields):
        is_group = bool(form_models_of(field.field_info.annotation))
        if is_group or field.alias in single:
            # Two dependencies may call their models, or what they take from one field, the same.
            name = f"form_part_{position}"
            groups[name] = field
            definitions[name] = (field.field_info.annotation, _documentation(field, is_group))
        else:
            single.add(field.alias)
            definitions[field.name] = (field.field_info.annotation, field.field_info)
    base = type("_FormBody", (_FormBody,), {"groups": groups, "__module__": __name__})
    model: type[BaseModel] = create_model(model_name, __base__=base, **definitions)
    return model


def _documentation(field: ModelField, is_group: bool) -> FieldInfo:
    """What is said about a part; a mere reference to a model gets no title."""
    info = field.field_info
    title = info.title
    if title is None and (not is_group or param_model_of(info.annotation) is not info.annotation):
        title = (field.alias if is_group else field.name).title().replace("_", " ")
    return FieldInfo(title=title, description=info.description, discriminator=info.discriminator)


def _part(
    described: JsonSchemaValue, field: ModelField, handler: GetJsonSchemaHandler
) -> list[JsonSchemaValue]:
    """What a model, or a union of models, contributes to `allOf`; or a second taker of one field."""
    annotation = field.field_info.annotation
    models = form_models_of(annotation)
    if not models:
        return [{"properties": {field.alias: described}}]
    nullable = is_nullable(annotation)
    if nullable:
        described["anyOf"] = [member for member in described["anyOf"] if member != {"type": "null"}]
    if len(models) == 1:
        if nullable:
            described["anyOf"] = [
                _with_all_names(member, models[0], handler) for member in described["anyOf"]
            ]
        else:
            described = _with_all_names(described, models[0], handler)
    if not nullable and field.required:
        return [described]
    absent = _absent([FormModelReader.of(model) for model in models])
    return [{"not": absent}, described] if field.required else [{"anyOf": [absent, described]}]


def _absent(readers: list[FormModelReader]) -> JsonSchemaValue:
    """The schema of forms that have nothing for the models."""
    if any(reader.takes_unknown for reader in readers):
        return {"maxProperties": 0}
    names = {name for reader in readers for field in reader.fields for name in field.names}
    return {"not": {"anyOf": [{"required": [name]} for name in sorted(names)]}} if names else {}


def _with_all_names(
    described: JsonSchemaValue, model: type[BaseModel], handler: GetJsonSchemaHandler
) -> JsonSchemaValue:
    """The schema of a model, written out where a required field may come under several names."""
    reader = FormModelReader.of(model)
    required = {
        field.names[0]: field.names
        for field, info in zip(reader.fields, model.model_fields.values(), strict=True)
        if info.is_required() and len(field.names) > 1
    }
    if not required or "$ref" not in described:
        return described
    schema = handler.resolve_ref_schema({"$ref": described["$ref"]})
    return {
        **schema,
        "required": [name for name in schema.get("required", ()) if name not in required],
        "allOf": [{"anyOf": [{"required": [name]} for name in names]} for names in required.values()],
    }
