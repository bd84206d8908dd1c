"""Groups of path operations."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from typing_extensions import Unpack, deprecated

from fastrapi._form_limits import (
    FormLimits,
    inherit_form_limits,
    validated_form_limits,
    validated_max_body_size,
)
from fastrapi._routing.frontend_files import CheckDir, Fallback, FrontendFiles, normalize_frontend_path
from fastrapi._routing.revision import RouteList, pattern_revision, report_growth
from fastrapi._signatures import expands
from fastrapi._utils import get_route_path
from fastrapi.compat.starlette.routing import BaseRoute, Host, Match, Router
from fastrapi.datastructures import Default, DefaultPlaceholder
from fastrapi.dependencies.analysis import lifespan_scope
from fastrapi.exceptions import FastAPIError
from fastrapi.middleware import Middleware
from fastrapi.params import Depends
from fastrapi.responses import JSONResponse, Response
from fastrapi.routing.context import iter_route_contexts
from fastrapi.routing.events import (
    ON_EVENT_DEPRECATED,
    HandlersLifespan,
    LifespanContext,
    lifespan_manager,
    merged_lifespan,
    run_event_handlers,
)
from fastrapi.routing.frontend import FrontendRoute, FrontendRouteGroup, join_frontend_paths
from fastrapi.routing.inclusion import IncludedRouter, RouterIncludeContext, asked_inclusion
from fastrapi.routing.layers import RouterLayers
from fastrapi.routing.lifespan_scope import resolved_lifespan_dependencies
from fastrapi.routing.low_priority import (
    choose_low_priority,
    handle_low_priority,
    own_low_priority_routes,
)
from fastrapi.routing.operation_methods import OperationMethods, PathDecorator
from fastrapi.routing.options import (
    AddAPIRouteOptions,
    IncludeOptions,
    UniqueIdFunction,
    passed_on,
)
from fastrapi.routing.planned import PLAN_EXTENSION, PlannedCall, run_plan
from fastrapi.routing.route import APIRoute, APIWebSocketRoute
from fastrapi.routing.selection import note_selected_route
from fastrapi.types import ASGIApp, DecoratedCallable, ExceptionHandler, Lifespan, Receive, Scope, Send
from fastrapi.utils import generate_unique_id, get_value_or_default


def check_prefix(prefix: str) -> None:
    """Refuse a prefix that could not be put before the path of a route.

    Raises:
        AssertionError: It does not start with a slash, or it ends with one.
    """
    if prefix:
        assert prefix.startswith("/"), "A path prefix must start with '/'"
        assert not prefix.endswith("/"), (
            "A path prefix must not end with '/', as the routes will start with '/'"
        )


class APIRouter(OperationMethods, Router):
    """A group of path operations, to be included in an application or another router.

    Args:
        prefix: The beginning of the paths of all routes.
        tags: Tags for all path operations, before their own.
        dependencies: Dependencies for all routes, before their own.
        default_response_class: The response class of path operations that have none.
        responses: Further responses for the documentation of all path operations.
        callbacks: OpenAPI callbacks of all path operations.
        routes: Routes to begin with. Use the methods of the router instead.
        redirect_slashes: Whether a path that is there with or without a slash at the end is
            redirected to.
        default: The application for requests that no route matches.
        dependency_overrides_provider: The application, for its `dependency_overrides`.
        route_class: The class of the routes of path operations.
        on_startup: Functions to call when the application starts. Use `lifespan` instead.
        on_shutdown: Functions to call when it ends.
        lifespan: A function of the application that returns an asynchronous context manager.
        deprecated: Whether all path operations are deprecated.
        include_in_schema: Whether they are documented.
        generate_unique_id_function: Makes the ids of the path operations.
        strict_content_type: Whether a JSON body has to come with a JSON content type.
        max_body_size: The most bytes of a request body.
        form_limits: Limits for parsing forms.
        middleware: Middleware around the routes, the first one outermost; inside the application's.
        exception_handlers: Handlers for errors of the routes, by exception class or status. They count
            before the application's.

    Raises:
        AssertionError: The prefix does not start with a slash, or ends with one.
        ValueError: A limit is not a non-negative integer.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        routes: list[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any | None = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan[Any] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: UniqueIdFunction = Default(generate_unique_id),
        strict_content_type: bool = Default(True),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, ExceptionHandler] | None = None,
    ) -> None:
        self.layers = RouterLayers(middleware, exception_handlers)
        self.on_startup: list[Callable[[], Any]] = list(on_startup or ())
        self.on_shutdown: list[Callable[[], Any]] = list(on_shutdown or ())
        self._inclusions: list[IncludedRouter] = []
        self._low_priority_routes: list[BaseRoute] = []
        self._frontend_routes: FrontendRouteGroup | None = None
        super().__init__(routes=routes, redirect_slashes=redirect_slashes, default=default)
        self.middleware_stack = self.layers.around(self.app)
        self.lifespan_context = HandlersLifespan(self) if lifespan is None else lifespan_manager(lifespan)
        check_prefix(prefix)
        self.prefix = prefix
        self.tags: list[str | Enum] = list(tags or ())
        self.dependencies: list[Depends] = list(dependencies or ())
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.responses: dict[int | str, dict[str, Any]] = responses or {}
        self.callbacks: list[BaseRoute] = callbacks or []
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.default_response_class: type[Response] | DefaultPlaceholder = default_response_class
        self.generate_unique_id_function: UniqueIdFunction | DefaultPlaceholder = generate_unique_id_function
        self.strict_content_type: bool | DefaultPlaceholder = strict_content_type
        self.max_body_size = validated_max_body_size(max_body_size)
        self.form_limits = validated_form_limits(form_limits)

    # Routes

    def _get_routes_version(self) -> int:
        """A number that changes with the routes, those of included routers among them."""
        routes = self.routes
        if isinstance(routes, RouteList):
            version = routes.revision * 1_000_003 + len(routes)
        else:
            version = hash(tuple(map(id, routes)))
        for included in self._inclusions:
            version += included.original_router._get_routes_version()
        return version + pattern_revision.count

    def has_host_routes(self) -> bool:
        """Whether there are routes here that are chosen by the host."""
        return any(isinstance(route, Host) for route in self.routes) or any(
            included.original_router.has_host_routes() for included in self._inclusions
        )

    def _includes(self, router: APIRouter) -> bool:
        return self is router or any(
            included.original_router._includes(router) for included in self._inclusions
        )

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> PathDecorator:
        """Add a function of the request that returns a response, without any analysis."""

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_route(path, func, methods=methods, name=name, include_in_schema=include_in_schema)
            return func

        return decorate

    def websocket_route(self, path: str, name: str | None = None) -> PathDecorator:
        """Add a function of the WebSocket, without any analysis."""

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_websocket_route(path, func, name=name)
            return func

        return decorate

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        super().host(host, app, name)
        # Where this router is included, its routes were known to be below the prefix until now.
        pattern_revision.count += 1

    @expands(AddAPIRouteOptions, fill=True)
    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **options: Unpack[AddAPIRouteOptions]
    ) -> None:
        """Add a path operation."""
        route_class = options.pop("route_class_override", None) or self.route_class
        options["response_class"] = get_value_or_default(  # type: ignore[typeddict-item]
            options["response_class"], self.default_response_class
        )
        options["generate_unique_id_function"] = get_value_or_default(  # type: ignore[typeddict-item]
            options["generate_unique_id_function"], self.generate_unique_id_function
        )
        options["strict_content_type"] = get_value_or_default(  # type: ignore[typeddict-item]
            options["strict_content_type"], self.strict_content_type
        )
        options["tags"] = [*self.tags, *(options["tags"] or ())]
        options["dependencies"] = [*self.dependencies, *(options["dependencies"] or ())]
        options["callbacks"] = [*self.callbacks, *(options["callbacks"] or ())]
        options["responses"] = {**self.responses, **(options["responses"] or {})}
        options["deprecated"] = options["deprecated"] or self.deprecated
        options["include_in_schema"] = options["include_in_schema"] and self.include_in_schema
        if options["max_body_size"] is None:
            options["max_body_size"] = self.max_body_size
        form_limits: FormLimits = {**self.form_limits, **validated_form_limits(options.pop("form_limits"))}
        if form_limits:
            # Classes whose `__init__` is from before there were these are passed only what they know.
            options["form_limits"] = form_limits
        route = route_class(
            self.prefix + path,
            endpoint=endpoint,
            dependency_overrides_provider=self.dependency_overrides_provider,
            **passed_on(options),
        )
        self.routes.append(route)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket endpoint."""
        route = APIWebSocketRoute(
            self.prefix + path,
            endpoint=endpoint,
            name=name,
            dependencies=[*self.dependencies, *(dependencies or ())],
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self.routes.append(route)

    # Inclusion

    @expands(IncludeOptions, fill=True)
    def include_router(self, router: APIRouter, **options: Unpack[IncludeOptions]) -> None:
        """Include the routes of another router, those that are added to it later among them.

        Raises:
            AssertionError: The prefix is not one, or the inclusion would be circular.
            FastAPIError: A route would have an empty path.
        """
        assert self is not router, (
            "Cannot include the same APIRouter instance into itself. "
            "Did you mean to include a different router?"
        )
        assert not router._includes(self), (
            "Cannot include an APIRouter that already includes this router."
            " Circular router inclusions are not supported."
        )
        check_prefix(options["prefix"])
        if not options["prefix"]:
            _refuse_empty_paths(router)
        options["max_body_size"] = validated_max_body_size(options["max_body_size"])
        options["form_limits"] = validated_form_limits(options["form_limits"])
        included = IncludedRouter(router, RouterIncludeContext.of(self, router, options))
        included.analyse()
        self._inclusions.append(included)
        self.routes.append(included)
        for handler in router.on_startup:
            self.add_event_handler("startup", handler)
        for handler in router.on_shutdown:
            self.add_event_handler("shutdown", handler)
        if not isinstance(router.lifespan_context, HandlersLifespan):
            self.lifespan_context = merged_lifespan(self.lifespan_context, router.lifespan_context)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As an included router: whether one of the routes matches, as the inclusion makes them.

        A router that is not asked on behalf of an inclusion matches nothing.
        """
        included = asked_inclusion(scope, self)
        if included is None:
            return Match.NONE, {}
        return included.choose(scope, get_route_path(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an included router: let the route that was chosen handle the request."""
        included = asked_inclusion(scope, self)
        if included is None:
            await self.app(scope, receive, send)
        else:
            await included._handle_selected(scope, receive, send)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        planned: PlannedCall | None = (scope.get("extensions") or {}).get(PLAN_EXTENSION)
        if planned is not None:
            left = await run_plan(planned, scope, receive, send)
            if left is None:
                return
            receive = left
        inherit_form_limits(scope, self.form_limits)
        await super().app(scope, receive, send)

    # Routes that come after all others

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        """Serve the build of a frontend for the paths that no route of the application matches.

        Args:
            path: Where. Of several frontends, the one with the longest path serves.
            directory: The directory with the build.
            fallback: The page for paths without a file: `index.html` (for a frontend that routes
                in the browser; sent to navigation only), `404.html`, what there is of these, or none.
            check_dir: Whether a missing directory is an error now. `auto` only warns in development.

        Raises:
            AssertionError: The path does not start with a slash.
            RuntimeError: The directory, or the page that was asked for, does not exist.
        """
        own_path = normalize_frontend_path(path)
        files = FrontendFiles(directory=directory, fallback=fallback, check_dir=check_dir)
        if self._frontend_routes is None:
            self._frontend_routes = FrontendRouteGroup()
            self._low_priority_routes.append(self._frontend_routes)
        self._frontend_routes.add(
            FrontendRoute(
                join_frontend_paths(self.prefix, own_path),
                files,
                dependencies=self.dependencies,
                dependency_overrides_provider=self.dependency_overrides_provider,
            )
        )
        self._mark_routes_changed()

    def _mark_routes_changed(self) -> None:
        """Say that there are more routes which are not in `routes`."""
        pattern_revision.count += 1
        report_growth()

    def _iter_low_priority_routes(self) -> Iterator[BaseRoute]:
        yield from own_low_priority_routes(self._low_priority_routes)
        for included in self._inclusions:
            yield from included.effective_low_priority_routes()

    async def _handle_unmatched(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = choose_low_priority(self._iter_low_priority_routes(), scope)
        if chosen is None:
            await self.default(scope, receive, send)
            return
        route, child_scope = chosen
        note_selected_route(scope, route, child_scope)
        scope["route"] = route
        scope.update(child_scope)
        await handle_low_priority(route, scope, receive, send)

    def _find(self, scope: Scope, path: str) -> tuple[BaseRoute | None, Scope]:
        route, child_scope = super()._find(scope, path)
        if route is not None:
            note_selected_route(scope, route, child_scope)
        return route, child_scope

    # Lifespan

    def _lifespan_of(self, app: Any) -> LifespanContext:
        if not lifespan_scope.is_used or getattr(app, "router", None) is not self:
            return self.lifespan_context
        return merged_lifespan(self.lifespan_context, resolved_lifespan_dependencies)

    async def startup(self) -> None:
        """Call the handlers of startup."""
        await run_event_handlers(self.on_startup)

    async def shutdown(self) -> None:
        """Call the handlers of shutdown."""
        await run_event_handlers(self.on_shutdown)

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Add a function to call at `startup` or `shutdown`."""
        assert event_type in ("startup", "shutdown")
        (self.on_startup if event_type == "startup" else self.on_shutdown).append(func)

    @deprecated(ON_EVENT_DEPRECATED)
    def on_event(self, event_type: str) -> PathDecorator:
        """Add a function to call at `startup` or `shutdown`. Use `lifespan` instead."""
        return self._event_decorator(event_type)

    def _event_decorator(self, event_type: str) -> PathDecorator:
        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_event_handler(event_type, func)
            return func

        return decorate


def _refuse_empty_paths(router: APIRouter) -> None:
    for context in iter_route_contexts(router.routes):
        if context.path == "":
            raise FastAPIError(
                f"Prefix and path cannot be both empty (path operation: {context.name or 'unknown'})"
            )
