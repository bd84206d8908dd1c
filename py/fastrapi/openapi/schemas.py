"""JSON Schemas of the values that path operations take and give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema as PydanticGenerateJsonSchema
from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from fastrapi._compat import get_model_fields
from fastrapi.openapi.constants import REF_TEMPLATE

if TYPE_CHECKING:
    from fastrapi._compat import ModelField

_Key = tuple[int, JsonSchemaMode]

_PLAIN_TYPES = frozenset({str, int, bool, type(None)})


class GenerateJsonSchema(PydanticGenerateJsonSchema):
    """pydantic's generator, with OpenAPI 3.1's way to describe binary data."""

    def encode_default(self, dft: Any) -> Any:
        # pydantic makes a serializer for each default value, also where there is nothing to serialize.
        return dft if type(dft) in _PLAIN_TYPES else super().encode_default(dft)

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """A string of another media type (OpenAPI 3.1, "Considerations for File Uploads").

        Encoded as base64 where the model's configuration says so, which is a fact about the
        direction that is being described.
        """
        described: JsonSchemaValue = {"type": "string"}
        option: Literal["ser_json_bytes", "val_json_bytes"] = (
            "ser_json_bytes" if self.mode == "serialization" else "val_json_bytes"
        )
        if getattr(self._config, option) == "base64":
            described["contentEncoding"] = "base64"
        described["contentMediaType"] = "application/octet-stream"
        self.update_with_validations(described, schema, self.ValidationsMapping.bytes)
        return described


class SchemaRegistry:
    """The schemas of all fields of one document, and the components that they refer to.

    Names of components depend on all of them (two models of one name get longer names), so the
    fields are collected first and described together. Fields with one validator between them, as
    the plain `int` and `str` parameters of an application have, are described once.

    Args:
        separate_input_output: whether a model gets two components, ending in `-Input` and
            `-Output`, where what it accepts differs from what it produces.
    """

    def __init__(self, *, separate_input_output: bool) -> None:
        self._separate = separate_input_output
        self._output_only = _OutputOnly()
        self._core_schemas: dict[_Key, Any] = {}
        self._schemas: dict[_Key, JsonSchemaValue] = {}
        self.definitions: dict[str, JsonSchemaValue] = {}

    def _mode(self, field: ModelField) -> JsonSchemaMode:
        if self._separate or field.mode == "validation" or self._output_only.is_in(field):
            # Computed fields exist in the output only: described as input they would be lost.
            return field.mode
        return "validation"

    def _key(self, field: ModelField) -> _Key:
        return id(field.type_adapter), self._mode(field)

    def describe(self, fields: Iterable[ModelField]) -> None:
        """Generate the schemas of all fields, and the components."""
        # The adapters are kept alive by their fields for as long as their ids are used as keys.
        for field in fields:
            self._core_schemas[self._key(field)] = field.type_adapter.core_schema
        generator = GenerateJsonSchema(ref_template=REF_TEMPLATE)
        inputs = [(key, key[1], schema) for key, schema in self._core_schemas.items()]
        generated, definitions = generator.generate_definitions(inputs)
        self._schemas = {key: schema for (key, _), schema in generated.items()}
        for name, definition in definitions.items():
            if "description" in definition:
                definition["description"] = definition["description"].split("\f")[0]
            self.definitions[name] = definition

    def schema(self, field: ModelField) -> JsonSchemaValue:
        """The field's schema, of its own for the caller; it has a title unless it is a reference."""
        described = dict(self._schemas[self._key(field)])
        if "$ref" not in described:
            described["title"] = field.field_info.title or field.alias.title().replace("_", " ")
        return described


class _OutputOnly:
    """Knows which values have fields that exist in the output only; each model is looked at once."""

    def __init__(self) -> None:
        self._without: set[type[BaseModel]] = set()

    def is_in(self, field: ModelField) -> bool:
        """Whether the value of the field, or anything in it, has computed fields."""
        seen: set[type[BaseModel]] = set()
        pending: list[Any] = [field.type_adapter.core_schema]
        while pending:
            part = pending.pop()
            if isinstance(part, (list, tuple)):
                pending.extend(part)
            elif isinstance(part, dict) and part.get("computed_fields"):
                return True
            elif isinstance(part, dict) and part.get("type") == "model":
                model = part["cls"]
                if model in seen or model in self._without:
                    continue
                seen.add(model)
                if model.model_computed_fields:
                    return True
                pending.extend(each.type_adapter.core_schema for each in get_model_fields(model))
            elif isinstance(part, dict):
                pending.extend(value for key, value in part.items() if key != "metadata")
        self._without |= seen
        return False
