"""What an application can set about its telemetry."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, cast

from fastrapi.types import Scope

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


class TelemetryConfig(TypedDict, total=False):
    """The keys of `FastAPI(telemetry={...})`; each may be left out.

    Attributes:
        tracer_provider: used in place of the global tracer provider.
        meter_provider: used in place of the global meter provider.
        logger_provider: used in place of the global logger provider.
        tracing: whether requests and WebSocket connections get spans. True by default.
        metrics: whether requests are measured. True by default.
        logs: whether failed validation and unhandled exceptions are recorded, the latter with
            message and stack trace. True by default.
        operation_spans: whether the steps of a request (dependencies, endpoint, serialization,
            background tasks) get spans of their own. True by default.
        auto_configure: whether OTLP exporters are set up from the `OTEL_*` environment
            variables at startup. By default what `FASTAPI_OTEL_AUTO_CONFIGURE` says, else False.
        exclude: tells, by the ASGI scope, which requests and connections to leave alone.
    """

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    logger_provider: LoggerProvider | None
    tracing: bool
    metrics: bool
    logs: bool
    operation_spans: bool
    auto_configure: bool
    exclude: Callable[[Scope], bool] | None


def complete_config(config: TelemetryConfig | None) -> TelemetryConfig:
    """A copy of the configuration, which later changes do not reach, with every key set."""
    defaults: TelemetryConfig = {
        "tracer_provider": None,
        "meter_provider": None,
        "logger_provider": None,
        "tracing": True,
        "metrics": True,
        "logs": True,
        "operation_spans": True,
        "auto_configure": os.environ.get("FASTAPI_OTEL_AUTO_CONFIGURE", "").lower() == "true",
        "exclude": None,
    }
    return cast(TelemetryConfig, {**defaults, **(config or {})})
