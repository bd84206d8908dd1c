"""From an application to what a server reads before it listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastrapi._routing.mount import Mount
from fastrapi._routing.revision import RouteList
from fastrapi.compat.starlette.routing import BaseRoute, Route, WebSocketRoute
from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.dependencies.models import Dependant
from fastrapi.plan.answers import Responder, ScopePart, encoder, written_shapes
from fastrapi.plan.errors import error_application
from fastrapi.plan.layers import layer_plans, matches_origins, preflight_layers, unknown_middleware
from fastrapi.plan.model import ANY_PATH, ApplicationPlan, GeneralRoute, RoutePlan, StaticPlan, Unplannable
from fastrapi.plan.outcome import sends_itself
from fastrapi.plan.parameters import SharedParts
from fastrapi.plan.runner import build_runner, takes_response
from fastrapi.plan.static import static_plan
from fastrapi.plan.unmatched import Unmatched
from fastrapi.responses import JSONResponse
from fastrapi.routing.effective import EffectiveAPIRoute, EffectiveRoute
from fastrapi.routing.handlers import response_builder
from fastrapi.routing.inclusion import IncludedRouter
from fastrapi.routing.recording import is_instrumented
from fastrapi.routing.route import APIRoute
from fastrapi.routing.router import APIRouter

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI
    from fastrapi.routing.operation import Operation
    from fastrapi.types import ASGIApp


def compile_application(app: FastAPI, *, fixes_answers: bool = True) -> ApplicationPlan:
    """The plan of every route of the application, as it is now.

    Args:
        app: The application.
        fixes_answers: Whether the application answers in advance what no route takes. Callers that have those
            requests answered by the application do without.
    """
    reason = _application_reason(app)
    middleware = unknown_middleware(app.user_middleware)
    on_error = error_application(app)
    parts = SharedParts()
    layers = [] if reason or middleware else layer_plans(app.user_middleware)
    is_open = not reason and not middleware and not matches_origins(layers)
    unmatched = Unmatched(app, is_open=fixes_answers and is_open)
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
            files = static_plan(route)
            if files is not None and middleware is not None:
                raise Unplannable(f"static files behind the middleware {middleware}")
            planned: RoutePlan | StaticPlan | GeneralRoute = files or _plan(app, route, on_error, parts)
        except Unplannable as refusal:
            planned = _general(route, str(refusal))
        not_allowed = unmatched.look_at(route, planned.path)
        if not_allowed is not None and not isinstance(planned, StaticPlan):
            planned = replace(planned, not_allowed=not_allowed)
        routes.append(planned)
    if not unmatched.are_methods_certain:
        routes = [
            route if isinstance(route, StaticPlan) else replace(route, not_allowed=None) for route in routes
        ]
    return ApplicationPlan(
        routes,
        layers,
        middleware,
        reason,
        unmatched.plan(),
        tuple(preflight_layers(app.user_middleware)),
    )


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
    return (
        kind.matches is not APIRouter.matches
        or kind.handle is not APIRouter.handle
        # Changes of another list would go unnoticed.
        or not isinstance(router.routes, RouteList)
    )


def _application_reason(app: FastAPI) -> str | None:
    from fastrapi.applications import Starlette, fastapi

    for name, original in fastapi.REQUEST_PATH.items():
        if getattr(type(app), name) is not original or name in vars(app):
            return f"the application overrides {name}"
    if Starlette.__call__ is not fastapi.STARLETTE_CALL:
        return "Starlette.__call__ has been replaced"
    if not app.has_usual_stack:
        return "the application's middleware_stack has been replaced"
    if app.router.layers:
        return "the application's router has middleware or exception handlers"
    if _routes_its_own_way(app.router):
        return f"the router class {type(app.router).__name__}"
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


def _plan(app: FastAPI, route: BaseRoute, on_error: ASGIApp, parts: SharedParts) -> RoutePlan:
    operation, original = _operation(route)
    _refuse(operation)
    runner = build_runner(operation.dependant, app, parts)
    builder = response_builder(operation)
    if runner.has_exits and sends_itself(builder.response_class):
        raise Unplannable("a yield dependency around a response that sends itself")
    responder = Responder(operation)
    encode = encoder(builder, responder)
    if encode is None and builder.response_class is JSONResponse and takes_response(operation.dependant):
        raise Unplannable("a Response parameter may change a status without content")
    return RoutePlan(
        methods=tuple(sorted(operation.methods)),
        path=operation.path,
        name=operation.name,
        function=runner.function,
        parameters=parts.one(runner.parameters),
        keywords=parts.one(runner.keywords),
        placement=runner.placement,
        is_coroutine=runner.is_coroutine,
        sync_calls=runner.sync_calls,
        status_code=operation.status_code or 200,
        encode=encode,
        builtin_json=encode is not None and builder.field is None and builder.response_class is JSONResponse,
        respond=responder,
        scope=ScopePart(app, operation, original),
        on_error=on_error,
        overrides=getattr(operation.dependency_overrides_provider, "dependency_overrides", {}),
        shapes=written_shapes(builder) if encode is not None else None,
    )


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
    if not original.has_usual_handler:
        raise Unplannable("its get_route_handler has been replaced")
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
