"""Parameters of every kind, each shown as it arrived."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Cookie, FastAPI, Header, Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field


class Color(str, Enum):  # noqa: UP042  # written like this everywhere
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Filters(BaseModel):
    limit: int = Field(10, gt=0)
    tags: list[str] = []


def shown(*values: Any) -> dict[str, list[str]]:
    return {"values": [ascii(value) for value in values]}


app = FastAPI()


@app.get("/path/int/{value}")
def path_int(value: int) -> Any:
    return shown(value)


@app.get("/path/float/{value}")
def path_float(value: float) -> Any:
    return shown(value)


@app.get("/path/bool/{value}")
async def path_bool(value: bool) -> Any:
    return shown(value)


@app.get("/path/str/{value}")
async def path_str(value: str) -> Any:
    return shown(value)


@app.get("/path/pure/{value}")
async def path_pure(value: str):
    return {"value": value}


@app.get("/path/two/{first}-{second}")
def path_two(first: str, second: int) -> Any:
    return shown(first, second)


@app.get("/path/limited/{value}")
def path_limited(value: Annotated[int, Path(ge=1, le=5)]) -> Any:
    return shown(value)


@app.get("/path/enum/{value}")
def path_enum(value: Color) -> Any:
    return shown(value)


@app.get("/path/level/{value}")
def path_level(value: Level) -> Any:
    return shown(value)


@app.get("/path/uuid/{value}")
def path_uuid(value: UUID) -> Any:
    return shown(value)


@app.get("/path/decimal/{value}")
def path_decimal(value: Decimal) -> Any:
    return shown(value)


@app.get("/path/date/{value}")
def path_date(value: date) -> Any:
    return shown(value)


@app.get("/path/datetime/{value}")
def path_datetime(value: datetime) -> Any:
    return shown(value)


@app.get("/path/rest/{value:path}")
def path_rest(value: str) -> Any:
    return shown(value)


@app.get("/path/rest-int/{value:path}/end")
def path_rest_int(value: int) -> Any:
    return shown(value)


@app.get("/convertor/int/{value:int}")
def convertor_int(value: int) -> Any:
    return shown(value)


@app.get("/convertor/int-as-str/{value:int}")
def convertor_int_as_str(value: str) -> Any:
    return shown(value)


@app.get("/convertor/float/{value:float}")
def convertor_float(value: float) -> Any:
    return shown(value)


@app.get("/convertor/uuid/{value:uuid}")
def convertor_uuid(value: UUID) -> Any:
    return shown(value)


@app.get("/query/int")
def query_int(q: int) -> Any:
    return shown(q)


@app.get("/query/optional-int")
async def query_optional_int(q: int | None = None) -> Any:
    return shown(q)


@app.get("/query/pure")
async def query_pure(q: int = 3, other: str | None = None):
    return {"q": q, "other": other}


@app.get("/query/float")
def query_float(q: float = 1.5) -> Any:
    return shown(q)


@app.get("/query/bool")
def query_bool(q: bool = False) -> Any:
    return shown(q)


@app.get("/query/str")
def query_str(q: str) -> Any:
    return shown(q)


@app.get("/query/optional-str")
def query_optional_str(q: str | None = None) -> Any:
    return shown(q)


@app.get("/query/any")
def query_any(q: Any = None) -> Any:
    return shown(q)


@app.get("/query/bytes")
def query_bytes(q: bytes = b"none") -> Any:
    return shown(q)


@app.get("/query/union")
def query_union(q: int | str | None = None) -> Any:
    return shown(q)


@app.get("/query/union-floats")
def query_union_floats(q: int | float | bool) -> Any:
    return shown(q)


@app.get("/query/decimal")
def query_decimal(q: Annotated[Decimal, Query(max_digits=5, decimal_places=2)]) -> Any:
    return shown(q)


@app.get("/query/times")
def query_times(at: time | None = None, span: timedelta | None = None, on: datetime | None = None) -> Any:
    return shown(at, span, on)


@app.get("/query/literal")
def query_literal(q: Literal["a", "b", 3] = "a") -> Any:
    return shown(q)


@app.get("/query/level")
def query_level(q: Level = Level.LOW) -> Any:
    return shown(q)


@app.get("/query/list")
def query_list(q: Annotated[list[str], Query()]) -> Any:
    return shown(q)


@app.get("/query/list-int")
def query_list_int(q: Annotated[list[int], Query(min_length=1, max_length=3)] = [7]) -> Any:  # noqa: B006
    return shown(q)


@app.get("/query/optional-list")
def query_optional_list(q: Annotated[list[int] | None, Query()] = None) -> Any:
    return shown(q)


@app.get("/query/set")
def query_set(q: Annotated[set[int], Query()] = set()) -> Any:  # noqa: B006
    return shown(sorted(q))


@app.get("/query/tuple")
def query_tuple(q: Annotated[tuple[int, str], Query()]) -> Any:
    return shown(q)


@app.get("/query/alias")
def query_alias(q: Annotated[str, Query(alias="item-query")]) -> Any:
    return shown(q)


@app.get("/query/validation-alias")
def query_validation_alias(q: Annotated[int, Query(validation_alias="other name")] = 0) -> Any:
    return shown(q)


@app.get("/query/constrained")
def query_constrained(
    q: Annotated[str, Query(min_length=2, max_length=4, pattern="^[a-z]+$")] = "abc",
) -> Any:
    return shown(q)


@app.get("/query/multiple")
def query_multiple(q: Annotated[int, Query(multiple_of=3, lt=30)]) -> Any:
    return shown(q)


@app.get("/query/strict")
def query_strict(q: Annotated[int, Query(strict=True)]) -> Any:
    return shown(q)


@app.get("/query/infinite")
def query_infinite(q: Annotated[float, Query(allow_inf_nan=False)]) -> Any:
    return shown(q)


@app.get("/query/validators")
def query_validators(
    q: Annotated[str, BeforeValidator(str.strip), AfterValidator(str.upper)] = "default",
) -> Any:
    return shown(q)


@app.get("/query/factory")
def query_factory(q: Annotated[str, Query(default_factory=lambda: "made")]) -> Any:
    return shown(q)


@app.get("/query/model")
def query_model(q: Annotated[Filters, Query()]) -> Any:
    return shown(q)


@app.get("/header/str")
def header_str(x_token: Annotated[str | None, Header()] = None) -> Any:
    return shown(x_token)


@app.get("/header/int")
def header_int(x_count: Annotated[int, Header()]) -> Any:
    return shown(x_count)


@app.get("/header/list")
def header_list(x_token: Annotated[list[str], Header()]) -> Any:
    return shown(x_token)


@app.get("/header/list-int")
def header_list_int(x_count: Annotated[list[int] | None, Header()] = None) -> Any:
    return shown(x_count)


@app.get("/header/underscores")
def header_underscores(x_token: Annotated[str, Header(convert_underscores=False)] = "none") -> Any:
    return shown(x_token)


@app.get("/header/alias")
def header_alias(value: Annotated[str, Header(alias="X-Some-Name")]) -> Any:
    return shown(value)


@app.get("/header/standard")
def header_standard(
    host: Annotated[str, Header()],
    user_agent: Annotated[str | None, Header()] = None,
    accept: str = Header("*"),
) -> Any:
    return shown(host, user_agent, accept)


@app.get("/header/content")
def header_content(content_type: Annotated[str | None, Header()] = None) -> Any:
    return shown(content_type)


@app.get("/cookie/str")
def cookie_str(ads: Annotated[str | None, Cookie()] = None) -> Any:
    return shown(ads)


@app.get("/cookie/int")
def cookie_int(count: Annotated[int, Cookie()]) -> Any:
    return shown(count)


@app.get("/cookie/two")
def cookie_two(a: Annotated[str, Cookie()] = "-", b: Annotated[str, Cookie(alias="B c")] = "-") -> Any:
    return shown(a, b)


@app.get("/all/{item}")
async def all_kinds(
    item: int,
    q: Annotated[list[str], Query()] = [],  # noqa: B006
    flag: bool = False,
    x_token: Annotated[str | None, Header()] = None,
    ads: Annotated[str | None, Cookie()] = None,
) -> Any:
    return shown(item, q, flag, x_token, ads)
