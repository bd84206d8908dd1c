"""A server span for each HTTP request, by OpenTelemetry's semantic conventions.

For applications of the Starlette vocabulary; FastAPI's class has telemetry of its own, see
`fastrapi.telemetry`. Needs `opentelemetry-api`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import SpanKind, StatusCode

from fastrapi._version import STARLETTE_PARITY
from fastrapi.datastructures import URL
from fastrapi.telemetry.attributes import server_attributes
from fastrapi.telemetry.propagation import HEADERS
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

_SCOPE_KEY = "starlette.opentelemetry"
_KNOWN_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)


class OpenTelemetryMiddleware:
    """Traces HTTP requests.

    Args:
        app: the application inside.
        excluded_urls: regular expressions for URLs that are not traced, as a list or separated by
            commas; they may match anywhere in the URL.
        tracer_provider: used in place of the global one.
        meter_provider: used in place of the global one, for the tracer's own measurements.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        excluded_urls: str | Sequence[str] = (),
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self.app = app
        patterns = excluded_urls.split(",") if isinstance(excluded_urls, str) else excluded_urls
        self._excluded = [re.compile(pattern.strip()) for pattern in patterns if pattern.strip()]
        self._tracer_provider = tracer_provider
        self._meter_provider = meter_provider
        self._tracer: tuple[trace.TracerProvider, trace.Tracer] | None = None

    def _get_tracer(self) -> trace.Tracer | None:
        """The tracer, or `None` if tracing is switched off. The provider may come later, or change."""
        provider = self._tracer_provider or trace.get_tracer_provider()
        if isinstance(provider, trace.NoOpTracerProvider):
            return None
        if self._tracer is None or self._tracer[0] is not provider:
            self._tracer = provider, provider.get_tracer("starlette", STARLETTE_PARITY)
        return self._tracer[1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The outermost of several decides for the whole request, also that there is no span.
        if scope["type"] != "http" or _SCOPE_KEY in scope:
            await self.app(scope, receive, send)
            return
        tracer = self._get_tracer()
        if tracer is None:
            await self.app(scope, receive, send)
            return
        scope[_SCOPE_KEY] = True
        try:
            if self._is_excluded(scope):
                await self.app(scope, receive, send)
            else:
                await self._trace(tracer, scope, receive, send)
        finally:
            del scope[_SCOPE_KEY]

    async def _trace(self, tracer: trace.Tracer, scope: Scope, receive: Receive, send: Send) -> None:
        parent = propagate.extract(scope["headers"], getter=HEADERS)
        method = scope["method"].upper()
        with tracer.start_as_current_span(
            method, context=parent, kind=SpanKind.SERVER, attributes=_attributes(scope, method)
        ) as span:
            await self._serve(span, method, scope, receive, send)

    def _is_excluded(self, scope: Scope) -> bool:
        if not self._excluded:
            return False
        url = str(URL(scope=scope))
        return any(pattern.search(url) for pattern in self._excluded)

    async def _serve(self, span: trace.Span, method: str, scope: Scope, receive: Receive, send: Send) -> None:
        outer_root: str = scope.get("root_path", "")

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                status: int = message["status"]
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_attribute("error.type", str(status))
                    span.set_status(StatusCode.ERROR)
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception as error:
            span.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            template = _route_template(scope, outer_root)
            if template is not None:
                span.update_name(f"{method} {template}")
                span.set_attribute("http.route", template)


def _route_template(scope: Scope, outer_root: str) -> str | None:
    """The template of the matched route; where nothing below a mount matched, the path of the mount."""
    route = scope.get("route")
    inner_root: str = scope.get("root_path", "").removeprefix(outer_root)
    if getattr(route, "routes", None) is not None:  # a mount or a host
        return inner_root or None
    template: str | None = getattr(route, "path_format", None)
    return None if template is None else inner_root + template


def _attributes(scope: Scope, method: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": scope["path"],
        **server_attributes(scope, fall_back=True),
    }
    if method in _KNOWN_METHODS and method != scope["method"]:
        attributes["http.request.method_original"] = scope["method"]
    query = scope.get("query_string", b"")
    if query:
        attributes["url.query"] = query.decode("latin-1")
    if scope.get("http_version"):
        attributes["network.protocol.version"] = scope["http_version"]
    if scope.get("client"):
        attributes["client.address"] = scope["client"][0]
    for name, value in scope["headers"]:
        if name == b"user-agent":
            attributes["user_agent.original"] = value.decode("latin-1")
    return attributes
