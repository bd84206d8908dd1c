"""A route as it is effective through an inclusion: with the prefix, dependencies and so on of it.

The original route stays as it is, since a router may be included many times. It is still the one
that is asked and called (subclasses may override `matches` and `handle`); it finds what is
effective in the scope.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from fastrapi._routing.base import limit_body
from fastrapi._routing.paths import PathShape, parse_template
from fastrapi._routing.route import PathRoute
from fastrapi.compat.starlette.routing import BaseRoute, Host, Match, Mount, Route, Router, WebSocketRoute
from fastrapi.datastructures import URLPath
from fastrapi.routing.notes import noting_definition
from fastrapi.routing.route import (
    APIRoute,
    APIWebSocketRoute,
    ServedOperation,
    _effective_route_context_var,
)
from fastrapi.types import ASGIApp, Receive, Scope, Send
from fastrapi.utils import get_value_or_default

if TYPE_CHECKING:
    from fastrapi.routing.inclusion import RouterIncludeContext

EFFECTIVE_ROUTE = "effective_route_context"
"""Where `scope["fastapi"]` has the effective route that is asked or called."""


def restore_scope_key(scope: Scope, key: str, previous: Any) -> None:
    """Put back what the framework's part of the scope had under the key; `None` for nothing."""
    framework = scope.get("fastapi")
    if not isinstance(framework, dict):
        return
    if previous is None:
        framework.pop(key, None)
    else:
        framework[key] = previous


class EffectiveRoute(BaseRoute):
    """What an inclusion makes of one route of the included router.

    Attributes:
        original_route: The route of the included router.
        is_layered: Whether a router through which it is included has layers around its routes.
        layered: A low-priority route inside these layers.
    """

    original_route: BaseRoute
    is_layered: bool = False
    layered: ASGIApp | None = None

    def complete(self) -> None:
        """Make what handles requests. The analysis is done by then."""

    def ask(self, scope: Scope) -> tuple[Match, Scope]:
        """Ask the original route whether it matches as it is effective here."""
        return self.matches(scope)

    async def call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the original route handle a request as it is effective here."""
        await self.handle(scope, receive, send)


class EffectiveForeignRoute(EffectiveRoute):
    """A route, mount or host of the Starlette vocabulary, moved below the prefix.

    Attributes:
        starlette_route: A copy of the original under the effective path.
        max_body_size: The largest request body in bytes; None for no limit of its own.
    """

    starlette_route: BaseRoute

    def __init__(self, route: BaseRoute, context: RouterIncludeContext) -> None:
        self.original_route = route
        self.starlette_route = copy(route)
        if isinstance(self.starlette_route, PathRoute):
            path = self.starlette_route.path = context.prefix + self.starlette_route.path
            is_mount = isinstance(self.starlette_route, Mount)
            self.starlette_route.set_template(parse_template(f"{path}/{{path:path}}" if is_mount else path))
        elif isinstance(self.starlette_route, Host) and context.prefix:
            self.starlette_route.app = Router([Mount(context.prefix, app=self.starlette_route.app)])
        self.max_body_size = context.max_body_size
        self._app: ASGIApp = limit_body(self.starlette_route.handle, self.max_body_size)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.starlette_route.matches(scope)

    def path_shape(self) -> PathShape | None:
        # The copy is what it was: a subclass may not know about shapes.
        return self.starlette_route.path_shape() if type(self.starlette_route) in _KNOWN_SHAPES else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return self.starlette_route.url_path_for(name, **path_params)

    def __getattr__(self, name: str) -> Any:
        if name == "starlette_route":
            raise AttributeError(name)
        return getattr(self.starlette_route, name)


_KNOWN_SHAPES = (Route, WebSocketRoute, Mount)


class _EffectiveOwnRoute(EffectiveRoute):
    """A route whose original looks into the scope for what is effective."""

    def ask(self, scope: Scope) -> tuple[Match, Scope]:
        framework = scope.setdefault("fastapi", {})
        previous = framework.get(EFFECTIVE_ROUTE)
        framework[EFFECTIVE_ROUTE] = self
        try:
            match, child_scope = self.original_route.matches(scope)
        finally:
            restore_scope_key(scope, EFFECTIVE_ROUTE, previous)
        if match is not Match.NONE:
            child_scope["fastapi"] = {**framework, **child_scope.get("fastapi", {}), EFFECTIVE_ROUTE: self}
        return match, child_scope

    async def call(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.original_route.handle(scope, receive, send)


class EffectiveAPIRoute(ServedOperation, _EffectiveOwnRoute, Route):  # type: ignore[misc]  # as `APIRoute`
    """The route of a path operation, as it is effective through an inclusion."""

    original_route: APIRoute

    def __init__(self, route: APIRoute, context: RouterIncludeContext) -> None:
        self.original_route = route
        self._context = context
        self.endpoint = route.endpoint
        self.name = route.name
        self.methods = route.methods
        self.path = context.prefix + route.path
        self.set_template(parse_template(self.path))
        self._analyse()
        self._is_complete = False

    def _analyse(self) -> None:
        route = self.original_route
        with noting_definition(route.endpoint):
            self.inherit_options(route, _merged_options(route, self._context))
            self.analyse(reuse=route)
        self._app = self._made_app = None

    def complete(self) -> None:
        if self._is_complete:
            return
        if self.dependencies != [*self._context.dependencies, *self.original_route.dependencies]:
            # Packages (fastapi-pagination) add dependencies to routes that have been included.
            self._analyse()
        token = _effective_route_context_var.set(self)
        try:
            self.start_app(self.original_route)
        finally:
            _effective_route_context_var.reset(token)
        self._is_complete = True

    def _make_app(self) -> ASGIApp:
        self.complete()
        return self._app or super()._make_app()

    def path_shape(self) -> PathShape | None:
        # A subclass that overrides `matches` is asked about every path.
        return super().path_shape() if type(self.original_route).matches is APIRoute.matches else None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return Route.matches(self, scope)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request that the original route has handed back."""
        await Route.handle(self, scope, receive, send)


def _merged_options(route: APIRoute, context: RouterIncludeContext) -> dict[str, Any]:
    """The options of the route that the inclusion adds to."""
    return {
        "tags": [*context.tags, *route.tags],
        "dependencies": [*context.dependencies, *route.dependencies],
        "responses": {**context.responses, **route.responses},
        "callbacks": [*context.callbacks, *(route.callbacks or ())],
        "deprecated": route.deprecated or context.deprecated,
        "include_in_schema": route.include_in_schema and context.include_in_schema,
        "response_class": get_value_or_default(route.response_class, context.default_response_class),
        "generate_unique_id_function": get_value_or_default(
            route.generate_unique_id_function, context.generate_unique_id_function
        ),
        "strict_content_type": get_value_or_default(route.strict_content_type, context.strict_content_type),
        "dependency_overrides_provider": context.dependency_overrides_provider,
        "max_body_size": context.max_body_size if route.max_body_size is None else route.max_body_size,
        "form_limits": {**context.form_limits, **route.form_limits},
    }


class EffectiveWebSocketRoute(_EffectiveOwnRoute, APIWebSocketRoute):
    """The route of a WebSocket endpoint, as it is effective through an inclusion."""

    original_route: APIWebSocketRoute

    def __init__(self, route: APIWebSocketRoute, context: RouterIncludeContext) -> None:
        self.original_route = route
        APIWebSocketRoute.__init__(
            self,
            context.prefix + route.path,
            route.endpoint,
            name=route.name,
            dependencies=[*context.dependencies, *route.dependencies],
            dependency_overrides_provider=context.dependency_overrides_provider,
        )

    def path_shape(self) -> PathShape | None:
        plain = type(self.original_route).matches is APIWebSocketRoute.matches
        return WebSocketRoute.path_shape(self) if plain else None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return WebSocketRoute.matches(self, scope)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection that the original route has handed back."""
        await WebSocketRoute.handle(self, scope, receive, send)


def make_effective(route: BaseRoute, context: RouterIncludeContext) -> EffectiveRoute | None:
    """What the inclusion makes of a route; `None` for a route of an unknown kind, which is left out."""
    effective: EffectiveRoute
    if isinstance(route, APIRoute):
        effective = EffectiveAPIRoute(route, context)
    elif isinstance(route, APIWebSocketRoute):
        effective = EffectiveWebSocketRoute(route, context)
    elif isinstance(route, (Route, WebSocketRoute, Mount, Host)):
        effective = EffectiveForeignRoute(route, context)
    else:
        return None
    if context.has_layers:
        effective.is_layered = True
    return effective
