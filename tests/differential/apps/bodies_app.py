"""Bodies of every kind, each shown as it arrived."""

import dataclasses
from collections import deque
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from uuid import UUID

from fastapi import APIRouter, Body, FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field, Json, RootModel, Strict, field_validator, model_validator
from typing_extensions import TypedDict


def shown(*values: Any) -> dict[str, list[str]]:
    return {"values": [ascii(value) for value in values]}


class Color(str, Enum):  # noqa: UP042  # written like this everywhere
    RED = "red"
    BLUE = "blue"


class Number(Enum):
    ONE = 1
    TWO = 2.5


class Tag(BaseModel):
    name: str
    weight: float = 1.0


class Item(BaseModel):
    name: str
    price: float
    count: int = 1
    active: bool = True
    tags: list[Tag] = []
    parent: "Item | None" = None
    extra: Any = None


class Scalars(BaseModel):
    i: int | None = None
    f: float | None = None
    s: str | None = None
    b: bool | None = None
    day: date | None = None
    at: datetime | None = None
    clock: time | None = None
    span: timedelta | None = None
    id: UUID | None = None
    color: Color | None = None
    number: Number | None = None
    letter: Literal["a", 1, True, None] = None


class Exact(BaseModel):
    price: Decimal | None = None
    data: bytes | None = None
    text: Json[list[int]] | None = None
    either: int | str | float | None = None
    days: date | int | None = None


class StrictItem(BaseModel):
    model_config = ConfigDict(strict=True)
    count: int
    day: date | None = None
    id: UUID | None = None
    color: Color | None = None
    pair: tuple[int, int] | None = None
    names: set[str] | None = None


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    item_name: str = Field(alias="itemName")
    size: int = Field(1, validation_alias="SIZE")


class Checked(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)
    name: str = Field(min_length=1, max_length=5)
    values: Annotated[list[int], Field(max_length=2)] = []

    @field_validator("name")
    @classmethod
    def upper(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("not this name")
        return value.upper()

    @model_validator(mode="before")
    @classmethod
    def count(cls, data: Any) -> Any:
        return {**data, "values": data.get("values", [len(data)])} if isinstance(data, dict) else data


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    bark: str


class Fox(BaseModel):
    kind: str = "fox"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, use_enum_values=True, revalidate_instances="always")
    color: Color
    numbers: frozenset[int] = frozenset()


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int


class Names(RootModel[list[str]]):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    label: str | None = None


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Pair(NamedTuple):
    a: int
    b: str = "b"


app = FastAPI()


@app.post("/item")
async def item(item: Item) -> Any:
    return shown(item)


@app.post("/item-sync")
def item_sync(item: Item) -> Any:
    return shown(item, sorted(item.model_fields_set))


@app.put("/item/{item_id}")
async def put_item(item_id: int, item: Item, q: str | None = None, x_token: str = Header("-")) -> Any:
    return shown(item_id, item, q, x_token)


@app.delete("/item")
async def delete_item(item: Item | None = None) -> Any:
    return shown(item)


@app.post("/default")
async def default(item: Annotated[Item | None, Body()] = None) -> Any:
    return shown(item)


@app.post("/scalars")
def scalars(value: Scalars) -> Any:
    return shown(value)


@app.post("/exact")
def exact(value: Exact) -> Any:
    return shown(value)


@app.post("/strict")
def strict(value: StrictItem) -> Any:
    return shown(value)


@app.post("/strict-int")
def strict_int(value: Annotated[int, Strict(), Body()]) -> Any:
    return shown(value)


@app.post("/closed")
def closed(value: Closed) -> Any:
    return shown(value)


@app.post("/open")
def open_(value: Open) -> Any:
    return shown(value, value.model_extra)


@app.post("/aliased")
def aliased(value: Aliased) -> Any:
    return shown(value)


@app.post("/checked")
def checked(value: Checked) -> Any:
    return shown(value)


@app.post("/frozen")
def frozen(value: Frozen) -> Any:
    return shown(value.color, sorted(value.numbers))


@app.post("/union")
def union(value: Cat | Dog | Fox) -> Any:
    return shown(value)


@app.post("/discriminated")
def discriminated(value: Annotated[Cat | Dog, Body(discriminator="kind")]) -> Any:
    return shown(value)


@app.post("/union-scalars")
def union_scalars(value: Annotated[int | str | list[int] | None, Body()]) -> Any:
    return shown(value)


@app.post("/dict")
async def dictionary(value: dict[str, Any]) -> Any:
    return shown(value)


@app.post("/plain-dict")
async def plain_dict(value: dict) -> Any:  # type: ignore[type-arg]
    return shown(value)


@app.post("/dict-int")
def dictionary_int(value: dict[int, float]) -> Any:
    return shown(value)


@app.post("/list")
def lists(value: list[Item]) -> Any:
    return shown(value)


@app.post("/list-int")
def list_int(value: list[int]) -> Any:
    return shown(value)


@app.post("/set")
def sets(value: set[int]) -> Any:
    return shown(sorted(value))


@app.post("/tuple")
def tuples(value: tuple[int, str, bool]) -> Any:
    return shown(value)


@app.post("/deque")
def deques(value: deque[int], limited: Annotated[Sequence[int], Body()] = ()) -> Any:
    return shown(value, limited)


@app.post("/page")
def page(value: Page[Tag]) -> Any:
    return shown(value)


@app.post("/root")
def root(value: Names) -> Any:
    return shown(value)


@app.post("/dataclass")
def dataclass_(value: Point) -> Any:
    return shown(value)


@app.post("/typed-dict")
def typed_dict(value: Movie) -> Any:
    return shown(value)


@app.post("/named-tuple")
def named_tuple(value: Annotated[Pair, Body()]) -> Any:
    return shown(value)


@app.post("/bytes")
def bytes_(value: Annotated[bytes, Body()]) -> Any:
    return shown(value)


@app.post("/str")
def string(value: Annotated[str, Body()]) -> Any:
    return shown(value)


@app.post("/int")
def integer(value: Annotated[int, Body(ge=0)]) -> Any:
    return shown(value)


@app.post("/float")
def floating(value: Annotated[float, Body()]) -> Any:
    return shown(value)


@app.post("/bool")
def boolean(value: Annotated[bool, Body()]) -> Any:
    return shown(value)


@app.post("/any")
async def anything(value: Annotated[Any, Body()]) -> Any:
    return shown(value)


@app.post("/any-default")
async def anything_default(value: Annotated[Any, Body()] = "default") -> Any:
    return shown(value)


@app.post("/pure")
async def pure(value: Annotated[dict[str, Any], Body()]):
    return value


@app.post("/pure-item")
async def pure_item(value: Item):
    return value


@app.post("/several")
def several(item: Item, tag: Tag, importance: Annotated[int, Body()], q: str | None = None) -> Any:
    return shown(item, tag, importance, q)


@app.post("/several-optional")
def several_optional(item: Item | None = None, importance: Annotated[int, Body()] = 5) -> Any:
    return shown(item, importance)


@app.post("/embedded")
def embedded(item: Annotated[Item, Body(embed=True)]) -> Any:
    return shown(item)


@app.post("/vendor")
def vendor(item: Annotated[Item, Body(media_type="application/vnd.api+json")]) -> Any:
    return shown(item)


trusting = APIRouter(strict_content_type=False)


@trusting.post("/lenient")
def lenient(item: Tag) -> Any:
    return shown(item)


app.include_router(trusting)
