"""Routes that hand everything below a path prefix, or on a host, to another application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastrapi._routing.base import BaseRoute, Match, NoMatchFound, limit_body, wrap_in_middleware
from fastrapi._routing.paths import compile_path, parse_template, replace_params, requested_host
from fastrapi._routing.route import PathRoute, converted, with_params
from fastrapi._routing.router import Router
from fastrapi._utils import get_route_path
from fastrapi.datastructures import Headers, URLPath
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.middleware import Middleware


def _name_inside(own_name: str | None, name: str) -> str | None:
    """What `name` is called inside a mount called `own_name`; None if it is not inside."""
    if own_name is None:
        return name
    prefix, separator, rest = name.partition(f"{own_name}:")
    return rest if separator and not prefix else None


def _first_url(routes: Sequence[BaseRoute], name: str, path_params: dict[str, Any]) -> URLPath | None:
    for route in routes:
        try:
            return route.url_path_for(name, **path_params)
        except NoMatchFound:
            continue
    return None


class Mount(PathRoute):
    """Everything below a path prefix.

    Args:
        path: The prefix, possibly with parameters; a trailing slash does not count.
        app: The application for it.
        routes: Instead of `app`, routes relative to the prefix.
        name: Prefix of the names of the routes inside, with a colon; without it they keep their names.
        middleware: Middleware around the application, the first outermost.
        max_body_size: The largest request body in bytes; it replaces an outer limit.

    Raises:
        AssertionError: The path does not start with a slash, or there is neither `app` nor `routes`.
    """

    def __init__(
        self,
        path: str,
        app: ASGIApp | None = None,
        routes: Sequence[BaseRoute] | None = None,
        name: str | None = None,
        *,
        middleware: Sequence[Middleware] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        assert path == "" or path.startswith("/"), "Routed paths must start with '/'"
        assert app is not None or routes is not None, "Either 'app=...', or 'routes=' must be specified"
        self.path = path.rstrip("/")
        self._base_app: ASGIApp = Router(routes=routes) if app is None else app
        self.app: ASGIApp = limit_body(wrap_in_middleware(self._base_app, middleware), max_body_size)
        self.name = name
        self.set_template(parse_template(f"{self.path}/{{path:path}}"))

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes of the mounted application; empty if it has none."""
        routes: list[BaseRoute] = getattr(self._base_app, "routes", [])
        return routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        path = get_route_path(scope)
        found = self.path_regex.fullmatch(path)
        if found is None:
            return Match.NONE, {}
        groups = found.groupdict()
        del groups["path"]
        params = converted(groups, self.param_convertors)
        if params is None:
            return Match.NONE, {}
        root_path = scope.get("root_path", "")
        return Match.FULL, {
            "path_params": with_params(scope, params),
            # The first mount knows the root path under which the server serves the application.
            "app_root_path": scope.get("app_root_path", root_path),
            "root_path": root_path + path[: found.start("path") - 1],
            "endpoint": self.app,
        }

    path_shape = PathRoute.path_shape  # `matches` above heeds it

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        if self.name is not None and name == self.name and "path" in path_params:
            params = {**path_params, "path": str(path_params["path"]).lstrip("/")}
            path, unused = replace_params(self.path_format, self.param_convertors, params)
            if not unused:
                return URLPath(path=path)
        inside = _name_inside(self.name, name)
        if inside is not None:
            # A parameter called `path` is meant for a route inside, not for the rest behind the prefix.
            own = {key: value for key, value in path_params.items() if key != "path"}
            prefix, unused = replace_params(self.path, self.param_convertors, own)
            if "path" in path_params:
                unused["path"] = path_params["path"]
            url = _first_url(self.routes or [], inside, unused)
            if url is not None:
                return URLPath(path=prefix + str(url), protocol=url.protocol)  # type: ignore[arg-type]
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mount) and self.path == other.path and self.app == other.app

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name or ''!r}, app={self.app!r})"


class Host(BaseRoute):
    """Everything on a host.

    Args:
        host: The host, possibly with parameters. Its port counts for URLs only, not for matching.
        app: The application for it.
        name: Prefix of the names of the routes inside, with a colon; without it they keep their names.

    Raises:
        AssertionError: The host starts with a slash.
    """

    def __init__(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        assert not host.startswith("/"), "Host must not start with '/'"
        self.host = host
        self.app = app
        self.name = name
        self.host_regex, self.host_format, self.param_convertors = compile_path(host)

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes of the application; empty if it has none."""
        routes: list[BaseRoute] = getattr(self.app, "routes", [])
        return routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        host = requested_host(Headers(scope=scope).get("host"))
        found = None if host is None else self.host_regex.fullmatch(host.lower())
        params = None if found is None else converted(found.groupdict(), self.param_convertors)
        if params is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": with_params(scope, params), "endpoint": self.app}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        if self.name is not None and name == self.name and "path" in path_params:
            own = {key: value for key, value in path_params.items() if key != "path"}
            host, unused = replace_params(self.host_format, self.param_convertors, own)
            if not unused:
                return URLPath(path=path_params["path"], host=host)
        inside = _name_inside(self.name, name)
        if inside is not None:
            host, unused = replace_params(self.host_format, self.param_convertors, path_params)
            url = _first_url(self.routes or [], inside, unused)
            if url is not None:
                return URLPath(path=str(url), protocol=url.protocol, host=host)  # type: ignore[arg-type]
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Host) and self.host == other.host and self.app == other.app

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(host={self.host!r}, name={self.name or ''!r}, app={self.app!r})"
