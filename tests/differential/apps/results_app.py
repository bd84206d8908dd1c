"""What handlers may return."""

import dataclasses
from collections import OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from http import HTTPStatus
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr, computed_field, field_serializer
from typing_extensions import TypedDict

app = FastAPI()
NAN, INFINITY = float("nan"), float("inf")


class Color(str, Enum):  # noqa: UP042  # written like this everywhere
    RED = "red"


class Number(Enum):
    ONE = 1
    PAIR = (1, 2)


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    ONE = "one"


class Text(str):
    __slots__ = ()


class Integer(int):
    pass


class Mapping(dict):  # type: ignore[type-arg]
    pass


class Sequence(list):  # type: ignore[type-arg]
    pass


class Pair(NamedTuple):
    a: int
    b: str


class User(BaseModel):
    name: str
    email: str | None = None
    age: int = 1


class Account(User):
    password: str = "hidden"


class Rich(BaseModel):
    model_config = ConfigDict(
        ser_json_timedelta="float", ser_json_bytes="base64", ser_json_inf_nan="constants"
    )
    at: datetime = datetime(2024, 1, 2, 3, 4, 5, 6, UTC)
    span: timedelta = timedelta(seconds=90.5)
    data: bytes = b"\xff\x00"
    price: Decimal = Decimal("1.10")
    color: Color = Color.RED
    id: UUID = UUID(int=5)
    secret: SecretStr = SecretStr("s")
    ratio: float = INFINITY
    tags: set[int] = {1}
    internal: str = Field("x", exclude=True)
    renamed: str = Field("y", serialization_alias="Renamed")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return 2

    @field_serializer("price")
    def cents(self, value: Decimal) -> str:
        return f"{value}!"


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


class Names(RootModel[list[str]]):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    hidden: dataclasses.InitVar[int] = 3


class Movie(TypedDict, total=False):
    title: str
    year: int


class Plain:
    def __init__(self) -> None:
        self.a, self._b = 1, 2


class Slots:
    __slots__ = ("a",)


def recursive() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


UNTYPED: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"a": 1, "b": [1.5, None, True, "x"], "c": {"d": ()}},
    "empty": dict,
    "list": lambda: [1, "2", 3.0, None, False],
    "tuple": lambda: (1, (2,)),
    "str": lambda: 'text "quoted" \\ / é \u2028 \x00\x1f\x7f 😀',
    "int": lambda: 5,
    "big": lambda: [2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**40],
    "float": lambda: [
        0.1,
        1e15,
        1e16,
        1e-4,
        1e-5,
        123456789012345680.0,
        5e-324,
        1.7e308,
        -0.0,
        1e22,
        100.0,
        1 / 3,
    ],
    "bool": lambda: True,
    "none": lambda: None,
    "nan": lambda: {"a": NAN},
    "infinity": lambda: [INFINITY],
    "surrogate": lambda: {"a": "\ud800"},
    "surrogate-key": lambda: {"\udfff": 1},
    "keys": lambda: {1: "a", 2.5: "b", None: "c", False: "d", "e": "f"},
    "enum-keys": lambda: {Color.RED: 1, Level.LOW: 2},
    "date-keys": lambda: {date(2024, 1, 2): 1},
    "tuple-keys": lambda: {(1, 2): 3},
    "bytes-keys": lambda: {b"a": 1},
    "sqlalchemy-keys": lambda: {"_sa_state": 1, "_sa": 2, "sa": 3, "nested": {"_sa_x": 1}},
    "subclasses": lambda: [
        Text("x"),
        Integer(3),
        Mapping(a=1),
        Sequence([1]),
        OrderedDict(b=2, a=1),
        Pair(1, "b"),
    ],
    "defaultdict": lambda: defaultdict(int, a=1),
    "user-dict": lambda: UserDict(a=1),
    "deque": lambda: deque([1, 2]),
    "set": lambda: {1},
    "frozenset": lambda: {"a": frozenset(["x"])},
    "range": lambda: range(3),
    "generator": lambda: (i for i in range(3)),
    "bytes": lambda: {"a": b"abc"},
    "bad-bytes": lambda: {"a": b"\xff"},
    "bytearray": lambda: bytearray(b"abc"),
    "memoryview": lambda: memoryview(b"abc"),
    "dates": lambda: [
        date(2024, 1, 2),
        time(1, 2, 3, 4),
        datetime(2024, 1, 2, 3, 4, 5),
        timedelta(days=1, seconds=0.5),
    ],
    "aware": lambda: datetime(2024, 1, 2, 3, 4, 5, 600, timezone(timedelta(hours=-5))),
    "decimal": lambda: [Decimal("1.10"), Decimal("1"), Decimal("1e5"), Decimal("0.1"), Decimal(10**20)],
    "decimal-nan": lambda: [Decimal("NaN")],
    "enums": lambda: [Color.RED, Number.ONE, Number.PAIR, Level.LOW, Word.ONE, HTTPStatus.OK],
    "uuid": lambda: UUID(int=255),
    "paths": lambda: [PurePosixPath("/a/b"), IPv4Address("10.0.0.1")],
    "complex": lambda: 1 + 2j,
    "model": lambda: User(name="a"),
    "rich": Rich,
    "models": lambda: {"users": [User(name="a"), Account(name="b")], "names": Names(["x"])},
    "root": lambda: Names(["x", "y"]),
    "loose": lambda: Loose(b=2),  # type: ignore[call-arg]
    "dataclass": lambda: Point(1),
    "dataclasses": lambda: [Point(1, 2), {"p": Point(3)}],
    "object": Plain,
    "slots": Slots,
    "namespace": lambda: SimpleNamespace(a=1),
    "class": lambda: User,
    "function": lambda: deep,
    "exception": lambda: ValueError("x"),
    "ellipsis": lambda: ...,
    "recursive": recursive,
    "deep": lambda: deep(100),
    "deeper": lambda: deep(150),
    "json": lambda: JSONResponse({"a": 1}, 201, {"X-A": "b"}),
    "plain": lambda: PlainTextResponse("é"),
}


@app.get("/untyped/{name}")
def untyped(name: str):
    return UNTYPED[name]()


@app.get("/task/{name}")
async def task(name: str):
    return UNTYPED[name]()


@app.get("/any/{name}")
async def typed_any(name: str) -> Any:
    return UNTYPED[name]()


@app.get("/none-model/{name}", response_model=None)
async def none_model(name: str) -> dict[str, int]:
    return UNTYPED[name]()


@app.get("/typed-none/{name}")
async def typed_none(name: str) -> None:
    return UNTYPED[name]()


@app.get("/dict-int/{name}")
async def dict_int(name: str) -> dict[str, int]:
    return UNTYPED[name]()


@app.get("/list-float/{name}")
async def list_float(name: str) -> list[float]:
    return UNTYPED[name]()


@app.get("/typed-str/{name}")
def typed_str(name: str) -> str:
    return UNTYPED[name]()


@app.get("/html/{name}", response_class=HTMLResponse)
def html(name: str):
    return UNTYPED[name]()


@app.get("/text/{name}", response_class=PlainTextResponse)
def text(name: str):
    return UNTYPED[name]()


@app.get("/status/{name}", status_code=201)
async def created(name: str):
    return UNTYPED[name]()


@app.get("/http-status/{name}", status_code=HTTPStatus.ACCEPTED)
async def accepted(name: str) -> Any:
    return UNTYPED[name]()


@app.get("/204/{name}", status_code=204)
async def no_content(name: str):
    return UNTYPED[name]()


@app.get("/204-none", status_code=204)
async def no_content_none() -> None:
    return None


@app.get("/204-pure", status_code=204)
async def no_content_pure():
    return {"a": 1}


@app.get("/304/{name}", status_code=304)
def not_modified(name: str):
    return UNTYPED[name]()


@app.get("/205", status_code=205)
def reset_content():
    return {"a": 1}


@app.get("/599", status_code=599)
def unnamed_status():
    return {"a": 1}


@app.get("/response-status/{code}")
def response_status(code: int, response: Response):
    response.status_code = code
    response.headers["X-Code"] = str(code)
    return {"a": 1}


USERS: dict[str, Callable[[], Any]] = {
    "user": lambda: User(name="a"),
    "account": lambda: Account(name="a", email="e"),
    "dict": lambda: {"name": "a", "age": "5", "other": 1},
    "missing": lambda: {"age": 1},
    "object": lambda: SimpleNamespace(name="a", email=None, age=3),
    "none": lambda: None,
    "set": lambda: User(name="a", age=1, email=None),
    "constructed": lambda: User.model_construct(name=1, age="x"),
    "response": lambda: JSONResponse({"raw": True}, 202),
    "list": lambda: [{"name": "a"}],
}
for path, options in {
    "model": {},
    "unset": {"response_model_exclude_unset": True},
    "defaults": {"response_model_exclude_defaults": True},
    "no-none": {"response_model_exclude_none": True},
    "include": {"response_model_include": {"name", "age"}},
    "exclude": {"response_model_exclude": {"email"}},
    "status": {"status_code": 203},
    "plain": {"response_class": JSONResponse},
}.items():

    @app.get(f"/user/{path}/{{name}}", response_model=User, **options)  # type: ignore[arg-type]
    async def user(name: str) -> Any:
        return USERS[name]()

    @app.get(f"/user-sync/{path}/{{name}}", response_model=User | None, **options)  # type: ignore[arg-type]
    def user_sync(name: str) -> Any:
        return USERS[name]()


@app.get("/annotated/{name}")
async def annotated(name: str) -> User:
    return USERS[name]()


@app.get("/union/{name}")
async def union(name: str) -> Account | User | list[User]:
    return USERS[name]()


@app.get("/users")
async def users() -> list[User]:
    return [User(name="a"), Account(name="b"), {"name": "c"}]  # type: ignore[list-item]


@app.get("/rich")
async def rich() -> Rich:
    return Rich()


@app.get("/rich-alias", response_model=Rich, response_model_by_alias=False)
async def rich_alias() -> Any:
    return Rich()


@app.get("/loose")
async def loose() -> Loose:
    return Loose(b={"c": [1.0, b"x", date(2024, 1, 2)]})  # type: ignore[call-arg]


@app.get("/dataclass")
def dataclass_() -> Point:
    return Point(1, "2")  # type: ignore[arg-type]


@app.get("/typed-dict")
def typed_dict() -> Movie:
    return {"title": "a", "other": 1}  # type: ignore[typeddict-unknown-key]


@app.get("/named-tuple")
def named_tuple() -> Pair:
    return Pair(1, "b")


@app.get("/constrained/{value}")
def constrained(value: int) -> Annotated[int, Field(gt=3)]:
    return value


@app.get("/bytes-model")
def bytes_model() -> dict[str, bytes]:
    return {"a": b"\xff"}


@app.get("/floats-model")
def floats_model() -> dict[str, float]:
    return {"a": NAN, "b": 1e16, "c": 1e-7, "d": -0.0, "e": INFINITY}


@app.get("/decimal-model")
def decimal_model() -> dict[str, Decimal | datetime | timedelta]:
    return {"a": Decimal("1.10"), "b": datetime(2024, 1, 2), "c": timedelta(1)}
