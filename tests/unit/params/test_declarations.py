"""The classes and functions that declare parameters."""

import inspect
import warnings
from dataclasses import replace
from typing import Annotated, Any

import pytest
from pydantic import Field

from fastrapi import APIRouter, Body, Cookie, Depends, FastAPI, File, Form, Header, Path, Query, params
from fastrapi.exceptions import FastAPIDeprecationWarning
from fastrapi.testclient import TestClient


@pytest.mark.parametrize("function", [Path, Query, Header, Cookie, Body, Form, File])
def test_signature_lists_every_keyword_with_its_default(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    assert next(iter(parameters)) == "default"
    assert parameters["include_in_schema"].default is True
    assert parameters["gt"].default is None
    assert all(
        parameter.kind is inspect.Parameter.KEYWORD_ONLY
        for name, parameter in parameters.items()
        if name != "default"
    )
    assert ("convert_underscores" in parameters) is (function is Header)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Query(foo=1), "Query() got an unexpected keyword argument 'foo'"),  # type: ignore[call-arg]
        (lambda: params.Query(foo=1), "Param.__init__()"),  # type: ignore[call-arg]
        (
            lambda: FastAPI().get("/", foo=1),  # type: ignore[call-arg]
            "FastAPI.get() got an unexpected keyword argument 'foo'",
        ),
        (
            lambda: APIRouter().get("/", foo=1),  # type: ignore[call-arg]
            "APIRouter.get() got an unexpected keyword argument 'foo'",
        ),
    ],
)
def test_unknown_keyword_is_an_error_that_names_the_function(call: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        call()
    if not message.startswith("Param"):
        assert str(caught.value) == message


@pytest.mark.parametrize(("name", "value"), [("regex", "^a$"), ("example", 1)], ids=["regex", "example"])
def test_deprecated_keyword_warns_at_the_line_of_the_caller(name: str, value: object) -> None:
    with pytest.warns(FastAPIDeprecationWarning, match=f"`{name}` has been deprecated") as caught:
        Query(**{name: value})  # type: ignore[arg-type]
    assert caught[0].filename == __file__


def test_regex_is_the_pattern() -> None:
    with warnings.catch_warnings(action="ignore"):
        declared = params.Query(regex="^a$")
    assert declared.metadata[0].pattern == "^a$"


def test_path_has_no_default() -> None:
    with pytest.raises(AssertionError, match="Path parameters cannot have a default value"):
        Path(1)


def test_none_takes_back_what_a_field_says() -> None:
    app = FastAPI()

    @app.get("/")
    def read(value: Annotated[int, Field(alias="wire"), Query(alias=None)]) -> int:
        return value

    client = TestClient(app)
    assert client.get("/", params={"value": "1"}).json() == 1
    assert client.get("/", params={"wire": "1"}).status_code == 422


def test_one_declaration_can_serve_parameters_of_several_names() -> None:
    app = FastAPI()
    shared = Query(ge=1)

    @app.get("/")
    def read(first: int = shared, second: int = shared) -> list[int]:
        return [first, second]

    assert TestClient(app).get("/?first=1&second=2").json() == [1, 2]


def test_copies_of_a_declaration_share_its_counter_unless_the_limit_changes() -> None:
    limited = params.Depends(int, max_concurrency=2)
    assert replace(limited, use_cache=False)._concurrency is limited._concurrency
    assert replace(limited, max_concurrency=3)._concurrency is not limited._concurrency
    assert replace(limited, max_concurrency=None)._concurrency is None
    assert params.Depends(int, max_concurrency=2) != limited


@pytest.mark.parametrize("limit", [0, -1, True, 1.0, "1"])
def test_concurrency_limit_has_to_be_a_positive_integer(limit: Any) -> None:
    with pytest.raises(ValueError, match="positive integer or None"):
        Depends(max_concurrency=limit)
