"""The steps of a path operation where they are observed: by the telemetry, or by an instrumentation.

Instrumentation packages replace `fastapi.routing.solve_dependencies` and
`fastapi.routing.run_endpoint_function`, so both are looked up there for each request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import fastrapi.routing as routing
from fastrapi.concurrency import run_in_threadpool
from fastrapi.dependencies.models import Dependant
from fastrapi.dependencies.solving import solve_dependencies
from fastrapi.responses import Response
from fastrapi.telemetry.operations import ENDPOINT, SERIALIZATION, operation, run_endpoint
from fastrapi.telemetry.state import TelemetryData, current_telemetry
from fastrapi.websockets import WebSocket

if TYPE_CHECKING:
    from fastrapi.requests import Request


def telemetry_data_for(connection: Request | WebSocket) -> TelemetryData | None:
    """Where to note the objects of a request, if it is recorded; the request itself is noted."""
    state = current_telemetry.get()
    if state is None or state.data is None:
        return None
    if isinstance(connection, WebSocket):
        state.data.websocket = connection
    else:
        state.data.request = connection
    return state.data


async def run_endpoint_function(*, dependant: Dependant, values: dict[str, Any], is_coroutine: bool) -> Any:
    """Call the function of a path operation; one that is not asynchronous runs in a thread.

    Args:
        dependant: The function.
        values: Its arguments.
        is_coroutine: Whether it is asynchronous.
    """
    assert dependant.call is not None, "dependant.call must be a function"
    if is_coroutine:
        with operation(ENDPOINT, dependant.call):
            return await dependant.call(**values)
    return await run_in_threadpool(run_endpoint, dependant.call, values)


def is_instrumented() -> bool:
    """Whether somebody has replaced functions of `fastapi.routing` to see what they are given."""
    from fastrapi.routing.handlers import get_request_handler

    return (
        routing.run_endpoint_function is not run_endpoint_function
        or routing.solve_dependencies is not solve_dependencies
        or routing.get_request_handler is not get_request_handler
    )


def is_observed() -> bool:
    """Whether somebody wants to see the steps of the current request apart."""
    return current_telemetry.get() is not None or routing.run_endpoint_function is not run_endpoint_function


async def call_and_encode_observed(
    dependant: Dependant, encode: Callable[[Any], Any], values: dict[str, Any]
) -> tuple[Any, Any]:
    """What the function of a path operation returns, and its content unless it is a response.

    Args:
        dependant: The function.
        encode: Makes the content of what is returned.
        values: The arguments.
    """
    is_coroutine = dependant.is_coroutine
    result = await routing.run_endpoint_function(
        dependant=dependant, values=values, is_coroutine=is_coroutine
    )
    if isinstance(result, Response):
        return result, None

    def encode_recorded() -> Any:
        with operation(SERIALIZATION, dependant.call):
            return encode(result)

    # What a sync function returns may take as long to encode as the function itself.
    return result, encode_recorded() if is_coroutine else await run_in_threadpool(encode_recorded)
