"""The ASGI layers that record requests and connections."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, StatusCode

from fastrapi.telemetry.attributes import (
    known_methods,
    protocol_attributes,
    server_attributes,
    url_attributes,
)
from fastrapi.telemetry.exceptions import exception_type, is_normal_disconnect
from fastrapi.telemetry.propagation import HEADERS
from fastrapi.telemetry.providers import HttpInstruments, Providers
from fastrapi.telemetry.state import STATE_KEY, RequestTelemetry, current_telemetry
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.telemetry.config import TelemetryConfig

_EXCLUDED_KEY = "fastrapi.telemetry.excluded"
_INSTRUMENTATION_PACKAGE = "opentelemetry.instrumentation."


def has_legacy_instrumentation(stack: Any) -> bool:
    """Whether a middleware stack contains the layer of the separate instrumentation packages.

    They record the same things, so the built-in telemetry steps back.
    """
    while stack is not None:
        if type(stack).__module__.startswith(_INSTRUMENTATION_PACKAGE):
            return True
        stack = getattr(stack, "app", None)
    return False


class _HttpRecording:
    """Follows one HTTP exchange and records its end, once: after the last byte was sent."""

    def __init__(
        self, state: RequestTelemetry, instruments: HttpInstruments | None, attributes: dict[str, Any]
    ) -> None:
        self._state = state
        self._instruments = instruments
        self._attributes = attributes
        self._method_and_scheme: dict[str, Any] = {
            key: attributes[key] for key in ("http.request.method", "url.scheme")
        }
        self._started = time.perf_counter()
        self._expects_trailers = False
        self._is_over = False
        self.client_is_gone = False
        if instruments is not None:
            instruments.active.add(1, self._method_and_scheme)

    def wrap(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The channels for the application, watched."""

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.client_is_gone = True
            return message

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._start(message)
            await send(message)
            if self._is_last(message):
                self.finish(None)

        return watched_receive, watched_send

    def _start(self, message: Message) -> None:
        self._state.status_code = message["status"]
        self._expects_trailers = bool(message.get("trailers"))
        if self._state.span is not None:
            self._state.span.set_attribute("http.response.status_code", message["status"])

    def _is_last(self, message: Message) -> bool:
        match message["type"]:
            case "http.response.body":
                return not message.get("more_body", False) and not self._expects_trailers
            case "http.response.pathsend":
                return not self._expects_trailers
            case "http.response.trailers":
                return not message.get("more_trailers", False)
        return False

    def finish(self, exc: BaseException | None) -> None:
        """Record the end of the exchange, unless that has happened.

        Args:
            exc: what the application raised, or what was wrong with the way it ended.
        """
        if self._is_over:
            return
        self._is_over = True
        state = self._state
        if state.error_type is None:
            if exc is not None:
                state.error_type = exception_type(exc)
            elif state.status_code is not None and state.status_code >= 500:
                state.error_type = str(state.status_code)
        end_span(state)
        if self._instruments is not None:
            self._instruments.active.add(-1, self._method_and_scheme, context=state.context)
            optional = {
                "http.response.status_code": state.status_code,
                "http.route": state.route,
                "error.type": state.error_type,
            }
            attributes = self._attributes | {k: v for k, v in optional.items() if v is not None}
            elapsed = time.perf_counter() - self._started
            self._instruments.duration.record(elapsed, attributes, context=state.context)

    def finish_unanswered(self) -> None:
        """Record that the application has ended without the end of a response."""
        if not self._is_over:
            self.finish(ConnectionError() if self.client_is_gone else RuntimeError())


def end_span(state: RequestTelemetry) -> None:
    """End the server span, with what went wrong if anything did."""
    if state.span is None:
        return
    if state.error_type is not None:
        state.span.set_attribute("error.type", state.error_type)
        state.span.set_status(StatusCode.ERROR)
    state.span.end()


class NativeTelemetry:
    """Records what an application does, if any signal is switched on and has a provider.

    Args:
        config: the application's configuration, complete.
    """

    def __init__(self, config: TelemetryConfig) -> None:
        self._config = config
        self._providers = Providers(config)
        self._known_methods = known_methods()

    async def __call__(
        self, *, app: ASGIApp, scope: Scope, receive: Receive, send: Send, legacy_otel: bool = False
    ) -> None:
        """Run the application on a request or connection.

        Args:
            app: the application.
            scope: the ASGI scope.
            receive: the ASGI channel from the client.
            send: the ASGI channel to the client.
            legacy_otel: whether a separate instrumentation package records the application.
        """
        if STATE_KEY in scope or _EXCLUDED_KEY in scope:
            # Part of an application that has decided already.
            await app(scope, receive, send)
            return
        exclude = self._config["exclude"]
        if legacy_otel or (exclude is not None and exclude(scope)):
            await self._run_excluded(app, scope, receive, send)
            return
        is_http = scope["type"] == "http"
        tracer, logger = self._providers.tracer(), self._providers.logger()
        instruments = self._providers.instruments() if is_http else None
        if tracer is None and logger is None and instruments is None:
            await app(scope, receive, send)
            return
        method, shown_method, extra = self._method(scope) if is_http else ("", "WS", {})
        state = RequestTelemetry(
            protocol=scope["type"],
            span_method=shown_method,
            logger=logger,
            mount_prefix=scope.get("root_path", ""),
        )
        parent = propagate.extract(scope["headers"], getter=HEADERS)
        if tracer is not None:
            state.tracer = tracer if self._config["operation_spans"] else None
            attributes = server_attributes(scope)
            if is_http:
                attributes |= url_attributes(scope) | protocol_attributes(scope, method) | extra
            else:
                attributes |= {"url.scheme": scope.get("scheme", "ws"), "network.protocol.name": "websocket"}
            state.span = tracer.start_span(
                shown_method, context=parent, kind=SpanKind.SERVER, attributes=attributes
            )
            parent = trace.set_span_in_context(state.span, parent)
        state.context = otel_context.set_value(STATE_KEY, state, parent)
        if is_http:
            recording = _HttpRecording(state, instruments, protocol_attributes(scope, method))
            await self._run(app, state, scope, *recording.wrap(receive, send), recording)
        else:
            await self._run(app, state, scope, receive, send, None)

    def _method(self, scope: Scope) -> tuple[str, str, dict[str, Any]]:
        """The method as an attribute and in the span's name, and the original one if it is unknown."""
        method: str = scope["method"]
        if method in self._known_methods:
            return method, method, {}
        # The number of possible names has to be bounded.
        return "_OTHER", "HTTP", {"http.request.method_original": method}

    async def _run_excluded(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application so that it does not see the telemetry of a request around it."""
        scope[_EXCLUDED_KEY] = True
        outer = current_telemetry.set(None)
        is_inside = otel_context.get_value(STATE_KEY) is not None
        token = otel_context.attach(otel_context.set_value(STATE_KEY, None)) if is_inside else None
        try:
            await app(scope, receive, send)
        finally:
            if token is not None:
                otel_context.detach(token)
            current_telemetry.reset(outer)
            del scope[_EXCLUDED_KEY]

    async def _run(
        self,
        app: ASGIApp,
        state: RequestTelemetry,
        scope: Scope,
        receive: Receive,
        send: Send,
        recording: _HttpRecording | None,
    ) -> None:
        assert state.context is not None
        scope[STATE_KEY] = state
        token = otel_context.attach(state.context)
        outer = current_telemetry.set(state)
        try:
            await app(scope, receive, send)
        except BaseException as exc:
            state.report_exception(exc)
            if recording is not None:
                recording.finish(exc)
            elif not is_normal_disconnect(exc):
                state.error_type = state.error_type or exception_type(exc)
            raise
        else:
            if recording is not None:
                recording.finish_unanswered()
        finally:
            if recording is None:
                end_span(state)
            current_telemetry.reset(outer)
            otel_context.detach(token)
            scope.pop(STATE_KEY, None)
            state.forget()
