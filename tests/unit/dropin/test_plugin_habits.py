"""What well-known packages do to applications, in the few lines in which they do it."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fastrapi import APIRouter, Depends, FastAPI
from fastrapi.dependencies import analysis
from fastrapi.routing import APIRoute
from fastrapi.testclient import TestClient


def test_a_signature_may_be_replaced_after_the_function_has_become_a_route() -> None:
    # As packages for views in classes do, for `self`.
    router = APIRouter()

    class View:
        @router.get("/view")
        def read(self) -> str:
            return type(self).__name__

    function = View.read
    signature = inspect.signature(function)
    view = inspect.Parameter("self", inspect.Parameter.KEYWORD_ONLY, default=Depends(View))
    function.__signature__ = signature.replace(parameters=[view])  # type: ignore[attr-defined]
    app = FastAPI()
    [route] = router.routes
    other = APIRouter()
    other.add_api_route("/view", route.endpoint)  # type: ignore[attr-defined]
    app.include_router(other)
    assert TestClient(app).get("/view").json() == "View"


@pytest.mark.parametrize("dependency", [lambda q: q, type("Class", (), {"__init__": lambda self, q=1: None})])
def test_an_unchanged_signature_is_read_once(
    dependency: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    original = analysis.declared_parameters

    def declared_parameters(call: Callable[..., object]) -> Iterator[tuple[str, Any, Any]]:
        read.append(call)
        return original(call)

    monkeypatch.setattr(analysis, "declared_parameters", declared_parameters)
    for _ in range(3):
        analysis.get_dependant(path="/", call=dependency)
    assert read == [dependency]


def test_names_that_packages_import_are_there() -> None:
    from fastrapi.dependencies.utils import (  # noqa: F401
        _get_body_field,
        _get_flat_body_params,
        get_parameterless_sub_dependant,
        lenient_issubclass,
    )
    from fastrapi.routing import _IncludedRouter, request_response, run_endpoint_function  # noqa: F401


def test_a_dependency_may_be_added_to_a_route_after_its_inclusion() -> None:
    router = APIRouter(prefix="/group")
    calls = []

    @router.get("/items")
    def read() -> int:
        return len(calls)

    app = FastAPI()
    app.include_router(router)
    for route in router.routes:
        assert isinstance(route, APIRoute)
        route.dependencies.append(Depends(lambda page: calls.append(page)))  # noqa: PLW0108  # its signature
    client = TestClient(app)
    assert client.get("/group/items", params={"page": "2"}).json() == 1
    assert client.get("/group/items").status_code == 422
    [parameter] = app.openapi()["paths"]["/group/items"]["get"]["parameters"]
    assert parameter["name"] == "page"
