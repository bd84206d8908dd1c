"""Tracers, meters and loggers: from the application's providers, else from the global ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from opentelemetry import _logs, metrics, trace

from fastrapi.telemetry.attributes import SCHEMA_URL

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SCOPE_NAME = "fastapi"
"""The instrumentation scope, by which FastAPI's signals are known."""

_DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_API_MODULES = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")


def is_placeholder(provider: Any) -> bool:
    """Whether a provider is one of the API's own, which stand in until there is a real one."""
    return type(provider).__module__.startswith(_API_MODULES)


def _stands_in(provider: Any) -> bool:
    """Whether the placeholder hands over to the global provider once there is one."""
    return "Proxy" in type(provider).__name__


def _effective(explicit: Any, get_global: Callable[[], Any]) -> Any | None:
    provider = explicit
    if provider is None or (is_placeholder(provider) and _stands_in(provider)):
        provider = get_global()
    return None if is_placeholder(provider) else provider


class _Cached(Generic[T]):
    """What was made from a provider, until there is another provider."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._provider: Any = None
        self._made: T | None = None

    def get(self, provider: Any | None) -> T | None:
        if provider is None:
            return None
        if self._made is None or provider is not self._provider:
            self._made = self._make(provider)
            self._provider = provider
        return self._made


class HttpInstruments:
    """The metrics of an HTTP server.

    Attributes:
        active: the number of requests in progress.
        duration: how long requests took, in seconds.
    """

    def __init__(self, provider: metrics.MeterProvider) -> None:
        meter = provider.get_meter(SCOPE_NAME, schema_url=SCHEMA_URL)
        self.active = meter.create_up_down_counter(
            "http.server.active_requests",
            unit="{request}",
            description="Number of active HTTP server requests.",
        )
        self.duration = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=_DURATION_BUCKETS,
        )


class Providers:
    """The signals of one application, each `None` where it is switched off or not configured.

    Providers may be configured, or replaced, after the application was made.

    Args:
        config: the application's configuration, complete.
    """

    def __init__(self, config: Any) -> None:
        self._config = config
        self._tracer = _Cached(lambda provider: provider.get_tracer(SCOPE_NAME, schema_url=SCHEMA_URL))
        self._logger = _Cached(lambda provider: provider.get_logger(SCOPE_NAME, schema_url=SCHEMA_URL))
        self._instruments = _Cached(HttpInstruments)

    def tracer(self) -> trace.Tracer | None:
        """The tracer."""
        if not self._config["tracing"]:
            return None
        return self._tracer.get(_effective(self._config["tracer_provider"], trace.get_tracer_provider))

    def logger(self) -> _logs.Logger | None:
        """The logger."""
        if not self._config["logs"]:
            return None
        return self._logger.get(_effective(self._config["logger_provider"], _logs.get_logger_provider))

    def instruments(self) -> HttpInstruments | None:
        """The metrics."""
        if not self._config["metrics"]:
            return None
        return self._instruments.get(_effective(self._config["meter_provider"], metrics.get_meter_provider))
