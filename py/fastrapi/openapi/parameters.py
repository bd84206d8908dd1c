"""The parameters of an operation: those of the whole tree of dependencies, one entry for each name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastrapi import params
from fastrapi._compat import ModelField
from fastrapi.dependencies.analysis import iter_unique_dependants
from fastrapi.dependencies.reading import single_parameters
from fastrapi.encoders import jsonable_encoder

if TYPE_CHECKING:
    from fastrapi.dependencies.models import Dependant
    from fastrapi.openapi.schemas import SchemaRegistry

_PLACES = ("path", "query", "header", "cookie")


class DocumentedParameter:
    """One parameter, which may be a field of a parameter model.

    Attributes:
        field: the value, with the schema's field.
        declared: what the application declared about it: the field's own description, or that
            of the model it belongs to.
        is_member: whether it is a field of a parameter model.
        name: its name in the request.
        place: `path`, `query`, `header` or `cookie`.
        required: whether a request without it is refused.
    """

    __slots__ = ("declared", "field", "is_member", "name", "place", "required")

    def __init__(self, field: ModelField, container: ModelField, place: str, name: str) -> None:
        self.field = field
        self.declared = container.field_info
        self.is_member = field is not container
        self.name = name
        self.place = place
        # The fields of an optional model may be left out together.
        self.required = field.required and container.required

    @property
    def is_documented(self) -> bool:
        """Whether it is in the document; a field of a model is, if the model is."""
        own = getattr(self.field.field_info, "include_in_schema", True)
        return bool(own and getattr(self.declared, "include_in_schema", True))

    def describe(self, registry: SchemaRegistry) -> dict[str, Any]:
        """The Parameter Object (OpenAPI 3.1, section 4.8.12)."""
        schema = registry.schema(self.field)
        if "$ref" not in schema and not self.field.field_info.title:
            # A header is called by its field's name where that only differs in the underscores.
            converted = self.is_member and self.name == self.field.name.replace("_", "-")
            schema["title"] = (self.field.name if converted else self.name).title().replace("_", " ")
        described: dict[str, Any] = {
            "name": self.name,
            "in": self.place,
            "required": self.required,
            "schema": schema,
        }
        info = self.field.field_info
        if info.description:
            described["description"] = info.description
        add_examples(described, info)
        if getattr(info, "deprecated", None):
            described["deprecated"] = True
        return described


def add_examples(described: dict[str, Any], info: Any) -> None:
    """Add OpenAPI's own examples, which stand beside the schema and not in it."""
    openapi_examples = getattr(info, "openapi_examples", None)
    example = getattr(info, "example", params._Unset)
    if openapi_examples:
        described["examples"] = jsonable_encoder(openapi_examples)
    elif example is not params._Unset and example is not None:
        described["example"] = jsonable_encoder(example)


def iter_parameters(dependant: Dependant) -> Iterator[DocumentedParameter]:
    """All parameters of the tree, by place, those of the path operation before its dependencies'."""
    unique = list(iter_unique_dependants(dependant))
    for place in _PLACES:
        for each in unique:
            for declared in getattr(each, f"{place}_params"):
                for field, name in single_parameters(declared):
                    yield DocumentedParameter(field, declared, place, name)


def describe_parameters(
    parameters: list[DocumentedParameter], registry: SchemaRegistry
) -> list[dict[str, Any]]:
    """The documented parameters; of several with one place and name, the last required one counts."""
    chosen: dict[tuple[str, str], DocumentedParameter] = {}
    for parameter in parameters:
        key = parameter.place, parameter.name
        if parameter.is_documented and (parameter.required or key not in chosen or not chosen[key].required):
            chosen[key] = parameter
    return [parameter.describe(registry) for parameter in chosen.values()]
