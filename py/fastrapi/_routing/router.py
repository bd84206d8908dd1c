"""The router: hands each request to the first route that matches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from fastrapi._routing.base import BaseRoute, Match, NoMatchFound, limit_body, wrap_in_middleware
from fastrapi._routing.index import RouteIndex
from fastrapi._routing.lifespan import LifespanContext, lifespan_context, serve_lifespan
from fastrapi._routing.revision import RouteList, report_change
from fastrapi._routing.route import Route, WebSocketRoute
from fastrapi._utils import get_route_path
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.datastructures import URL, URLPath
from fastrapi.responses import PlainTextResponse, RedirectResponse, Response
from fastrapi.types import ASGIApp, Lifespan, Receive, Scope, Send
from fastrapi.websockets import WebSocketClose

if TYPE_CHECKING:
    from fastrapi.middleware import Middleware
    from fastrapi.requests import Request
    from fastrapi.websockets import WebSocket


class Router:
    """Routes requests by path, host and method.

    Args:
        routes: The routes, in the order in which they are tried.
        redirect_slashes: Whether a path that matches only with its trailing slash toggled is redirected.
        default: The application for requests that no route matches; by default 404.
        lifespan: A function of the application that returns an async context manager.
        middleware: Middleware around the router, the first outermost.
        max_body_size: The largest request body in bytes; it replaces an outer limit.

    Attributes:
        routes: The routes; changes of the list take effect with the next request.
    """

    _routes: list[BaseRoute] | None = None
    _default: ASGIApp | None = None

    def __init__(
        self,
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        lifespan: Lifespan[Any] | None = None,
        *,
        middleware: Sequence[Middleware] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        self.routes = RouteList(routes or ())
        self.redirect_slashes = redirect_slashes
        self.default = self.not_found if default is None else default
        self.lifespan_context = lifespan_context(lifespan)
        self.middleware_stack: ASGIApp = limit_body(wrap_in_middleware(self.app, middleware), max_body_size)
        self._index = RouteIndex()

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes, in the order in which they are tried."""
        assert self._routes is not None
        return self._routes

    @routes.setter
    def routes(self, routes: list[BaseRoute]) -> None:
        is_first = self._routes is None
        self._routes = routes
        if not is_first:
            report_change()

    @property
    def default(self) -> ASGIApp:
        """The application for requests that no route matches."""
        assert self._default is not None
        return self._default

    @default.setter
    def default(self, default: ASGIApp) -> None:
        is_first = self._default is None
        self._default = default
        if not is_first:
            report_change()

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The default answer: closes a WebSocket, and raises or sends a 404."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        elif "app" in scope:  # the application's exception handlers decide what a 404 looks like
            raise HTTPException(status_code=404)
        else:
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the first route called `name` that takes just these parameters.

        Raises:
            NoMatchFound: There is none.
        """
        for route in self.routes:
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                continue
        raise NoMatchFound(name, path_params)

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a lifespan scope."""
        self._index.refresh(self.routes)  # so that the first request does not wait for it
        await serve_lifespan(self._lifespan_of(scope.get("app")), scope, receive, send)

    def _lifespan_of(self, app: Any) -> LifespanContext:
        """The lifespan with what the application adds to it."""
        return self.lifespan_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.middleware_stack(scope, receive, send)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The router without its middleware."""
        kind = scope["type"]
        assert kind in ("http", "websocket", "lifespan")
        if "router" not in scope:
            scope["router"] = self
        if kind == "lifespan":
            await self.lifespan(scope, receive, send)
            return

        path = get_route_path(scope)
        route, child_scope = self._find(scope, path)
        if route is not None:
            scope["route"] = route
            scope.update(child_scope)
            await route.handle(scope, receive, send)
            return
        location = self._slash_redirect(scope, path)
        if location is not None:
            await RedirectResponse(url=location)(scope, receive, send)
            return
        await self._handle_unmatched(scope, receive, send)

    async def _handle_unmatched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers what no route matches."""
        await self.default(scope, receive, send)

    def _find(self, scope: Scope, path: str) -> tuple[BaseRoute | None, Scope]:
        """The first route that matches fully, else the first that matches but for the method."""
        partial: tuple[BaseRoute | None, Scope] = (None, {})
        for route in self._index.candidates(self.routes, path):
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                return route, child_scope
            if match is Match.PARTIAL and partial[0] is None:
                partial = route, child_scope
        return partial

    def _slash_redirect(self, scope: Scope, path: str) -> str | None:
        """Where the path exists with its trailing slash toggled; None if nowhere."""
        if not self.redirect_slashes or scope["type"] != "http" or path == "/":
            return None
        toggled = dict(scope)
        if path.endswith("/"):
            toggled["path"] = toggled["path"].rstrip("/")
        else:
            toggled["path"] = toggled["path"] + "/"
        route, _ = self._find(toggled, get_route_path(toggled))
        return None if route is None else str(URL(scope=toggled))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Router) and self.routes == other.routes

    __hash__ = None  # type: ignore[assignment]

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Appends a `Mount`."""
        from fastrapi._routing.mount import Mount

        self.routes.append(Mount(path, app=app, name=name))

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Appends a `Host`."""
        from fastrapi._routing.mount import Host

        self.routes.append(Host(host, app=app, name=name))

    def add_route(
        self,
        path: str,
        endpoint: Callable[[Request[Any]], Awaitable[Response] | Response],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Appends a `Route`."""
        self.routes.append(
            Route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
        )

    def add_websocket_route(
        self, path: str, endpoint: Callable[[WebSocket[Any]], Awaitable[None]], name: str | None = None
    ) -> None:
        """Appends a `WebSocketRoute`."""
        self.routes.append(WebSocketRoute(path, endpoint, name=name))
