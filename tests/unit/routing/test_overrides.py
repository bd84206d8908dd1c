"""Methods that users override are called with FastAPI's keywords: all of them, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from fastrapi import APIRouter, FastAPI
from fastrapi.routing import APIRoute
from fastrapi.testclient import TestClient

_OPERATION = set(
    """
    response_model status_code tags dependencies summary description response_description responses
    deprecated operation_id response_model_include response_model_exclude response_model_by_alias
    response_model_exclude_unset response_model_exclude_defaults response_model_exclude_none
    include_in_schema response_class name callbacks openapi_extra generate_unique_id_function
    max_body_size form_limits
    """.split()  # noqa: SIM905
)
_OWN: list[dict[str, Any]] = [{"cache_resp": True}, {"rate_limit": 5.0}, {"cancel_on_disconnect": False}]

calls: list[tuple[str, int, set[str]]] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


class Route(APIRoute):
    def __init__(self, *args: Any, **keywords: Any) -> None:
        calls.append(("Route", len(args), set(keywords)))
        super().__init__(*args, **keywords)


class Router(APIRouter):
    def api_route(self, *args: Any, **keywords: Any) -> Any:
        calls.append(("api_route", len(args), set(keywords)))
        return super().api_route(*args, **keywords)

    def add_api_route(self, *args: Any, **keywords: Any) -> None:
        calls.append(("add_api_route", len(args), set(keywords)))
        super().add_api_route(*args, **keywords)


class App(FastAPI):
    def api_route(self, *args: Any, **keywords: Any) -> Any:
        raise AssertionError("FastAPI's methods ask the router")

    def add_api_route(self, *args: Any, **keywords: Any) -> None:
        raise AssertionError("FastAPI's methods ask the router")


def endpoint() -> str:
    return "answer"


_ROUTE = (_OPERATION - {"form_limits"}) | {
    "methods",
    "endpoint",
    "strict_content_type",
    "dependency_overrides_provider",
}


@pytest.mark.parametrize("own", [{}, *_OWN])
def test_a_router_is_asked_with_all_keywords(own: dict[str, Any]) -> None:
    router = Router(route_class=Route)
    router.get("/x", **own)(endpoint)
    assert calls == [
        ("api_route", 0, _OPERATION | {"path", "methods"} | own.keys()),
        ("add_api_route", 2, _OPERATION | {"methods"} | own.keys()),
        ("Route", 1, _ROUTE | own.keys()),
    ]
    [route] = router.routes
    for name, value in own.items():
        assert getattr(route, name) == value


def test_form_limits_reach_the_route_where_there_are_some() -> None:
    router = Router(route_class=Route)
    router.post("/x", form_limits={"max_files": 3})(endpoint)
    assert calls[-1] == ("Route", 1, _ROUTE | {"form_limits"})


def test_an_application_asks_its_router() -> None:
    app = App()
    app.router.__class__ = Router
    app.get("/x")(endpoint)
    assert calls == [
        ("api_route", 0, _OPERATION | {"path", "methods"}),
        ("add_api_route", 2, _OPERATION | {"methods"}),
    ]
    calls.clear()
    FastAPI.api_route(app, "/y")(endpoint)
    FastAPI.add_api_route(app, "/z", endpoint)
    assert calls == [
        ("add_api_route", 2, _OPERATION | {"methods"}),
        ("add_api_route", 1, _OPERATION | {"methods", "endpoint"}),
    ]
    assert [TestClient(app).get(path).json() for path in ("/x", "/y", "/z")] == ["answer"] * 3


def test_operation_ids_keep_all_word_characters() -> None:
    def operation_id(name: str, path: str) -> str:
        return APIRoute(path, lambda: None, name=name).unique_id

    assert operation_id("menü", "/café/{é}") == "menü_café__é__get"
    assert operation_id("x", "/日本") == "x_日本_get"
    assert operation_id("f", "/a-b.c/²/x_y") == "f_a_b_c_²_x_y_get"
