"""The application's way to its telemetry, which costs next to nothing while there is none."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from fastrapi.telemetry.config import TelemetryConfig
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.telemetry._asgi import NativeTelemetry

_PROVIDER_VARIABLES = (
    "OTEL_PYTHON_TRACER_PROVIDER",
    "OTEL_PYTHON_METER_PROVIDER",
    "OTEL_PYTHON_LOGGER_PROVIDER",
)
_PROVIDER_KEYS = ("tracer_provider", "meter_provider", "logger_provider")


class TelemetryGate:
    """Decides, for one application, whether anything has to be recorded at all.

    Args:
        config: the application's configuration, complete.
    """

    def __init__(self, config: TelemetryConfig) -> None:
        self._config = config
        self._is_wanted = config["tracing"] or config["metrics"] or config["logs"]
        # A provider comes from the application, from the environment, or from somebody who has
        # imported OpenTelemetry; without any of these there is no need to.
        self._has_provider = any(config.get(key) is not None for key in _PROVIDER_KEYS) or any(
            os.environ.get(name) for name in _PROVIDER_VARIABLES
        )
        self._native: NativeTelemetry | None = None
        self._examined_stack: Any = None
        self._is_instrumented_elsewhere = False

    @property
    def is_open(self) -> bool:
        """Whether requests may have to be recorded."""
        return self._is_wanted and (self._has_provider or "opentelemetry.trace" in sys.modules)

    @property
    def may_record(self) -> bool:
        """Whether requests are recorded now, or will be once the application has started.

        A provider that is configured later is not foreseen.
        """
        if not self._is_wanted:
            return False
        if self._config["auto_configure"]:
            return True
        if not self.is_open:
            return False
        if any(self._config.get(key) is not None for key in _PROVIDER_KEYS):
            return True
        from opentelemetry import trace

        from fastrapi.telemetry.providers import Providers

        # Asking a provider for a tracer has effects; what kind it is tells enough.
        nothing = (trace.ProxyTracerProvider, trace.NoOpTracerProvider)
        if not isinstance(trace.get_tracer_provider(), nothing):
            return True
        providers = Providers(self._config)
        return any((providers.logger(), providers.instruments()))

    @property
    def concerns_lifespan(self) -> bool:
        """Whether exporters may have to be set up at startup, or flushed at shutdown."""
        return self._config["auto_configure"] or "fastrapi.telemetry._runtime" in sys.modules

    async def serve(
        self,
        app: ASGIApp,
        stack: ASGIApp,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Run the application on a request or connection, recorded. Only if the gate is open.

        Args:
            app: the application.
            stack: the application's middleware stack.
            scope: the ASGI scope.
            receive: the ASGI channel from the client.
            send: the ASGI channel to the client.
        """
        if self._native is None:
            from fastrapi.telemetry._asgi import NativeTelemetry

            self._native = NativeTelemetry(self._config)
        if stack is not self._examined_stack:
            from fastrapi.telemetry._asgi import has_legacy_instrumentation

            self._is_instrumented_elsewhere = has_legacy_instrumentation(stack)
            self._examined_stack = stack
        await self._native(
            app=app, scope=scope, receive=receive, send=send, legacy_otel=self._is_instrumented_elsewhere
        )

    async def live(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application's lifespan with its exporters. Only if it concerns this gate."""
        from fastrapi.telemetry import _runtime

        await _runtime.lifespan(config=self._config, app=app, scope=scope, receive=receive, send=send)
