"""Routes of path operations and of WebSocket endpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from fastrapi._form_limits import inherit_form_limits
from fastrapi._routing.base import limit_body
from fastrapi._routing.paths import get_name, parse_template
from fastrapi._routing.route import PathRoute
from fastrapi._signatures import expands
from fastrapi.compat.starlette.routing import Match, Route, WebSocketRoute
from fastrapi.dependencies.analysis import build_dependant, get_flat_body_params
from fastrapi.dependencies.bodies import should_embed_body_fields
from fastrapi.params import Depends
from fastrapi.routing.handlers import (
    Handler,
    get_request_handler,
    get_websocket_app,
    request_response,
    websocket_session,
)
from fastrapi.routing.notes import noting_definition
from fastrapi.routing.operation import Operation, endpoint_context
from fastrapi.routing.options import RouteInit
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.routing.effective import EffectiveAPIRoute

_effective_route_context_var: ContextVar[EffectiveAPIRoute | None] = ContextVar(
    "effective_route_context", default=None
)
"""The inclusion that a route's handler is being made for, while it is."""


def effective_route_in(scope: Scope) -> Any | None:
    """The inclusion of a route through which the request comes, if any."""
    framework = scope.get("fastapi")
    return framework.get("effective_route_context") if isinstance(framework, dict) else None


def build_app(respond: ASGIApp, operation: Operation) -> ASGIApp:
    """The ASGI application of a path operation, which responds, behind its limits."""
    app = respond
    if operation.is_cancelled_on_disconnect:
        from fastrapi.routing.disconnection import CancelOnDisconnect

        app = CancelOnDisconnect(app)
    if operation.cache_resp:
        from fastrapi.classic.response_cache import ResponseCache

        app = ResponseCache(app)
    if operation.rate_limit is not None:
        from fastrapi.classic.rate_limit import RateLimitMiddleware

        app = RateLimitMiddleware(app, operation.rate_limit)
    limits = operation.form_limits
    if limits:

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            inherit_form_limits(scope, limits)
            await app(scope, receive, send)

        return limit_body(limited, operation.max_body_size)
    return limit_body(app, operation.max_body_size)


class ServedOperation(Operation):
    """A path operation with its ASGI application, which is made when it is first asked for.

    Most are never asked: the original routes of included routers, and those that a server runs by
    their plans. But whoever takes part in making it, by a method of a subclass or a function put into
    `fastapi.routing`, does so as soon as the route is analysed.
    """

    __slots__ = ("_app", "_made_app")

    def start_app(self, route: APIRoute) -> None:
        """Say that the analysis is done.

        Args:
            route: The route whose `get_route_handler` makes the handler.
        """
        from fastrapi import routing

        self._app: ASGIApp | None = None
        self._made_app: ASGIApp | None = None
        if (
            not route.has_usual_handler
            or routing.request_response is not request_response
            or routing.get_request_handler is not get_request_handler
        ):
            self._app = self._made_app = build_app(routing.request_response(route.get_route_handler()), self)

    def _make_app(self) -> ASGIApp:
        handler = get_request_handler(dependant=self.dependant, operation=self)
        app = self._app = self._made_app = build_app(request_response(handler), self)
        return app

    @property
    def app(self) -> ASGIApp:
        """The ASGI application. Packages wrap or replace it."""
        return self._app or self._make_app()

    @app.setter
    def app(self, app: ASGIApp) -> None:
        self._app = app

    @property
    def has_own_app(self) -> bool:
        """Whether `app` is still what was made here, or will be."""
        return self._app is self._made_app


class _FindsEffective(PathRoute):
    """A route that is asked and called through inclusions too, and finds what is effective then.

    Before `Route` or `WebSocketRoute` among the base classes, which do the rest.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        effective = effective_route_in(scope)
        if effective is not None and effective.original_route is self:
            match, child_scope = effective.matches(scope)
        else:
            match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    def path_shape(self) -> Any:
        return super().path_shape()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        effective = effective_route_in(scope)
        if effective is not None and effective.original_route is self:
            await effective.serve(scope, receive, send)
        else:
            await super().handle(scope, receive, send)


class APIRoute(ServedOperation, _FindsEffective, Route):  # type: ignore[misc]  # `methods` is always a set here
    """The route of a path operation.

    Args:
        path: The path template.
        endpoint: The function.
        **options: See `fastrapi.routing.options`.

    Raises:
        AssertionError: A parameter's declaration is ambiguous or impossible.
        FastAPIError: A type cannot be validated by pydantic.
        ValueError: A limit is not a non-negative integer.
    """

    @expands(RouteInit, fill=True)
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Unpack[RouteInit]) -> None:
        with noting_definition(endpoint):
            assert callable(endpoint), "An endpoint must be a callable"
            self.path = path
            self.endpoint = endpoint
            name = options["name"]
            self.name = get_name(endpoint) if name is None else name
            self.set_template(parse_template(path))
            methods = options["methods"]
            self.methods = {method.upper() for method in (["GET"] if methods is None else methods)}
            self.set_options(options)
            self.analyse()
        self.start_app(self)

    @property
    def has_usual_handler(self) -> bool:
        """Whether nobody has overridden or replaced `get_route_handler`."""
        return type(self).get_route_handler is _usual_route_handler and "get_route_handler" not in vars(self)

    def get_route_handler(self) -> Handler:
        """Make the function from a request to the response. Subclasses may wrap it.

        It is called for the route itself, and for each inclusion of the route's router.
        """
        from fastrapi import routing

        effective = _effective_route_context_var.get()
        operation: Operation = self
        if effective is not None and effective.original_route is self:
            operation = effective
        return routing.get_request_handler(dependant=operation.dependant, operation=operation)


_usual_route_handler = APIRoute.get_route_handler


class APIWebSocketRoute(_FindsEffective, WebSocketRoute):
    """The route of a WebSocket endpoint.

    Args:
        path: The path template.
        endpoint: The function.
        name: The name for `url_for`; by default the function's.
        dependencies: Dependencies whose result the function does not need.
        dependency_overrides_provider: The application, for its `dependency_overrides`.

    Raises:
        AssertionError: A parameter's declaration is ambiguous or impossible.
        FastAPIError: A type cannot be validated by pydantic.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[Depends] | None = None,
        dependency_overrides_provider: Any | None = None,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.dependencies = list(dependencies or ())
        self.dependency_overrides_provider = dependency_overrides_provider
        self.set_template(parse_template(path))
        with noting_definition(endpoint):
            self.dependant = build_dependant(
                path=self.path_format, call=endpoint, dependencies=self.dependencies
            )
        self._embed_body_fields = should_embed_body_fields(get_flat_body_params(self.dependant))
        self.app = websocket_session(
            get_websocket_app(
                dependant=self.dependant,
                dependency_overrides_provider=dependency_overrides_provider,
                embed_body_fields=self._embed_body_fields,
                context=endpoint_context(endpoint, f"WS {self.path_format}"),
            )
        )
