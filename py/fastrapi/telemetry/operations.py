"""The steps of a request: dependencies, endpoint, serialization, background tasks.

The request path asks `current_telemetry` first and comes here only if a request is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fastrapi.telemetry.state import RequestTelemetry, current_telemetry

if TYPE_CHECKING:
    from fastrapi.exceptions import RequestValidationError, WebSocketRequestValidationError

DEPENDENCIES = "fastapi.dependencies"
ENDPOINT = "fastapi.endpoint"
SERIALIZATION = "fastapi.serialization"
BACKGROUND_TASK = "fastapi.background_task"


def operation(name: str, function: Callable[..., Any] | None) -> AbstractContextManager[None]:
    """A context in which one step of the current request runs, as a span if it is recorded.

    Args:
        name: one of this module's constants.
        function: the function that the step is about: the path operation, or the task.
    """
    state = current_telemetry.get()
    if state is None or state.tracer is None:
        return nullcontext()
    return _span(state, name, function)


def _function_name(function: Callable[..., Any]) -> str:
    """The qualified name of a function, or of the class of another callable."""
    named: Any = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


@contextmanager
def _span(state: RequestTelemetry, name: str, function: Callable[..., Any] | None) -> Iterator[None]:
    from opentelemetry.trace import StatusCode

    from fastrapi.telemetry.exceptions import exception_type, is_answer

    assert state.tracer is not None
    attributes = {} if function is None else {"code.function.name": _function_name(function)}
    # What was raised is logged once, for the request: a span only says that it failed.
    with state.tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as exc:
            # Nobody is left to be answered when a background task runs.
            if name == BACKGROUND_TASK or not is_answer(exc):
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", exception_type(exc))
            raise


def run_endpoint(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call a sync path operation, with its span in the thread in which it runs."""
    with operation(ENDPOINT, function):
        return function(**arguments)


def validation_failed(exc: RequestValidationError | WebSocketRequestValidationError) -> None:
    """Record that the current request is not valid."""
    state = current_telemetry.get()
    if state is None or state.data is None:
        return
    state.data.errors = exc.errors()
    if state.logger is None:
        return
    from opentelemetry._logs import SeverityNumber

    from fastrapi.telemetry.exceptions import emit_event

    emit_event(
        state.logger,
        state,
        "fastapi.validation.failed",
        body="Request validation failed",
        severity=SeverityNumber.WARN,
        attributes={"fastapi.validation.error_count": len(exc.errors())},
    )
