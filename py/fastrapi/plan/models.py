"""The types whose JSON a server may read and write without pydantic.

A type is *plain* if its core schema is made of texts, numbers, truth values, `None`, lists, dicts with texts
as keys, and models whose fields are plain: no constraints, no strictness, no functions. A node of the schema
with a key that is not known here makes its type not plain: what pydantic adds in the future is left to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel
from pydantic_core import SchemaValidator

from fastrapi.plan.schema import once_per_schema

if TYPE_CHECKING:
    from fastrapi._compat import ModelField

Kind = Literal["str", "int", "float", "bool", "none", "nullable", "list", "dict", "model"]
Absent = Literal["refused", "shared", "list", "dict"]
Use = Literal["read", "write"]

_STATE = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
_SHARED = (str, bytes, int, float, bool, type(None))
_EMPTY: dict[type, Absent] = {list: "list", dict: "dict"}

# Keys that say nothing about the values.
_DESCRIPTIVE = frozenset({"type", "ref", "metadata"})
_MODEL = _DESCRIPTIVE | {"cls", "schema", "config", "custom_init", "root_model", "frozen", "generic_origin"}
_MODEL_FIELDS = _DESCRIPTIVE | {"fields", "model_name", "computed_fields"}
_MODEL_FIELD = _DESCRIPTIVE | {"schema", "validation_alias", "serialization_alias", "frozen"}
_DEFAULT = _DESCRIPTIVE | {
    "schema",
    "default",
    "default_factory",
    "default_factory_takes_data",
    "copy_default",
}
_CONFIG = frozenset(
    {
        "title",
        "from_attributes",
        "frozen",
        "extra_fields_behavior",
        "validate_assignment",
        "hide_input_in_errors",
    }
)


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a model, in the order of the model."""

    name: str
    key: str
    """The key to read from."""
    written_key: str
    shape: int
    absent: Absent
    """What stands for an absent field: nothing (`refused`), `default` itself, or a new empty container."""
    default: object


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A model."""

    cls: type[BaseModel]
    fields: tuple[FieldShape, ...]


@dataclass(slots=True)
class Shape:
    """A type. `inner` is the position of the type that a container or a nullable type holds."""

    kind: Kind
    inner: int = 0
    model: ModelShape | None = None


@dataclass(frozen=True, slots=True)
class Shapes:
    """A type, which is the first of `shapes`, and all types in it."""

    shapes: list[Shape]
    slots: tuple[Any, ...]
    """The descriptors that hold the state of a model's instance."""


class _NotPlain(Exception):
    """The type needs pydantic."""


def field_shapes(field: ModelField, use: Use) -> Shapes | None:
    """The shapes of a field's type; `None` if it is not plain."""
    adapter = field.type_adapter
    # A plugin of pydantic puts something else around the validator, and wants to see its calls.
    if field.config is not None or type(adapter.validator) is not SchemaValidator:
        return None
    return (_readable if use == "read" else _writable)(adapter.core_schema)


@once_per_schema
def _readable(schema: Mapping[str, Any]) -> Shapes | None:
    return plain_shapes(schema, "read")


@once_per_schema
def _writable(schema: Mapping[str, Any]) -> Shapes | None:
    return plain_shapes(schema, "write")


def plain_shapes(schema: Mapping[str, Any], use: Use) -> Shapes | None:
    """The shapes of a core schema's type; `None` if it is not plain."""
    analysis = _Analysis(use)
    try:
        analysis.shape(schema)
    except _NotPlain:
        return None
    if not any(shape.kind == "model" for shape in analysis.shapes):
        return None
    return Shapes(analysis.shapes, tuple(vars(BaseModel)[name] for name in _STATE))


class _Analysis:
    def __init__(self, use: Use) -> None:
        self.use = use
        self.shapes: list[Shape] = []
        self.definitions: dict[str, Mapping[str, Any]] = {}
        self.referred: dict[str, int] = {}

    def shape(self, node: Mapping[str, Any]) -> int:
        """The position of the node's shape, which is made if it is not there."""
        kind = node["type"]
        if kind == "definitions":
            self.definitions.update((definition["ref"], definition) for definition in node["definitions"])
            return self.shape(node["schema"])
        if kind == "definition-ref":
            return self._referred(node)
        position = len(self.shapes)
        self.shapes.append(Shape("none"))
        # Known before its parts are: a model may contain itself.
        if "ref" in node:
            self.referred[node["ref"]] = position
        self.shapes[position] = self._made(kind, node)
        return position

    def _referred(self, node: Mapping[str, Any]) -> int:
        _only(node, _DESCRIPTIVE | {"schema_ref"})
        name = node["schema_ref"]
        if name in self.referred:
            return self.referred[name]
        if name not in self.definitions:
            raise _NotPlain
        return self.shape(self.definitions[name])

    def _made(self, kind: str, node: Mapping[str, Any]) -> Shape:
        if kind in ("str", "int", "float", "bool", "none"):
            _only(node, _DESCRIPTIVE)
            return Shape(kind)  # type: ignore[arg-type]  # one of the names of `Kind`
        if kind == "nullable":
            _only(node, _DESCRIPTIVE | {"schema"})
            return Shape("nullable", self.shape(node["schema"]))
        if kind == "list":
            _only(node, _DESCRIPTIVE | {"items_schema"})
            return Shape("list", self.shape(node.get("items_schema", {"type": "any"})))
        if kind == "dict":
            _only(node, _DESCRIPTIVE | {"keys_schema", "values_schema"})
            keys = node.get("keys_schema", {"type": "any"})
            if keys["type"] != "str":
                raise _NotPlain
            _only(keys, _DESCRIPTIVE)
            return Shape("dict", self.shape(node.get("values_schema", {"type": "any"})))
        if kind == "model":
            return Shape("model", model=self._model(node))
        raise _NotPlain

    def _model(self, node: Mapping[str, Any]) -> ModelShape:
        _only(node, _MODEL)
        config = node.get("config") or {}
        _only(config, _CONFIG)
        fields = node["schema"]
        if (
            node.get("custom_init")
            or node.get("root_model")
            or config.get("extra_fields_behavior", "ignore") not in ("ignore", "forbid")
            or fields["type"] != "model-fields"
            or fields.get("computed_fields")
            or not _has_usual_state(node["cls"])
        ):
            raise _NotPlain
        _only(fields, _MODEL_FIELDS)
        return ModelShape(
            node["cls"], tuple(self._field(name, field) for name, field in fields["fields"].items())
        )

    def _field(self, name: str, node: Mapping[str, Any]) -> FieldShape:
        _only(node, _MODEL_FIELD)
        key = node.get("validation_alias", name)
        written_key = node.get("serialization_alias", name)
        if type(written_key) is not str or (self.use == "read" and type(key) is not str):
            raise _NotPlain
        schema = node["schema"]
        absent: Absent = "refused"
        default = None
        if schema["type"] == "default":
            if self.use == "read":
                absent, default = _absent(schema)
            schema = schema["schema"]
        return FieldShape(
            name,
            key if type(key) is str else name,
            written_key,
            self.shape(schema),
            absent,
            default,
        )


def _only(node: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse a node that says more than is known here."""
    if any(key not in known and value is not None and value is not False for key, value in node.items()):
        raise _NotPlain


def _has_usual_state(cls: type[BaseModel]) -> bool:
    """Whether instances are made and keep their state as `BaseModel` has it."""
    return cls.__new__ is object.__new__ and all(
        next(base for base in cls.__mro__ if name in vars(base)) is BaseModel for name in _STATE
    )


def _absent(node: Mapping[str, Any]) -> tuple[Absent, object]:
    """What stands for an absent field with a default. pydantic copies a default that can change."""
    _only(node, _DEFAULT)
    if node.get("default_factory_takes_data"):
        raise _NotPlain
    if "default_factory" in node:
        factory = node["default_factory"]
        if factory not in _EMPTY:
            raise _NotPlain
        return _EMPTY[factory], None
    default = node["default"]
    if type(default) in _EMPTY and not default:
        return _EMPTY[type(default)], None
    if type(default) not in _SHARED and not isinstance(default, Enum):
        raise _NotPlain
    return "shared", default
