"""What is known about the request that is being served, for signals and for their processors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry._logs import Logger
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from fastrapi.requests import Request
    from fastrapi.websockets import WebSocket

STATE_KEY = "fastapi.telemetry"
"""Where the state is in the ASGI scope and in OpenTelemetry's context, while the request lasts."""


@dataclass(kw_only=True, slots=True)
class TelemetryData:
    """The objects of a request, for span and log processors in the same process.

    Nothing of it is exported unless a processor does so. It ends with the request, in every
    context that was kept.

    Attributes:
        request: the request, from when its route handler starts.
        websocket: the WebSocket, from when its route handler starts.
        body: the body as it was read, before validation.
        values: the arguments of the endpoint, once the dependencies are solved.
        errors: what is wrong with the request, with the original input.
    """

    request: Request[Any] | None = None
    websocket: WebSocket[Any] | None = None
    body: Any = None
    values: dict[str, Any] | None = None
    errors: Sequence[Any] | None = None


@dataclass(kw_only=True, slots=True)
class RequestTelemetry:
    """One request or WebSocket connection that is being recorded.

    Attributes:
        protocol: `http` or `websocket`.
        span_method: the first word of the server span's name.
        span: the server span, if spans are recorded.
        tracer: the tracer for the spans of the steps, if they are recorded.
        logger: the logger, if logs are recorded.
        context: OpenTelemetry's context with the server span in it.
        route: the path template of the matched route, with what it is mounted below.
        mount_prefix: the path templates of the mounts on the way to the current router.
        status_code: the status of the response that has been started.
        error_type: what went wrong, by the semantic conventions.
        data: the objects of the request, until it ends.
        reported: the exceptions that have been logged.
    """

    protocol: str
    span_method: str
    span: Span | None = None
    tracer: Tracer | None = None
    logger: Logger | None = None
    context: Context | None = None
    route: str | None = None
    mount_prefix: str = ""
    status_code: int | None = None
    error_type: str | None = None
    data: TelemetryData | None = field(default_factory=TelemetryData)
    reported: list[BaseException] = field(default_factory=list)

    def route_selected(self, template: str, *, is_mount: bool = False) -> None:
        """Note that a router has found its route.

        Args:
            template: the route's path template below the router.
            is_mount: whether what is mounted there has routes of its own to choose from. Until
                it has chosen, the rest of the path stands for itself.
        """
        prefix = self.mount_prefix + template
        if is_mount:
            self.mount_prefix = prefix
            prefix += "/{path}"
        self.route = prefix
        if self.span is not None:
            self.span.update_name(f"{self.span_method} {prefix}")
            self.span.set_attribute("http.route", prefix)

    def report_exception(self, exc: BaseException) -> None:
        """Note that the request failed, and log why.

        To be called before the failure is answered: after the last byte the span has ended.
        """
        from fastrapi.telemetry.exceptions import report_exception

        report_exception(self, exc)

    def forget(self) -> None:
        """Let go of the request's objects: somebody may have kept the context."""
        self.data = None
        self.context = None
        self.reported.clear()


current_telemetry: ContextVar[RequestTelemetry | None] = ContextVar("current_telemetry", default=None)
"""The request that is being recorded, or `None`. Cheaper to ask than OpenTelemetry's context."""


def get_telemetry_data(context: Context | None = None) -> TelemetryData | None:
    """The objects of the request to which a context belongs.

    Args:
        context: a context as processors are given it; the current one by default.

    Returns:
        `None` outside of recorded requests, and after they have ended.
    """
    # Nobody can have put a request into a context while there are no contexts.
    api = sys.modules.get("opentelemetry.context")
    state = None if api is None else api.get_value(STATE_KEY, context)
    return state.data if isinstance(state, RequestTelemetry) else None
