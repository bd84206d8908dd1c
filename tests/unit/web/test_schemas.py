from __future__ import annotations

import pytest

from fastrapi.compat.starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from fastrapi.endpoints import HTTPEndpoint
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.schemas import OpenAPIResponse, SchemaGenerator


def documented(request: Request) -> Response:
    """
    Text that is no part of the schema.
    ---
    summary: documented
    """
    raise NotImplementedError


def undocumented(request: Request) -> Response:
    """Only text."""
    raise NotImplementedError


class Endpoint(HTTPEndpoint):
    def get(self, request: Request) -> Response:
        """summary: get"""
        raise NotImplementedError

    def query(self, request: Request) -> Response:
        """summary: query"""
        raise NotImplementedError


async def websocket(websocket: object) -> None:
    """summary: no HTTP"""


ROUTES = [
    Route("/items/{id:int}", documented, methods=["GET", "POST"]),
    Route("/undocumented", undocumented),
    Route("/hidden", documented, include_in_schema=False),
    Route("/class", Endpoint),
    WebSocketRoute("/ws", websocket),
    Mount("/sub/{x:path}", routes=[Route("/a", documented)]),
    Host("example.org", Router([Route("/host", documented)])),
]


@pytest.mark.parametrize(("version", "knows_query"), [("3.1.0", False), ("3.2.0", True), ("4.0.0", True)])
def test_schema(version: str, knows_query: bool) -> None:
    base = {"openapi": version, "info": {"title": "t"}}
    schema = SchemaGenerator(base).get_schema(ROUTES)
    operation = {"summary": "documented"}
    of_class = {"get": {"summary": "get"}, "query": {"summary": "query"}}
    if not knows_query:
        del of_class["query"]
    assert schema == {
        **base,
        "paths": {
            "/items/{id}": {"get": operation, "post": operation},
            "/class": of_class,
            "/sub/{x}/a": {"get": operation},
            "/host": {"get": operation},
        },
    }
    assert "paths" not in base


def test_response_is_yaml() -> None:
    response = OpenAPIResponse({"a": [1]})
    assert response.body == b"a:\n- 1\n"
    assert response.headers["content-type"] == "application/vnd.oai.openapi"
    with pytest.raises(AssertionError, match="should be a dictionary"):
        OpenAPIResponse("text")
