"""Which types are plain, and what is told of them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)

from fastrapi.plan.models import plain_shapes

T = TypeVar("T")


class Colour(Enum):
    RED = "red"


class Part(BaseModel):
    number: int


class Plain(BaseModel):
    text: str
    part: Part
    parts: list[Part] = []
    by_name: dict[str, Part | None] = Field(default_factory=dict)
    renamed: float = Field(default=1.5, alias="reNamed")
    colourless: bool | None = None


class Tree(BaseModel):
    children: list[Tree] = []


class Box(BaseModel, Generic[T]):
    content: T


def test_a_plain_model() -> None:
    shapes = plain_shapes(Plain.__pydantic_core_schema__, "read")
    assert shapes is not None
    root = shapes.shapes[0].model
    assert root is not None
    assert root.cls is Plain
    assert [(field.name, field.key, field.written_key, field.absent) for field in root.fields] == [
        ("text", "text", "text", "refused"),
        ("part", "part", "part", "refused"),
        ("parts", "parts", "parts", "list"),
        ("by_name", "by_name", "by_name", "dict"),
        ("renamed", "reNamed", "reNamed", "shared"),
        ("colourless", "colourless", "colourless", "shared"),
    ]
    assert root.fields[4].default == 1.5


def test_a_model_that_contains_itself() -> None:
    shapes = plain_shapes(TypeAdapter(Tree).core_schema, "read")
    assert shapes is not None
    assert [(shape.kind, shape.inner) for shape in shapes.shapes] == [("model", 0), ("list", 0)]


@pytest.mark.parametrize("type_", [list[Part], Part | None, dict[str, list[Part]], Box[Part], Box[int]])
def test_types_around_models(type_: Any) -> None:
    assert plain_shapes(TypeAdapter(type_).core_schema, "read") is not None
    assert plain_shapes(TypeAdapter(type_).core_schema, "write") is not None


def test_without_a_model_there_is_nothing_to_gain() -> None:
    assert plain_shapes(TypeAdapter(list[int]).core_schema, "read") is None


def _models() -> dict[str, type[BaseModel]]:
    class Constrained(BaseModel):
        number: Annotated[int, Field(gt=0)]

    class StrictModel(BaseModel):
        model_config = ConfigDict(strict=True)
        number: int

    class StrictField(BaseModel):
        number: int = Field(strict=True)

    class Extra(BaseModel):
        model_config = ConfigDict(extra="allow")

    class ByName(BaseModel):
        model_config = ConfigDict(populate_by_name=True)
        number: int = Field(alias="n")

    class Stripped(BaseModel):
        model_config = ConfigDict(str_strip_whitespace=True)
        text: str

    class Revalidated(BaseModel):
        model_config = ConfigDict(revalidate_instances="always")

    class Validated(BaseModel):
        number: int

        @field_validator("number")
        @classmethod
        def check(cls, value: int) -> int:
            return value

    class WholeValidated(BaseModel):
        @model_validator(mode="after")
        def check(self) -> WholeValidated:
            return self

    class Serialized(BaseModel):
        number: int

        @field_serializer("number")
        def write(self, value: int) -> str:
            return str(value)

    class Computed(BaseModel):
        @computed_field  # type: ignore[prop-decorator]
        @property
        def number(self) -> int:
            return 1

    class Private(BaseModel):
        _number: int = PrivateAttr(default=1)

    class PostInit(BaseModel):
        def model_post_init(self, context: Any) -> None:
            """Does nothing, but might."""

    class OwnInit(BaseModel):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)

    class OwnNew(BaseModel):
        def __new__(cls, **values: Any) -> OwnNew:
            return super().__new__(cls)

    class Excluded(BaseModel):
        number: int = Field(default=1, exclude=True)

    class Union(BaseModel):
        number: int | str

    class Anything(BaseModel):
        values: list[Any]

    class Chosen(BaseModel):
        colour: Colour
        name: Literal["a"]

    class Root(RootModel[list[int]]):
        pass

    return dict(locals())


@pytest.mark.parametrize("name", _models())
@pytest.mark.parametrize("use", ["read", "write"])
def test_what_is_not_plain(name: str, use: Any) -> None:
    assert plain_shapes(_models()[name].__pydantic_core_schema__, use) is None


def test_a_default_that_can_change_is_read_by_pydantic_and_may_be_written() -> None:
    class Mutable(BaseModel):
        numbers: list[int] = [1]

    assert plain_shapes(Mutable.__pydantic_core_schema__, "read") is None
    assert plain_shapes(Mutable.__pydantic_core_schema__, "write") is not None


def test_the_state_of_an_instance_must_be_where_pydantic_keeps_it() -> None:
    class Stateful(BaseModel):
        number: int = 1

    setattr(Stateful, "__pydantic_extra__", property(lambda instance: None))  # noqa: B010
    assert plain_shapes(Stateful.__pydantic_core_schema__, "read") is None
