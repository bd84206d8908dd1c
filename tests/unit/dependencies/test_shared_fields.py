"""What is shared among parameters that look alike, and what must not be."""

from typing import Annotated, Any

from annotated_types import Ge
from pydantic import AfterValidator, create_model
from pydantic.fields import FieldInfo

from fastrapi import FastAPI, Query
from fastrapi._compat import ModelField
from fastrapi.dependencies.analysis import get_dependant
from fastrapi.routing import APIRoute
from fastrapi.testclient import TestClient


def _adapter(annotation: Any, **keywords: Any) -> Any:
    info = FieldInfo(annotation=annotation, **keywords) if keywords else FieldInfo.from_annotation(annotation)
    return ModelField(info, "x").type_adapter


def test_adapters_are_shared_by_what_they_mean() -> None:
    assert _adapter(int) is _adapter(int)
    assert _adapter(int, default=1, ge=1) is _adapter(int, default=1, ge=1, alias="other")
    assert _adapter(list[int]) is _adapter(list[int])


def test_equal_values_of_different_types_are_told_apart() -> None:
    defaults = [1, True, 1.0, "1", None]
    adapters = {id(_adapter(Any, default=default)) for default in defaults}
    assert len(adapters) == len(defaults)
    assert _adapter(float, ge=1) is not _adapter(float, ge=1.0)


def test_adapters_that_cannot_be_compared_are_not_shared() -> None:
    def check(value: int) -> int:
        return value

    assert _adapter(Annotated[int, AfterValidator(check)]) is not _adapter(
        Annotated[int, AfterValidator(check)]
    )
    assert _adapter(list, default=[]) is not _adapter(list, default=[])
    assert _adapter(Annotated[int, Ge(1)]) is _adapter(Annotated[int, Ge(1)])


def test_models_of_one_name_are_two_types() -> None:
    statuses = []
    for fields in ({"a": (int, ...)}, {"b": (int, ...)}):
        app = FastAPI()
        app.post("/")(_reading(create_model("Item", **fields)))  # type: ignore[call-overload]
        statuses.append(TestClient(app).post("/", json={"a": 1}).status_code)
    assert statuses == [200, 422]


def _reading(model: Any) -> Any:
    def read(item: Any) -> None: ...

    read.__annotations__["item"] = model
    return read


def test_simple_parameters_are_one_field_but_declared_ones_are_their_own() -> None:
    def first(item_id: int, q: str = "x", declared: int = Query(1)) -> None: ...

    def second(item_id: int, q: str = "x", declared: int = Query(1)) -> None: ...

    one, other = (get_dependant(path="/{item_id}", call=call) for call in (first, second))
    assert one.path_params[0] is other.path_params[0]
    assert one.query_params[0] is other.query_params[0]
    assert one.query_params[1] is not other.query_params[1]


def test_default_of_another_type_is_another_field() -> None:
    app = FastAPI()

    @app.get("/a")
    def a(q: int = 1) -> str:
        return repr(q)

    @app.get("/b")
    def b(q: int = True) -> str:
        return repr(q)

    client = TestClient(app)
    assert [client.get("/a").json(), client.get("/b").json()] == ["1", "True"]


def test_unions_are_shared_in_their_own_order_only() -> None:
    assert _adapter(int | str) is _adapter(int | str)
    assert _adapter(int | str) is not _adapter(str | int)
    assert _adapter(list[int | str]) is not _adapter(list[str | int])

    def one(q: int | None = None) -> None: ...

    def same(q: int | None = None) -> None: ...

    def turned(q: None | int = None) -> None: ...  # noqa: RUF036  # the order is what is tested

    first, second, third = (
        get_dependant(path="/", call=call).query_params[0] for call in (one, same, turned)
    )
    assert first is second
    assert first is not third


def test_models_are_one_field_unless_they_wait_for_a_name() -> None:
    complete: Any = create_model("Complete", a=(int, ...))
    waiting: Any = create_model("Waiting", a=("Later", ...))
    for model, is_shared in ((complete, True), (waiting, False)):
        bodies = [get_dependant(path="/", call=_reading(model)).body_params[0] for _ in range(2)]
        assert (bodies[0] is bodies[1]) is is_shared


def test_response_models_share_their_validator_under_names_of_their_own() -> None:
    app = FastAPI()

    @app.get("/a")
    def a() -> dict[str, int]: ...

    @app.get("/b")
    def b() -> dict[str, int]: ...

    fields = [route.response_field for route in app.routes if isinstance(route, APIRoute)]
    assert [field and field.name for field in fields] == ["Response_a_a_get", "Response_b_b_get"]
    assert fields[0].type_adapter is fields[1].type_adapter  # type: ignore[union-attr]
    assert fields == [route.response_field for route in app.routes if isinstance(route, APIRoute)]
