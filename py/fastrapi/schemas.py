"""OpenAPI documents from the docstrings of endpoints, for applications without typed parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from fastrapi.compat.starlette.routing import BaseRoute, Host, Mount, Route
from fastrapi.requests import Request
from fastrapi.responses import Response

__all__ = ["BaseSchemaGenerator", "EndpointInfo", "OpenAPIResponse", "SchemaGenerator"]

_CONVERTOR = re.compile(r":\w+}")

# The methods that a path item of OpenAPI has a field for, as far as endpoint classes handle them.
_METHODS = ("get", "post", "put", "patch", "delete", "options", "query")


def _yaml() -> Any:
    try:
        return import_module("yaml")
    except ImportError:
        raise ImportError("pyyaml must be installed to generate schemas from docstrings") from None


class OpenAPIResponse(Response):
    """A response with an OpenAPI document in YAML."""

    media_type = "application/vnd.oai.openapi"

    def render(self, content: Any) -> bytes:
        assert isinstance(content, dict), "The schema passed to OpenAPIResponse should be a dictionary."
        text: str = _yaml().dump(content, default_flow_style=False)
        return text.encode("utf-8")


class EndpointInfo(NamedTuple):
    """A function that handles a method of a path."""

    path: str
    http_method: str
    func: Callable[..., Any]


class BaseSchemaGenerator:
    """Finds what a schema is about; subclasses build it."""

    def get_schema(self, routes: list[BaseRoute]) -> dict[str, Any]:
        """The document for these routes."""
        raise NotImplementedError()

    def get_endpoints(self, routes: list[BaseRoute]) -> list[EndpointInfo]:
        """The endpoints of these routes and of those mounted in them."""
        return [endpoint for route in routes for endpoint in self._endpoints_of(route)]

    def _endpoints_of(self, route: BaseRoute) -> Iterator[EndpointInfo]:
        if isinstance(route, Mount | Host):
            prefix = self._remove_converter(route.path) if isinstance(route, Mount) else ""
            for below in self.get_endpoints(list(route.routes or [])):
                yield below._replace(path=prefix + below.path)
        elif isinstance(route, Route) and route.include_in_schema:
            path = self._remove_converter(route.path)
            if inspect.isfunction(route.endpoint) or inspect.ismethod(route.endpoint):
                for method in _METHODS:
                    if method.upper() in (route.methods or ()):
                        yield EndpointInfo(path, method, route.endpoint)
            else:
                for method in _METHODS:
                    handler = getattr(route.endpoint, method, None)
                    if handler is not None:
                        yield EndpointInfo(path, method, handler)

    def _remove_converter(self, path: str) -> str:
        """A path as OpenAPI has it: `/users/{id:int}` becomes `/users/{id}`."""
        return _CONVERTOR.sub("}", path)

    def parse_docstring(self, func_or_method: Callable[..., Any]) -> dict[str, Any]:
        """The YAML mapping that a docstring ends with, behind `---` if there is text before; or nothing."""
        docstring = func_or_method.__doc__
        if not docstring:
            return {}
        parsed = _yaml().safe_load(docstring.split("---")[-1])
        return parsed if isinstance(parsed, dict) else {}

    def OpenAPIResponse(self, request: Request) -> Response:
        """A response with the document for the application that handles the request."""
        return OpenAPIResponse(self.get_schema(routes=request.app.routes))


class SchemaGenerator(BaseSchemaGenerator):
    """Builds the document from the docstrings.

    Args:
        base_schema: The document without its paths.
    """

    def __init__(self, base_schema: dict[str, Any]) -> None:
        self.base_schema = base_schema

    def _knows(self, method: str) -> bool:
        # QUERY has a field since OpenAPI 3.2.
        version = str(self.base_schema.get("openapi", "")).split(".")
        return method != "query" or version[:1] > ["3"] or version[:2] >= ["3", "2"]

    def get_schema(self, routes: list[BaseRoute]) -> dict[str, Any]:
        schema = {"paths": {}, **self.base_schema}
        for endpoint in self.get_endpoints(routes):
            if not self._knows(endpoint.http_method):
                continue
            operation = self.parse_docstring(endpoint.func)
            if operation:
                schema["paths"].setdefault(endpoint.path, {})[endpoint.http_method] = operation
        return schema
