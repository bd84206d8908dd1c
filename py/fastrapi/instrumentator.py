"""Metrics for Prometheus: `Instrumentator().instrument(app).expose(app)`.

Counts and times requests by method, path template and status, and shows them in Prometheus' text
format (version 0.0.4).
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastrapi.compat.starlette.routing import Mount
from fastrapi.responses import Response
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NO_ROUTE = "none"

_Labels = tuple[str, str, str]


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"'


class _Durations:
    """A histogram: how many requests took up to how long."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: Sequence[float]) -> None:
        self.counts = [0] * (len(buckets) + 1)
        self.total = 0.0


class Instrumentator:
    """Measures the requests of an application.

    Args:
        buckets: the upper bounds of the histogram's buckets, in seconds, ascending.

    Raises:
        ValueError: the bounds are not ascending.
    """

    def __init__(self, buckets: Sequence[float] = _BUCKETS) -> None:
        if list(buckets) != sorted(set(buckets)):
            raise ValueError("buckets must be ascending")
        self._buckets = tuple(buckets)
        self._durations: defaultdict[_Labels, _Durations] = defaultdict(lambda: _Durations(self._buckets))
        self._in_progress = 0
        self._instrumented: set[int] = set()

    def instrument(self, app: FastAPI) -> Instrumentator:
        """Measure the requests of an application from now on.

        Raises:
            RuntimeError: the application has started.
        """
        if id(app) not in self._instrumented:
            self._instrumented.add(id(app))
            app.add_middleware(_MeasuringMiddleware, instrumentator=self)
        return self

    def expose(
        self, app: FastAPI, endpoint: str = "/metrics", include_in_schema: bool = False
    ) -> Instrumentator:
        """Show the metrics of an application, which is instrumented unless it has been.

        Args:
            app: the application.
            endpoint: the path at which they are shown.
            include_in_schema: whether that path is in the OpenAPI document.

        Raises:
            RuntimeError: the application has started, and is not instrumented.
        """
        self.instrument(app)

        async def metrics() -> Response:
            return Response(self.render(), headers={"Content-Type": _MEDIA_TYPE})

        app.add_api_route(endpoint, metrics, include_in_schema=include_in_schema, response_class=Response)
        return self

    def started(self) -> None:
        """Count a request as being in progress."""
        self._in_progress += 1

    def finished(self, method: str, template: str, status: int, seconds: float) -> None:
        """Count a request that was in progress.

        Args:
            method: the HTTP method.
            template: the path template, of which there are not too many.
            status: the status of the answer.
            seconds: how long it took.
        """
        self._in_progress -= 1
        durations = self._durations[method, template, str(status)]
        durations.counts[bisect_left(self._buckets, seconds)] += 1
        durations.total += seconds

    def render(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return "".join(f"{line}\n" for line in self._lines()).encode()

    def _lines(self) -> Iterator[str]:
        series = sorted(self._durations.items())
        yield "# HELP http_requests_total Requests that were answered."
        yield "# TYPE http_requests_total counter"
        for labels, durations in series:
            yield f"http_requests_total{{{self._labels(labels)}}} {sum(durations.counts)}"
        yield "# HELP http_requests_in_progress Requests that are being answered."
        yield "# TYPE http_requests_in_progress gauge"
        yield f"http_requests_in_progress {self._in_progress}"
        yield "# HELP http_request_duration_seconds How long requests took."
        yield "# TYPE http_request_duration_seconds histogram"
        for labels, durations in series:
            named, count = self._labels(labels), 0
            for bound, number in zip((*map(str, self._buckets), "+Inf"), durations.counts, strict=True):
                count += number
                yield f'http_request_duration_seconds_bucket{{{named},le="{bound}"}} {count}'
            yield f"http_request_duration_seconds_sum{{{named}}} {durations.total!r}"
            yield f"http_request_duration_seconds_count{{{named}}} {count}"

    @staticmethod
    def _labels(labels: _Labels) -> str:
        method, template, status = labels
        return f"method={_quoted(method)},handler={_quoted(template)},status={_quoted(status)}"


class _MeasuringMiddleware:
    def __init__(self, app: ASGIApp, instrumentator: Instrumentator) -> None:
        self.app = app
        self._instrumentator = instrumentator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500  # an exception that nothing here answers

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        self._instrumentator.started()
        try:
            await self.app(scope, receive, noting_send)
        finally:
            seconds = time.perf_counter() - began
            self._instrumentator.finished(_method(scope), _template(scope), status, seconds)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def _method(scope: Scope) -> str:
    """The method; all that clients make up are one, or they could fill the memory."""
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"


def _template(scope: Scope) -> str:
    """The path template that the request matched."""
    framework = scope.get("fastapi")
    effective = framework.get("effective_route_context") if isinstance(framework, dict) else None
    route = effective or scope.get("route")
    if isinstance(route, Mount):
        return f"{route.path}/*"
    template: str = getattr(route, "path_format", None) or getattr(route, "path", None) or _NO_ROUTE
    return template
