"""What analysis makes of signatures, and what it refuses."""

from collections.abc import Iterator
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel

from fastrapi import Depends, FastAPI, Header, Path, Query, Request, Response, Security
from fastrapi.dependencies.analysis import get_dependant, get_flat_body_params, iter_unique_dependants
from fastrapi.exceptions import DependencyScopeError, FastAPIError
from fastrapi.security import SecurityScopes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Item(BaseModel):
    name: str


def session() -> Iterator[int]:
    yield 1


def test_each_parameter_finds_its_place() -> None:
    def endpoint(
        item_id: int,
        q: str,
        item: Item,
        request: Request,
        response: Response,
        user_agent: Annotated[str, Header()],
        db: Annotated[int, Depends(session)],
    ) -> None: ...

    dependant = get_dependant(path="/items/{item_id}", call=endpoint)
    assert [field.name for field in dependant.path_params] == ["item_id"]
    assert [field.name for field in dependant.query_params] == ["q"]
    assert [field.name for field in dependant.body_params] == ["item"]
    assert [(field.name, field.alias) for field in dependant.header_params] == [("user_agent", "user-agent")]
    assert dependant.request_param_name == "request"
    assert dependant.response_param_name == "response"
    [sub] = dependant.dependencies
    assert (sub.name, sub.call, sub.is_gen, sub.computed_scope) == ("db", session, True, "request")


def test_path_decides_what_a_parameter_is() -> None:
    def endpoint(item_id: int) -> None: ...

    inside = get_dependant(path="/{item_id}", call=endpoint)
    outside = get_dependant(path="/", call=endpoint)
    assert inside.path_params
    assert not inside.query_params
    assert outside.query_params
    assert not outside.path_params


def test_analysis_of_a_callable_is_remembered_but_its_tree_is_new() -> None:
    def endpoint(q: int) -> None: ...

    first, second = get_dependant(path="/a", call=endpoint), get_dependant(path="/b", call=endpoint)
    assert first is not second
    assert first.query_params is not second.query_params
    assert first.query_params[0] is second.query_params[0]


def test_wrappers_and_partials_are_looked_through() -> None:
    def passthrough(function: Any) -> Any:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    async def endpoint(q: int, fixed: int) -> None: ...

    dependant = get_dependant(path="/", call=passthrough(endpoint))
    assert dependant.is_coroutine
    assert [field.name for field in dependant.query_params] == ["q", "fixed"]
    assert get_dependant(path="/", call=partial(endpoint, fixed=1)).is_coroutine


def test_name_known_to_type_checkers_only_does_no_harm() -> None:
    def endpoint(value: "Annotated[AsyncGenerator, Depends(session)]") -> "AsyncGenerator[int]":
        raise NotImplementedError

    assert get_dependant(path="/", call=endpoint).dependencies[0].call is session


def test_scopes_come_from_all_declarations_above() -> None:
    def inner(scopes: SecurityScopes) -> None: ...

    def outer(value: Annotated[None, Security(inner, scopes=["b", "a"])]) -> None: ...

    def endpoint(value: Annotated[None, Security(outer, scopes=["a"])]) -> None: ...

    [sub] = get_dependant(path="/", call=endpoint).dependencies
    [deepest] = sub.dependencies
    assert deepest.oauth_scopes == ["a", "b"]
    assert deepest.cache_key == (inner, ("a", "b"), "")


def test_shared_dependencies_are_walked_once() -> None:
    def body(item: Item) -> Item:
        return item

    def endpoint(first: Annotated[Item, Depends(body)], second: Annotated[Item, Depends(body)]) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert len(list(iter_unique_dependants(dependant))) == 2
    assert [field.name for field in get_flat_body_params(dependant)] == ["item"]


def test_longer_lived_dependency_cannot_use_a_shorter_lived_one() -> None:
    def longer(value: Annotated[int, Depends(session, scope="function")]) -> Iterator[int]:
        yield value

    with pytest.raises(DependencyScopeError, match='The dependency "longer" has a scope of "request"'):
        get_dependant(path="/", call=longer)


@pytest.mark.parametrize(
    ("annotation", "default", "message"),
    [
        (Annotated[int, Query(default=1)], ..., "`Query` default value cannot be set in `Annotated`"),
        (Annotated[int, Depends(int)], Depends(int), "Cannot specify `Depends` in `Annotated` and default"),
        (Annotated[int, Path()], 1, "Path parameters cannot have default values"),
        (int, Query(), "Cannot use `Query` for path param 'value'"),
        (dict[str, int], ..., "Path params must be of one of the supported types"),
        (Request, Query(), "Cannot specify FastAPI annotation for type"),
    ],
)
def test_refused_declarations_of_a_path_parameter(annotation: Any, default: Any, message: str) -> None:
    def endpoint(value: Any) -> None: ...

    endpoint.__annotations__["value"] = annotation
    if default is not ...:
        endpoint.__defaults__ = (default,)
    with pytest.raises(AssertionError, match=message) as caught:
        FastAPI().get("/{value}")(endpoint)
    [note] = caught.value.__notes__
    assert note == f'In endpoint(), defined in File "{__file__}", line {endpoint.__code__.co_firstlineno}'


@pytest.mark.parametrize(
    ("default", "message"),
    [
        (Depends(session), "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default"),
        (Query(), "Cannot specify FastAPI annotations in `Annotated` and default value together for 'q'"),
    ],
)
def test_declaration_in_both_places_is_refused(default: Any, message: str) -> None:
    def endpoint(q: Annotated[int, Query()] = default) -> None: ...

    with pytest.raises(AssertionError, match=message):
        get_dependant(path="/", call=endpoint)


def test_type_without_validator_is_refused_with_a_hint() -> None:
    class Opaque: ...

    def endpoint(value: Any) -> None: ...

    endpoint.__annotations__["value"] = Opaque
    with pytest.raises(FastAPIError, match="Invalid args for response field! Hint: check that") as caught:
        FastAPI().get("/")(endpoint)
    assert "defined in File" in caught.value.__notes__[0]


def test_query_of_an_unsupported_type_is_refused() -> None:
    def endpoint(q: Annotated[dict[str, int], Query()]) -> None: ...

    with pytest.raises(AssertionError, match="Query parameter 'q' must be one of the supported types"):
        get_dependant(path="/", call=endpoint)
