"""What runs for a request to a path operation, once it has been routed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import fastrapi.routing as routing
from fastrapi._compat import ModelField
from fastrapi._exception_handler import wrap_app_handling_exceptions
from fastrapi._utils import is_async_callable
from fastrapi.concurrency import run_in_threadpool
from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.dependencies.exit_stacks import FUNCTION_STACK, REQUEST_STACK
from fastrapi.dependencies.models import Dependant
from fastrapi.dependencies.reading import MISSING
from fastrapi.dependencies.solving import SolvedDependency
from fastrapi.exceptions import (
    EndpointContext,
    FastAPIError,
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)
from fastrapi.json_codecs import codec_of
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.routing.bodies import read_body
from fastrapi.routing.operation import Operation
from fastrapi.routing.recording import call_and_encode_observed, is_observed, telemetry_data_for
from fastrapi.routing.responses import ResponseBuilder, actual_response_class, is_default_json
from fastrapi.routing.streaming import ItemEncoder, stream_response
from fastrapi.telemetry.operations import DEPENDENCIES, ENDPOINT, validation_failed
from fastrapi.telemetry.operations import operation as step
from fastrapi.telemetry.state import TelemetryData
from fastrapi.types import ASGIApp, Receive, Scope, Send
from fastrapi.websockets import WebSocket

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_NOT_AWAITED = (
    "Response not awaited. There's a high chance that the "
    "application code is raising an exception and a dependency with yield "
    "has a block with a bare except, or a block with except Exception, "
    "and is not raising the exception again. Read more about it in the "
    "docs: https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/"
    "#dependencies-with-yield-and-except"
)
NO_RESPONSE = (
    "No response object was returned. There's a high chance that the "
    "application code is raising an exception and a dependency with yield "
    "has a block with a bare except, or a block with except Exception, "
    "and is not raising the exception again. Read more about it in the "
    "docs: https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/"
    "#dependencies-with-yield-and-except"
)


def request_response(func: Callable[[Request], Awaitable[Response] | Response]) -> ASGIApp:
    """The ASGI application that answers with what `func` returns.

    Dependencies of the scope `function` are left before the response is sent, those of the scope
    `request` afterwards. A sync `func` runs in a thread.
    """
    if type(func) is RequestHandler or is_async_callable(func):
        respond: Callable[[Request], Awaitable[Response]] = func
    else:

        def respond(request: Request) -> Awaitable[Response]:
            return run_in_threadpool(func, request)  # type: ignore[arg-type]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            sent = False
            async with AsyncExitStack() as request_stack:
                scope[REQUEST_STACK] = request_stack
                response = None
                async with AsyncExitStack() as function_stack:
                    scope[FUNCTION_STACK] = function_stack
                    response = await respond(request)
                if response is None:
                    raise FastAPIError(NO_RESPONSE)
                await response(scope, receive, send)
                sent = True
            if not sent:
                raise FastAPIError(_NOT_AWAITED)

        try:
            await wrap_app_handling_exceptions(answer, request)(scope, receive, send)
        finally:
            # Not before: background tasks and exception handlers may still read the files.
            await request.close()

    return app


def websocket_session(func: Callable[[WebSocket], Awaitable[None]]) -> ASGIApp:
    """The ASGI application that hands the connection to `func`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        session = WebSocket(scope, receive=receive, send=send)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async with AsyncExitStack() as request_stack:
                scope[REQUEST_STACK] = request_stack
                async with AsyncExitStack() as function_stack:
                    scope[FUNCTION_STACK] = function_stack
                    await func(session)

        await wrap_app_handling_exceptions(serve, session)(scope, receive, send)

    return app


def response_builder(operation: Operation) -> ResponseBuilder:
    """What makes the responses of a path operation that returns its result."""
    field = operation.validated_response
    return ResponseBuilder(
        field=field,
        options=operation.dump_options,
        status_code=operation.status_code,
        response_class=actual_response_class(operation.response_class),
        direct=field is not None and is_default_json(operation.response_class),
        operation=operation,
        codec=codec_of(operation.dependency_overrides_provider),
    )


class RequestHandler:
    """The function from a request to the response of a path operation."""

    __slots__ = ("_builder", "_dependant", "_operation", "_strict_content_type")

    def __init__(self, dependant: Dependant, operation: Operation) -> None:
        self._dependant = dependant
        self._operation = operation
        self._builder = response_builder(operation)
        strict = operation.strict_content_type
        self._strict_content_type: bool = strict.value if isinstance(strict, DefaultPlaceholder) else strict

    async def __call__(self, request: Request) -> Response:
        try:
            return await self._respond(request)
        except ValidationException as error:
            error.add_root_path(request.scope.get("root_path", ""))
            raise

    async def _respond(self, request: Request) -> Response:
        operation, dependant = self._operation, self._dependant
        data = telemetry_data_for(request)
        body = (
            MISSING if operation.body_field is None else await self._read(operation.body_field, request, data)
        )
        solved = await _solve(
            data,
            request=request,
            dependant=dependant,
            body=body,
            dependency_overrides_provider=operation.dependency_overrides_provider,
            embed_body_fields=operation._embed_body_fields,
        )
        if solved.errors:
            error = RequestValidationError(
                solved.errors,
                body=None if body is MISSING else body,
                endpoint_ctx=self._builder.context,
            )
            validation_failed(error)
            raise error
        if operation.yields_items:
            return await self._stream(request, solved)
        return await _respond(dependant, self._builder, solved)

    async def _read(self, field: ModelField, request: Request, data: TelemetryData | None) -> Any:
        try:
            body = await read_body(
                request,
                field,
                strict_content_type=self._strict_content_type,
                context=self._builder.context,
                codec=self._builder.codec,
            )
        except RequestValidationError as error:
            if data is not None:
                data.body = error.body
                validation_failed(error)
            raise
        if data is not None and body is not MISSING:
            data.body = body
        return body

    async def _stream(self, request: Request, solved: SolvedDependency) -> Response:
        operation, builder = self._operation, self._builder
        assert self._dependant.call is not None
        return await stream_response(
            self._dependant.call(**solved.values),
            scope=request.scope,
            encoder=ItemEncoder(operation.stream_item_field, builder.options, builder.context),
            response_class=builder.response_class,
            is_json_stream=operation.is_json_stream,
            status_code=operation.status_code,
            solved=solved,
        )


def get_request_handler(*, dependant: Dependant, operation: Operation) -> Handler:
    """The function from a request to the response of a path operation.

    Args:
        dependant: The tree of the function and its dependencies. Instrumentation is known to put
            a wrapper into its `call` before this is called.
        operation: All else about the operation.
    """
    assert dependant.call is not None, "dependant.call must be a function"
    return RequestHandler(dependant, operation)


async def _solve(data: TelemetryData | None, **arguments: Any) -> SolvedDependency:
    """Solve the dependencies, as a step of its own and with its outcome noted if that is recorded."""
    if data is None:
        return await routing.solve_dependencies(**arguments)
    with step(DEPENDENCIES, arguments["dependant"].call):
        solved = await routing.solve_dependencies(**arguments)
    data.errors = solved.errors
    if not solved.errors:
        data.values = solved.values
    return solved


async def _respond(dependant: Dependant, builder: ResponseBuilder, solved: SolvedDependency) -> Response:
    assert dependant.call is not None
    if is_observed():
        result, content = await call_and_encode_observed(dependant, builder.content, solved.values)
    elif dependant.is_coroutine:
        result = await dependant.call(**solved.values)
        content = result if isinstance(result, Response) else builder.content(result)
    else:
        result, content = await run_in_threadpool(_call_and_encode, dependant, builder, solved.values)
    if isinstance(result, Response):
        if result.background is None:
            result.background = solved.background_tasks
        return result
    return builder.response(content, solved)


def _call_and_encode(
    dependant: Dependant, builder: ResponseBuilder, values: dict[str, Any]
) -> tuple[Any, Any]:
    """Both in one thread: encoding what a sync function returns may take as long as the function."""
    assert dependant.call is not None
    result = dependant.call(**values)
    return result, None if isinstance(result, Response) else builder.content(result)


def get_websocket_app(
    dependant: Dependant,
    dependency_overrides_provider: Any | None = None,
    embed_body_fields: bool = False,
    context: EndpointContext | None = None,
) -> Callable[[WebSocket], Coroutine[Any, Any, Any]]:
    """The function that runs a WebSocket endpoint.

    Args:
        dependant: The tree of the function and its dependencies.
        dependency_overrides_provider: The application, for its `dependency_overrides`.
        embed_body_fields: As for a path operation; a WebSocket has no body, so it does not matter.
        context: Where the function is defined, for error messages.
    """

    async def app(websocket: WebSocket) -> None:
        data = telemetry_data_for(websocket)
        solved = await _solve(
            data,
            request=websocket,
            dependant=dependant,
            dependency_overrides_provider=dependency_overrides_provider,
            embed_body_fields=embed_body_fields,
        )
        if solved.errors:
            error = WebSocketRequestValidationError(solved.errors, endpoint_ctx=context)
            error.add_root_path(websocket.scope.get("root_path", ""))
            validation_failed(error)
            raise error
        assert dependant.call is not None, "dependant.call must be a function"
        if data is None:
            await dependant.call(**solved.values)
        else:
            with step(ENDPOINT, dependant.call):
                await dependant.call(**solved.values)

    return app
