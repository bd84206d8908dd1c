"""Functions that nothing here uses, but packages written for FastAPI do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel, Field

from fastrapi import APIRouter, Cookie, Depends, Header, Query
from fastrapi.dependencies.utils import get_dependant, get_flat_params
from fastrapi.exceptions import ResponseValidationError
from fastrapi.routing import serialize_response


class Model(BaseModel):
    a: int = 1
    b: str | None = Field(None, alias="bB")


def field() -> Any:
    router = APIRouter()
    router.get("/x", response_model=Model)(lambda: None)
    [route] = router.routes
    return route.response_field  # type: ignore[attr-defined]


def serialized(**arguments: Any) -> Any:
    return asyncio.run(serialize_response(**arguments))


def test_serialize_response_without_a_model_ignores_the_options() -> None:
    assert serialized(response_content=Model(bB=None), exclude={"a"}, dump_json=True) == {"a": 1, "bB": None}


@pytest.mark.parametrize("is_coroutine", [True, False])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"a": 3, "bB": None}),
        ({"exclude_unset": True}, {"a": 3}),
        ({"exclude_none": True}, {"a": 3}),
        ({"by_alias": False, "include": {"b"}}, {"b": None}),
        ({"exclude": {"b"}, "dump_json": True}, b'{"a":3}'),
    ],
)
def test_serialize_response(options: dict[str, Any], expected: Any, is_coroutine: bool) -> None:
    content = {"a": 3}
    assert (
        serialized(field=field(), response_content=content, is_coroutine=is_coroutine, **options) == expected
    )


def test_serialize_response_says_where() -> None:
    with pytest.raises(ResponseValidationError) as raised:
        serialized(
            field=field(), response_content={"a": "no"}, endpoint_ctx={"function": "h", "path": "GET /"}
        )
    assert raised.value.errors()[0]["loc"] == ("response", "a")
    assert (raised.value.body, raised.value.endpoint_function) == ({"a": "no"}, "h")


def test_flat_params() -> None:
    def shared(q2: int = 1, h2: str = Header("x")) -> None: ...

    def below(z: int, s: None = Depends(shared)) -> None: ...

    def endpoint(
        p: int,
        c: str = Cookie("c"),
        h: str = Header("h"),
        d: None = Depends(shared),
        e: None = Depends(below),
        model: Model = Query(),
    ) -> None: ...

    fields = get_flat_params(get_dependant(path="/{p}", call=endpoint))
    assert [each.name for each in fields] == ["p", "a", "b", "q2", "z", "h", "h2", "c"]
