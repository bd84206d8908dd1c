"""From an application to what a server reads before it listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fastrapi._json_safe import sendable
from fastrapi._routing.mount import Mount
from fastrapi.compat.starlette.routing import BaseRoute, Route, WebSocketRoute
from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.dependencies.models import Dependant
from fastrapi.dependencies.solving import SolvedDependency
from fastrapi.plan.errors import error_application
from fastrapi.plan.layers import layer_plans, unknown_middleware
from fastrapi.plan.model import ApplicationPlan, GeneralRoute, RoutePlan, StaticPlan, Unplannable
from fastrapi.plan.models import Shapes, field_shapes
from fastrapi.plan.outcome import sends_itself
from fastrapi.plan.runner import build_runner, takes_response
from fastrapi.plan.static import static_plan
from fastrapi.responses import JSONResponse, Response
from fastrapi.routing.effective import EFFECTIVE_ROUTE, EffectiveAPIRoute, EffectiveRoute
from fastrapi.routing.handlers import response_builder
from fastrapi.routing.inclusion import IncludedRouter
from fastrapi.routing.recording import is_instrumented
from fastrapi.routing.route import APIRoute
from fastrapi.routing.router import APIRouter
from fastrapi.utils import is_body_allowed_for_status_code

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI
    from fastrapi.routing.operation import Operation
    from fastrapi.routing.responses import ResponseBuilder
    from fastrapi.types import ASGIApp

ANY_PATH = "/{path:path}"


def compile_application(app: FastAPI) -> ApplicationPlan:
    """The plan of every route of the application, as it is now."""
    reason = _application_reason(app)
    on_error = error_application(app)
    routes: list[RoutePlan | StaticPlan | GeneralRoute] = []
    for route in effective_routes(app.routes):
        # WebSocket handshakes are not looked up in the table.
        if isinstance(route, WebSocketRoute):
            continue
        try:
            if reason is not None:
                raise Unplannable(reason)
            if isinstance(route, EffectiveRoute) and route.is_layered:
                raise Unplannable("its router has middleware or exception handlers")
            routes.append(static_plan(route) or _plan(app, route, on_error))
        except Unplannable as refusal:
            routes.append(_general(route, str(refusal)))
    return ApplicationPlan(routes, [] if reason else layer_plans(app.user_middleware), reason)


def effective_routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes in the order in which they are tried, those of included routers in their places."""
    for route in routes:
        # A router that matches in its own way is asked itself.
        if isinstance(route, IncludedRouter) and not _routes_its_own_way(route.original_router):
            yield from effective_routes(route.effective_candidates())
        else:
            yield route


def _routes_its_own_way(router: APIRouter) -> bool:
    kind = type(router)
    return kind.matches is not APIRouter.matches or kind.handle is not APIRouter.handle


def _application_reason(app: FastAPI) -> str | None:
    from fastrapi.applications import FastAPI

    for name in ("__call__", "build_middleware_stack", "middleware_layers"):
        if getattr(type(app), name) is not getattr(FastAPI, name):
            return f"the application overrides {name}"
    if _routes_its_own_way(app.router):
        return f"the router class {type(app.router).__name__}"
    unknown = unknown_middleware(app.user_middleware)
    if unknown is not None:
        return f"the middleware {unknown}"
    if app._telemetry_gate.may_record:
        return "requests are recorded by the telemetry"
    if is_instrumented():
        return "an instrumentation has replaced functions of fastapi.routing"
    if app.root_path:
        return "the application has a root_path"
    if app.max_body_size is not None:
        return "the application has a max_body_size"
    if app.request_timeout is not None:
        return "the application has a request_timeout"
    if app.request_id_header is not None:
        return "the application has a request_id_header"
    if app.json_codec is not None:
        return "the application has a JSON codec of its own"
    return None


def _general(route: BaseRoute, reason: str) -> GeneralRoute:
    name = getattr(route, "name", None) or type(route).__name__
    path = getattr(route, "path", None)
    if isinstance(route, Mount):
        return GeneralRoute((), f"{path}{ANY_PATH}", name, reason)
    if isinstance(route, Route) and type(route).matches in (Route.matches, APIRoute.matches) and path:
        return GeneralRoute(tuple(sorted(route.methods or ())), path, name, reason)
    if isinstance(route, EffectiveAPIRoute) and type(route.original_route).matches is APIRoute.matches:
        return GeneralRoute(tuple(sorted(route.methods)), route.path, name, reason)
    # Nothing is known of what it matches: all that comes after it must be asked in order.
    return GeneralRoute((), ANY_PATH, name, reason)


def _plan(app: FastAPI, route: BaseRoute, on_error: ASGIApp) -> RoutePlan:
    operation, original = _operation(route)
    _refuse(operation)
    runner = build_runner(operation.dependant, app)
    builder = response_builder(operation)
    if runner.has_exits and sends_itself(builder.response_class):
        raise Unplannable("a yield dependency around a response that sends itself")
    encode = _encode(builder)
    if encode is None and builder.response_class is JSONResponse and takes_response(operation.dependant):
        raise Unplannable("a Response parameter may change a status without content")
    return RoutePlan(
        methods=tuple(sorted(operation.methods)),
        path=operation.path,
        name=operation.name,
        function=runner.function,
        parameters=runner.parameters,
        keywords=runner.keywords,
        placement=runner.placement,
        is_coroutine=runner.is_coroutine,
        sync_calls=runner.sync_calls,
        status_code=operation.status_code or 200,
        encode=encode,
        builtin_json=encode is not None and builder.field is None and builder.response_class is JSONResponse,
        respond=_respond(builder),
        scope=_scope(app, operation, original),
        on_error=on_error,
        overrides=getattr(operation.dependency_overrides_provider, "dependency_overrides", {}),
        shapes=_written_shapes(builder) if encode is not None else None,
    )


def _scope(app: FastAPI, operation: Operation, original: APIRoute) -> dict[str, Any]:
    scope = {"app": app, "router": app.router, "endpoint": operation.endpoint, "route": original}
    if isinstance(operation, EffectiveAPIRoute):
        scope["fastapi"] = {EFFECTIVE_ROUTE: operation}
    return scope


def _operation(route: BaseRoute) -> tuple[Operation, APIRoute]:
    """The operation to run and the route that the scope names."""
    if isinstance(route, EffectiveAPIRoute):
        original = route.original_route
        operation: Operation = route
    elif isinstance(route, APIRoute):
        operation = original = route
    else:
        kind = type(route).__name__
        raise Unplannable(
            f"a {kind}" if isinstance(route, (Route, Mount)) else f"a route of the class {kind}"
        )
    if type(original) is not APIRoute:
        raise Unplannable(f"the route class {type(original).__name__}")
    if operation is original and not original.has_own_app:
        raise Unplannable("its app has been replaced")
    return operation, original


def _refuse(operation: Operation) -> None:
    """Raise `Unplannable` for what a plan does not cover."""
    if operation.yields_items:
        raise Unplannable("yields a stream")
    if operation.max_body_size is not None:
        raise Unplannable("has a max_body_size")
    if operation.cache_resp:
        raise Unplannable("keeps its answer")
    if operation.rate_limit is not None:
        raise Unplannable("has a rate_limit")
    if operation.is_cancelled_on_disconnect:
        raise Unplannable("is cancelled when its client has gone")
    if operation._embed_body_fields:
        raise Unplannable("several body parameters, or an embedded one")
    strict = operation.strict_content_type
    if operation.body_field is not None and not (
        strict.value if isinstance(strict, DefaultPlaceholder) else strict
    ):
        raise Unplannable("takes JSON of any content type")
    convertors = getattr(operation, "param_convertors", {})
    if any(
        type(convertor).__name__ not in ("StringConvertor", "PathConvertor")
        for convertor in convertors.values()
    ):
        raise Unplannable("a path parameter with a convertor")
    if not callable(operation.endpoint) or not isinstance(operation.dependant, Dependant):
        raise Unplannable("an endpoint of another kind")


def _encode(builder: ResponseBuilder) -> Callable[[Any], bytes] | None:
    """The JSON text of a result, where the response is nothing but that."""
    if builder.status_code is not None and not is_body_allowed_for_status_code(builder.status_code):
        return None
    if builder.direct:
        return _encode_model(builder)
    if builder.response_class is not JSONResponse:
        return None
    render = JSONResponse.render
    # `render` uses nothing of the instance: an empty one saves making a response for each result.
    instance = JSONResponse.__new__(JSONResponse)

    def encode(result: Any) -> bytes:
        content = builder.content(result)
        try:
            return render(instance, content)
        except ValueError:
            return render(instance, sendable(content))

    return encode


def _encode_model(builder: ResponseBuilder) -> Callable[[Any], bytes]:
    """`builder.content` with pydantic's compiled parts called directly."""
    field = builder.field
    assert field is not None, "only a response model is written by pydantic"
    validate = field.type_adapter.validator.validate_python
    to_json = field.type_adapter.serializer.to_json
    options = _chosen_options(builder)

    def encode(result: Any) -> bytes:
        try:
            value = validate(result, from_attributes=True)
        except ValidationError:
            return builder.content(result)  # type: ignore[no-any-return]  # raises, in the framework's words
        return to_json(value, **options)

    return encode


def _chosen_options(builder: ResponseBuilder) -> dict[str, Any]:
    return {name: value for name, value in builder.options.items() if value not in (None, False)}


def _written_shapes(builder: ResponseBuilder) -> Shapes | None:
    """The shapes of a response model that is written whole."""
    if not builder.direct or builder.field is None or _chosen_options(builder) != {"by_alias": True}:
        return None
    return field_shapes(builder.field, "write")


def _respond(builder: ResponseBuilder) -> Callable[[Any], Response]:
    nothing_else = SolvedDependency(
        values={}, errors=[], background_tasks=None, response=None, dependency_cache={}
    )

    def respond(result: Any) -> Response:
        return builder.response(builder.content(result), nothing_else)

    return respond
