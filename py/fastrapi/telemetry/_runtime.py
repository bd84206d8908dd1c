"""OTLP exporters set up from the environment (`auto_configure`), flushed and closed by us."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anyio import to_thread

from fastrapi.exceptions import FastAPIError
from fastrapi.logger import logger
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.telemetry.config import TelemetryConfig

_owned: list[Any] = []
"""The processors and readers that were made here and have to be flushed and closed here."""

_configured: list[tuple[str, Any]] = []
"""The signals and providers that export what the environment asks for."""

_LAST_MESSAGES = frozenset(
    {"lifespan.startup.failed", "lifespan.shutdown.failed", "lifespan.shutdown.complete"}
)
_ADVICE = "pass telemetry={'auto_configure': False} to FastAPI()."


@dataclass(frozen=True)
class _Signal:
    """How one signal is exported; modules and classes of the SDK by name, as it is optional.

    Attributes:
        name: as in the names of environment variables.
        kind: as in `get_tracer_provider`.
        api: the API's module with the global provider.
        sdk: the SDK's module with the provider class.
        exporter: module and class of the OTLP exporter.
        component: module and class of what feeds the exporter.
        register: the provider's method that takes the component.
    """

    name: str
    kind: str
    api: str
    sdk: str
    exporter: tuple[str, str]
    component: tuple[str, str]
    register: str

    @property
    def provider_class(self) -> str:
        return f"{self.kind.title()}Provider"


_EXPORTERS = "opentelemetry.exporter.otlp.proto.http."
_SIGNALS = (
    _Signal(
        "TRACES",
        "tracer",
        "opentelemetry.trace",
        "opentelemetry.sdk.trace",
        (f"{_EXPORTERS}trace_exporter", "OTLPSpanExporter"),
        ("opentelemetry.sdk.trace.export", "BatchSpanProcessor"),
        "add_span_processor",
    ),
    _Signal(
        "METRICS",
        "meter",
        "opentelemetry.metrics",
        "opentelemetry.sdk.metrics",
        (f"{_EXPORTERS}metric_exporter", "OTLPMetricExporter"),
        ("opentelemetry.sdk.metrics.export", "PeriodicExportingMetricReader"),
        "add_metric_reader",
    ),
    _Signal(
        "LOGS",
        "logger",
        "opentelemetry._logs",
        "opentelemetry.sdk._logs",
        (f"{_EXPORTERS}_log_exporter", "OTLPLogExporter"),
        ("opentelemetry.sdk._logs.export", "BatchLogRecordProcessor"),
        "add_log_record_processor",
    ),
)


def _cleanup(method: str, components: list[Any]) -> None:
    for component in components:
        try:
            getattr(component, method)()
        except Exception:
            # The application ends as it should; what could not be exported is said in the log.
            logger.exception("FastAPI telemetry cleanup failed")


def _flush() -> None:
    """Export what is waiting."""
    _cleanup("force_flush", _owned)


def _shutdown() -> None:
    """Close what was made here."""
    components = list(_owned)
    _owned.clear()
    _configured.clear()
    _cleanup("shutdown", components)


atexit.register(_shutdown)


def _variable(name: str) -> str:
    """An environment variable; an empty one counts as not set (OpenTelemetry's specification)."""
    return os.environ.get(name, "").strip()


def _export_endpoint(signal: str) -> str | None:
    """Where a signal (`TRACES`, `METRICS`, `LOGS`) goes, or `None` if it is not to be exported.

    Raises:
        FastAPIError: the environment asks for an exporter, protocol or address that is not supported.
    """
    own = _variable(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    general = _variable("OTEL_EXPORTER_OTLP_ENDPOINT")
    exporter = _variable(f"OTEL_{signal}_EXPORTER").lower()
    if exporter == "none" or not (own or general):
        return None
    if exporter not in ("", "otlp"):
        raise FastAPIError(
            f"FastAPI automatic telemetry supports OTEL_{signal}_EXPORTER=otlp or none. "
            f"Configure other exporters explicitly and {_ADVICE}"
        )
    protocol = _variable(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or _variable("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in ("", "http/protobuf"):
        raise FastAPIError(
            "FastAPI automatic telemetry requires the OTLP http/protobuf protocol. "
            f"Configure other transports explicitly and {_ADVICE}"
        )
    endpoint = own or f"{general.rstrip('/')}/v1/{signal.lower()}"
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise FastAPIError(f"Invalid OTLP {signal.lower()} endpoint. Use an absolute HTTP or HTTPS URL.")
    return endpoint


def _registration_provider(provider: Any) -> Any:
    """The provider that takes a metric reader: the given one, or the one that it wraps."""
    while not hasattr(provider, "add_metric_reader") and hasattr(provider, "provider"):
        provider = provider.provider
    return provider


def _load(path: tuple[str, str]) -> Any:
    module, name = path
    return getattr(import_module(module), name)


def _target(signal: _Signal, explicit: Any) -> Any:
    """The provider to export from, made if there is none."""
    from fastrapi.telemetry.providers import is_placeholder

    api = import_module(signal.api)
    get_global, set_global = (
        getattr(api, f"get_{signal.kind}_provider"),
        getattr(api, f"set_{signal.kind}_provider"),
    )
    provider = get_global() if explicit is None else explicit
    if explicit is None and is_placeholder(provider):
        created = _load((signal.sdk, signal.provider_class))(shutdown_on_exit=False)
        set_global(created)
        provider = get_global()
        if provider is not created:
            # Somebody else was faster, and the first one stays.
            created.shutdown()
    return provider


def _configure_signal(signal: _Signal, endpoint: str, explicit: Any) -> None:
    exporter_class, component_class = _load(signal.exporter), _load(signal.component)
    provider = _target(signal, explicit)
    if signal.kind == "meter":
        provider = _registration_provider(provider)
    if any(known is provider for _, known in _configured):
        return
    register = getattr(provider, signal.register, None)
    if register is None:
        raise FastAPIError(
            f"The configured OpenTelemetry {signal.kind} provider does not support adding an OTLP exporter. "
            f"Configure environment export through that provider and {_ADVICE}"
        )
    component = component_class(exporter_class(endpoint=endpoint))
    try:
        register(component)
    except Exception:
        component.shutdown()
        raise
    _owned.append(component)
    _configured.append((signal.name, provider))


def _configure_from_environment(config: TelemetryConfig) -> None:
    """Set up the exporters that the environment asks for, unless that has been done.

    Raises:
        FastAPIError: the environment asks for something that is not supported, or the SDK is missing.
    """
    if not config["auto_configure"] or _variable("OTEL_SDK_DISABLED").lower() == "true":
        return
    endpoints = [(signal, _export_endpoint(signal.name)) for signal in _SIGNALS]
    for signal, endpoint in endpoints:
        if endpoint is None:
            continue
        explicit = config.get(f"{signal.kind}_provider")
        try:
            _configure_signal(signal, endpoint, explicit)
        except ImportError as error:
            raise FastAPIError(
                "Automatic OpenTelemetry export requires fastapi[opentelemetry] or fastapi[standard]. "
                f"Install the extra, configure providers yourself, or {_ADVICE}"
            ) from error


async def lifespan(
    *, config: TelemetryConfig, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run an application's lifespan between setting up its exporters and flushing them.

    Telemetry that cannot be set up is a warning: it does not keep an application from starting.
    """
    try:
        _configure_from_environment(config)
    except Exception as error:
        logger.warning("FastAPI automatic telemetry configuration failed: %s", error)

    async def flushing_send(message: Message) -> None:
        if message["type"] in _LAST_MESSAGES:
            # Exporters use blocking I/O.
            await to_thread.run_sync(_flush)
        await send(message)

    await app(scope, receive, flushing_send)
