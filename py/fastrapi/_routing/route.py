"""Routes that lead to one endpoint."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastrapi._routing.adapters import request_response, websocket_session
from fastrapi._routing.base import BaseRoute, Match, NoMatchFound, limit_body, wrap_in_middleware
from fastrapi._routing.paths import (
    PathShape,
    PathTemplate,
    get_name,
    parse_template,
    path_shape,
    replace_params,
    same_origin_path,
)
from fastrapi._routing.revision import pattern_revision
from fastrapi._utils import get_route_path
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.convertors import Convertor
from fastrapi.datastructures import URLPath
from fastrapi.responses import PlainTextResponse
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.middleware import Middleware


class PathRoute(BaseRoute):
    """A route that is chosen by the request's path.

    Attributes:
        path: The path template.
        path_format: The template without convertor names, from which URLs are built.
        param_convertors: The convertor of each path parameter.
    """

    path: str
    path_format: str
    param_convertors: dict[str, Convertor[Any]]
    _template: PathTemplate | None = None
    _path_regex: re.Pattern[str] | None = None

    @property
    def path_regex(self) -> re.Pattern[str]:
        """The pattern that the whole path has to match; compiled when it is first asked for."""
        if self._path_regex is None:
            assert self._template is not None, "the route has no path yet"
            self._path_regex = self._template.compile()
        return self._path_regex

    @path_regex.setter
    def path_regex(self, pattern: re.Pattern[str]) -> None:
        if self._template is not None or self._path_regex is not None:
            pattern_revision.advance()
            self._template = None
        self._path_regex = pattern

    def set_template(self, template: PathTemplate) -> None:
        """Sets `path_regex`, `path_format` and `param_convertors` from a parsed template."""
        if self._template is not None or self._path_regex is not None:
            pattern_revision.advance()
        self._template = template
        self._path_regex = None
        self.path_format = template.format
        self.param_convertors = template.convertors

    def _match_path(self, path: str) -> dict[str, Any] | None:
        """The converted path parameters, or None if the path does not match."""
        template = self._template
        if template is not None and not template.convertors:
            return {} if path == template.format else None
        found = (self._path_regex or self.path_regex).fullmatch(path)
        if found is None:
            return None
        return converted(found.groupdict(), self.param_convertors)

    def path_shape(self) -> PathShape | None:
        # Without a template the pattern was replaced, and may match anything.
        return None if self._template is None else path_shape(self._template)


def converted(params: dict[str, Any], convertors: Mapping[str, Convertor[Any]]) -> dict[str, Any] | None:
    """The parameters converted, in place.

    None if a convertor refuses its value with ValueError: then the path does not match, as if the
    convertor's pattern had refused it (a pattern cannot tell that there is no 31 February).
    """
    try:
        for name, value in params.items():
            params[name] = convertors[name].convert(value)
    except ValueError:
        return None
    return params


def with_params(scope: Scope, matched: dict[str, Any]) -> dict[str, Any]:
    """The path parameters of the mounts around, and the route's own."""
    outer = scope.get("path_params")
    return {**outer, **matched} if outer else matched


def _is_function(endpoint: Callable[..., Any]) -> bool:
    """Whether `endpoint` is a function or method, possibly in partials; else it is an ASGI application."""
    while isinstance(endpoint, functools.partial):
        endpoint = endpoint.func
    return inspect.isfunction(endpoint) or inspect.ismethod(endpoint)


def _endpoint_path(
    route: Route | WebSocketRoute, name: str, path_params: dict[str, Any], protocol: str
) -> URLPath:
    if name != route.name or set(path_params) != set(route.param_convertors):
        raise NoMatchFound(name, path_params)
    path, _ = replace_params(route.path_format, route.param_convertors, path_params)
    return URLPath(path=same_origin_path(path), protocol=protocol)  # type: ignore[arg-type]


class Route(PathRoute):
    """An HTTP route.

    Args:
        path: The path template; it starts with a slash.
        endpoint: A function of the request, sync or async, or an ASGI application.
        methods: The methods, in any case; HEAD comes with GET. By default GET for a function, and every
            method for an ASGI application.
        name: The name for `url_for`; by default the endpoint's.
        include_in_schema: Whether a schema generator describes the route.
        middleware: The route's own middleware, the first outermost.
        max_body_size: The largest request body in bytes; it replaces an outer limit.

    Raises:
        AssertionError: The path does not start with a slash.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
        middleware: Sequence[Middleware] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        assert path.startswith("/"), "Routed paths must start with '/'"
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.include_in_schema = include_in_schema
        if _is_function(endpoint):
            app = request_response(endpoint)
            methods = ["GET"] if methods is None else methods
        else:
            app = endpoint
        self.app: ASGIApp = limit_body(wrap_in_middleware(app, middleware), max_body_size)
        self.methods: set[str] | None = None
        if methods is not None:
            self.methods = {method.upper() for method in methods}
            if "GET" in self.methods:
                self.methods.add("HEAD")
        self.set_template(parse_template(path))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        params = self._match_path(get_route_path(scope))
        if params is None:
            return Match.NONE, {}
        match = Match.PARTIAL if self.methods and scope["method"] not in self.methods else Match.FULL
        return match, {"endpoint": self.endpoint, "path_params": with_params(scope, params)}

    path_shape = PathRoute.path_shape  # `matches` above heeds it

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return _endpoint_path(self, name, path_params, "http")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.methods or scope["method"] in self.methods:
            await self.app(scope, receive, send)
            return
        headers = {"Allow": ", ".join(sorted(self.methods))}
        if "app" in scope:  # the application's exception handlers decide what a 405 looks like
            raise HTTPException(status_code=405, headers=headers)
        await PlainTextResponse("Method Not Allowed", status_code=405, headers=headers)(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Route)
            and self.path == other.path
            and self.endpoint == other.endpoint
            and self.methods == other.methods
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        methods = sorted(self.methods or [])
        return f"{type(self).__name__}(path={self.path!r}, name={self.name!r}, methods={methods!r})"


class WebSocketRoute(PathRoute):
    """A WebSocket route.

    Args:
        path: The path template; it starts with a slash.
        endpoint: An async function of the WebSocket, or an ASGI application.
        name: The name for `url_for`; by default the endpoint's.
        middleware: The route's own middleware, the first outermost.

    Raises:
        AssertionError: The path does not start with a slash.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        middleware: Sequence[Middleware] | None = None,
    ) -> None:
        assert path.startswith("/"), "Routed paths must start with '/'"
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        app = websocket_session(endpoint) if _is_function(endpoint) else endpoint
        self.app: ASGIApp = wrap_in_middleware(app, middleware)
        self.set_template(parse_template(path))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "websocket":
            return Match.NONE, {}
        params = self._match_path(get_route_path(scope))
        if params is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": with_params(scope, params)}

    path_shape = PathRoute.path_shape  # `matches` above heeds it

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return _endpoint_path(self, name, path_params, "websocket")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, WebSocketRoute) and self.path == other.path and self.endpoint == other.endpoint
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name!r})"
