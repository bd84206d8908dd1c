"""The application class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal, TypeVar

from typing_extensions import Unpack, deprecated

from fastrapi._form_limits import FormLimits, validated_max_body_size
from fastrapi._routing.frontend_files import CheckDir, Fallback
from fastrapi._signatures import expands, keyword_defaults
from fastrapi.applications.asgi import Starlette
from fastrapi.applications.default_handlers import add_default_handlers
from fastrapi.classic.application import CLASSIC_OPENAPI_URL, ClassicMethods, classic_layers
from fastrapi.compat.starlette.routing import BaseRoute, Route
from fastrapi.datastructures import Default
from fastrapi.dependencies.lifespan import LifespanValues
from fastrapi.exceptions import FastAPIDeprecationWarning
from fastrapi.json_codecs import JSONChoice, JSONCodec, json_codec
from fastrapi.middleware import Middleware
from fastrapi.params import Depends
from fastrapi.requests import Request
from fastrapi.responses import HTMLResponse, JSONResponse, Response
from fastrapi.routing import APIRouter
from fastrapi.routing.events import ON_EVENT_DEPRECATED
from fastrapi.routing.operation_methods import OperationMethods, PathDecorator
from fastrapi.routing.options import (
    AddAPIRouteOptions,
    APIRouteOptions,
    IncludeOptions,
    UniqueIdFunction,
    passed_on,
)
from fastrapi.telemetry.config import TelemetryConfig, complete_config
from fastrapi.telemetry.gate import TelemetryGate
from fastrapi.types import DecoratedCallable, Lifespan, Receive, Scope, Send
from fastrapi.utils import generate_unique_id

AppType = TypeVar("AppType", bound="FastAPI")


class FastAPI(OperationMethods, ClassicMethods, Starlette):
    """An application.

    Args:
        telemetry: What is recorded through OpenTelemetry.
        debug: Whether the answer to an error in the application is its traceback.
        routes: Routes to begin with. Use the methods of the application instead.
        title: The title of the API.
        summary: One line about it.
        description: Its description, in Markdown.
        version: Its version.
        openapi_url: Where the OpenAPI document is; `None` for no document and no documentation.
        openapi_tags: Descriptions of the tags.
        servers: The servers of the API.
        dependencies: Dependencies of all path operations.
        default_response_class: The response class of path operations that have none.
        redirect_slashes: Whether a path that is there with or without a slash at the end is
            redirected to.
        docs_url: Where Swagger UI is; `None` for nowhere.
        redoc_url: Where ReDoc is; `None` for nowhere.
        swagger_ui_oauth2_redirect_url: The page that OAuth2 servers send Swagger UI's user to.
        swagger_ui_init_oauth: The OAuth2 configuration of Swagger UI.
        middleware: The middleware, the first one outermost.
        exception_handlers: Handlers by exception class or status.
        on_startup: Functions to call when the application starts. Use `lifespan` instead.
        on_shutdown: Functions to call when it ends.
        lifespan: A function of the application that returns an asynchronous context manager.
        terms_of_service: The URL of the terms of service.
        contact: Whom to contact about the API.
        license_info: The licence of the API.
        root_path: The path below which a proxy serves the application. Prefer the server's option.
        root_path_in_servers: Whether it is documented as a server.
        responses: Further responses for the documentation of all path operations.
        callbacks: OpenAPI callbacks of all path operations.
        webhooks: Path operations that document requests made to others.
        deprecated: Whether all path operations are deprecated.
        include_in_schema: Whether they are documented.
        swagger_ui_parameters: The configuration of Swagger UI.
        generate_unique_id_function: Makes the ids of the path operations.
        separate_input_output_schemas: Whether a model is documented apart for requests and
            responses, where that makes a difference.
        openapi_external_docs: Further documentation.
        strict_content_type: Whether a JSON body has to come with a JSON content type.
        max_body_size: The most bytes of a request body.
        form_limits: Limits for parsing forms.
        request_timeout: Seconds until an answer has to begin; a 408 is sent if it has not.
        request_id_header: The header with the id of a request, to be taken over or made up.
        background_errors: What happens when a background task fails: the tasks after it do not
            run ("stop"), or it is logged and they do ("isolate").
        max_validation_errors: The most errors in one answer with status 422; `None` for all.
        json: What reads JSON bodies and writes answers without a response model: what is built in,
            a library by name, or an object with `dumps` and `loads`.
        problem_details: Whether the bodies of errors are problem details (RFC 9457).
        cancel_on_disconnect: Whether a path operation is cancelled when its client has gone.

    Raises:
        AssertionError: There is no title or no version.
        ValueError: A limit is not a non-negative integer, or the time is not positive.

    Attributes:
        dependency_overrides: What to call instead of a dependency, for tests.
        lifespan_values: What the dependencies of the scope `lifespan` are while the application runs.
        openapi_schema: The OpenAPI document, once it has been made.
        state: A place for the application's own data.
    """

    def __init__(
        self: AppType,
        *,
        telemetry: TelemetryConfig | None = None,
        debug: bool = False,
        routes: list[BaseRoute] | None = None,
        title: str = "FastAPI",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        servers: list[dict[str, str | Any]] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: dict[
            int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]
        ]
        | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan[AppType] | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, str | Any] | None = None,
        license_info: dict[str, str | Any] | None = None,
        root_path: str = "",
        root_path_in_servers: bool = True,
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        webhooks: APIRouter | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        swagger_ui_parameters: dict[str, Any] | None = None,
        generate_unique_id_function: UniqueIdFunction = Default(generate_unique_id),
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        strict_content_type: bool = True,
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        request_timeout: float | None = None,
        request_id_header: str | None = None,
        background_errors: Literal["stop", "isolate"] = "stop",
        max_validation_errors: int | None = 100,
        json: JSONChoice | JSONCodec = "builtin",
        problem_details: bool = False,
        cancel_on_disconnect: bool = False,
    ) -> None:
        super().__init__(
            debug=debug,
            middleware=middleware,
            exception_handlers=exception_handlers,
            max_body_size=validated_max_body_size(max_body_size),
        )
        self.json_codec = json_codec(json)
        self.problem_details = problem_details
        self.cancel_on_disconnect = cancel_on_disconnect
        self.background_errors = background_errors
        self.max_validation_errors = max_validation_errors
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.servers = servers or []
        self.separate_input_output_schemas = separate_input_output_schemas
        self.openapi_external_docs = openapi_external_docs
        self.openapi_version = "3.1.0"
        self.openapi_schema: dict[str, Any] | None = None
        self._openapi_routes_version: int | None = None
        if self.openapi_url:
            assert self.title, "A title must be provided for OpenAPI, e.g.: 'My API'"
            assert self.version, "A version must be provided for OpenAPI, e.g.: '2.1.0'"
        self.webhooks = webhooks or APIRouter()
        self.root_path = root_path
        if root_path:
            warnings.warn(
                "The `root_path` parameter is deprecated. Configure the server's root path instead, "
                "for example with `fastapi run --root-path /api/v1`.",
                category=FastAPIDeprecationWarning,
                stacklevel=2,
            )
        self.lifespan_values = LifespanValues()
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.router: APIRouter = APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            dependencies=dependencies,
            callbacks=callbacks,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            responses=responses,
            generate_unique_id_function=generate_unique_id_function,
            strict_content_type=strict_content_type,
            max_body_size=max_body_size,
            form_limits=form_limits,
        )
        add_default_handlers(self.exception_handlers, problem_details=problem_details)
        self._telemetry = complete_config(telemetry)
        self.request_timeout = request_timeout
        self.request_id_header = request_id_header
        self._classic_layers = classic_layers(request_timeout, request_id_header)
        self._telemetry_gate = TelemetryGate(self._telemetry)
        self.setup()

    def middleware_layers(self) -> list[Middleware]:
        return [*self._classic_layers, *super().middleware_layers()]

    # The OpenAPI document and its pages

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document. It is made again only when the routes have changed."""
        version = self.router._get_routes_version() + self.webhooks._get_routes_version()
        if self.openapi_schema is None or self._openapi_routes_version not in (None, version):
            from fastrapi.openapi.utils import get_openapi

            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
                problem_details=self.problem_details,
            )
            self._openapi_routes_version = version
        return self.openapi_schema

    def setup(self) -> None:
        """Add the routes of the OpenAPI document and of its pages."""
        if not self.openapi_url:
            return

        async def openapi(request: Request) -> JSONResponse:
            return JSONResponse(self._openapi_for(request))

        self.add_route(self.openapi_url, openapi, include_in_schema=False)
        # Beside it, where the first FastrAPI had it, and after all other routes.
        self.router._low_priority_routes.append(Route(CLASSIC_OPENAPI_URL, openapi, include_in_schema=False))
        if self.docs_url:
            self._add_swagger_ui(self.docs_url)
        if self.redoc_url:

            async def redoc_html(request: Request) -> Response:
                from fastrapi.openapi.pages import redoc

                return redoc(self, request)

            self.add_route(self.redoc_url, redoc_html, include_in_schema=False)

    def _openapi_for(self, request: Request) -> dict[str, Any]:
        """The document with the path as a server below which the request found the application."""
        schema = self.openapi()
        root_path: str = request.scope.get("root_path", "").rstrip("/")
        servers = schema.get("servers", [])
        if (
            root_path
            and self.root_path_in_servers
            and root_path not in {server.get("url") for server in servers}
        ):
            return {**schema, "servers": [{"url": root_path}, *servers]}
        return schema

    def _add_swagger_ui(self, docs_url: str) -> None:
        async def swagger_ui_html(request: Request) -> Response:
            from fastrapi.openapi.pages import swagger_ui

            return swagger_ui(self, request)

        self.add_route(docs_url, swagger_ui_html, include_in_schema=False)
        if self.swagger_ui_oauth2_redirect_url:

            async def swagger_ui_redirect(request: Request) -> HTMLResponse:
                from fastrapi.openapi.docs import get_swagger_ui_oauth2_redirect_html

                return get_swagger_ui_oauth2_redirect_html()

            self.add_route(self.swagger_ui_oauth2_redirect_url, swagger_ui_redirect, include_in_schema=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.root_path:
            scope["root_path"] = self.root_path
        if scope["type"] == "lifespan":
            if self._telemetry_gate.concerns_lifespan:
                await self._telemetry_gate.live(super().__call__, scope, receive, send)
                return
        elif self._telemetry_gate.is_open:
            await self._telemetry_gate.serve(super().__call__, self._stack(), scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    # Routes

    @expands(AddAPIRouteOptions)
    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **options: Unpack[AddAPIRouteOptions]
    ) -> None:
        """Add a path operation."""
        complete = passed_on({**keyword_defaults(APIRouteOptions), **options})
        self.router.add_api_route(path, endpoint=endpoint, **complete)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket endpoint."""
        self.router.add_api_websocket_route(path, endpoint, name=name, dependencies=dependencies)

    @property
    def _adder(self) -> OperationMethods:
        return self.router

    def _operation_decorator(self, http_method: str, path: str, complete: dict[str, Any]) -> PathDecorator:
        add: Callable[..., PathDecorator] = getattr(self.router, http_method.lower())
        return add(path, **complete)

    def websocket_route(self, path: str, name: str | None = None) -> PathDecorator:
        """Add a function of the WebSocket, without any analysis."""
        return self.router.websocket_route(path, name)

    @expands(IncludeOptions, fill=True)
    def include_router(self, router: APIRouter, **options: Unpack[IncludeOptions]) -> None:
        """Include the routes of a router, those that are added to it later among them.

        Raises:
            AssertionError: The prefix is not one.
            FastAPIError: A route would have an empty path.
        """
        self.router.include_router(router, **options)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        """Serve the build of a frontend for the paths that no route matches. See `APIRouter.frontend`."""
        self.router.frontend(path, directory=directory, fallback=fallback, check_dir=check_dir)

    # Events, middleware and errors

    @deprecated(ON_EVENT_DEPRECATED)
    def on_event(self, event_type: str) -> PathDecorator:
        """Add a function to call at `startup` or `shutdown`. Use `lifespan` instead."""
        return self.router._event_decorator(event_type)

    def middleware(self, middleware_type: str) -> PathDecorator:
        """Add a function of the request and of what answers it as a middleware.

        Args:
            middleware_type: `http`, the only type.
        """

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            from fastrapi.middleware.base import BaseHTTPMiddleware

            self.add_middleware(BaseHTTPMiddleware, dispatch=func)
            return func

        return decorate

    def exception_handler(self, exc_class_or_status_code: int | type[Exception]) -> PathDecorator:
        """Add a handler for an exception class or a status."""

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_exception_handler(exc_class_or_status_code, func)
            return func

        return decorate


FastrAPI = FastAPI

# What every request passes through, as it is before anybody replaces a part of it.
REQUEST_PATH = {
    name: getattr(FastAPI, name) for name in ("__call__", "build_middleware_stack", "middleware_layers")
}
STARLETTE_CALL = Starlette.__call__
