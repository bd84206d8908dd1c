"""Recording of plain ASGI applications: what ends a request, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from fastrapi.middleware.errors import ServerErrorMiddleware
from fastrapi.telemetry import get_telemetry_data
from fastrapi.telemetry._asgi import NativeTelemetry, has_legacy_instrumentation
from fastrapi.telemetry.attributes import known_methods, server_attributes, url_attributes
from fastrapi.telemetry.config import complete_config
from fastrapi.telemetry.exceptions import exception_type
from fastrapi.telemetry.gate import TelemetryGate
from fastrapi.telemetry.state import STATE_KEY, current_telemetry
from fastrapi.types import Message, Receive, Scope, Send


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def native(exporter: InMemorySpanExporter) -> Iterator[NativeTelemetry]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield NativeTelemetry(complete_config({"tracer_provider": provider}))
    provider.shutdown()


def http_scope(**changes: Any) -> Scope:
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "headers": [], **changes}
    return {"query_string": b"", **scope}


async def receive() -> Message:
    return {"type": "http.disconnect"}


async def send(message: Message) -> None:
    pass


def serve(native: NativeTelemetry, app: Any, scope: Scope | None = None, send: Send = send) -> None:
    asyncio.run(native(app=app, scope=scope or http_scope(), receive=receive, send=send))


def only_span(exporter: InMemorySpanExporter) -> ReadableSpan:
    [span] = exporter.get_finished_spans()
    return span


def error_type(span: ReadableSpan) -> object:
    assert span.attributes is not None
    failed = span.status.status_code is StatusCode.ERROR
    assert failed == ("error.type" in span.attributes)
    return span.attributes.get("error.type")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}], None),
        ([{"type": "http.response.start", "status": 503}, {"type": "http.response.body"}], "503"),
        ([{"type": "http.response.start", "status": 200}, {"type": "http.response.pathsend"}], None),
        ([{"type": "http.response.start", "status": 200}], "RuntimeError"),
        (
            [
                {"type": "http.response.start", "status": 200},
                {"type": "http.response.body", "more_body": True},
            ],
            "RuntimeError",
        ),
        (
            [
                {"type": "http.response.start", "status": 200, "trailers": True},
                {"type": "http.response.body"},
            ],
            "RuntimeError",
        ),
        ([], "RuntimeError"),
    ],
)
def test_a_request_ends_with_the_last_byte(
    native: NativeTelemetry, exporter: InMemorySpanExporter, messages: list[Message], expected: str | None
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    serve(native, app)
    assert error_type(only_span(exporter)) == expected


def test_a_client_that_has_gone_is_a_connection_error(
    native: NativeTelemetry, exporter: InMemorySpanExporter
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    serve(native, app)
    assert error_type(only_span(exporter)) == "ConnectionError"


def test_work_after_the_response_is_not_part_of_the_request(
    native: NativeTelemetry, exporter: InMemorySpanExporter
) -> None:
    finished = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})
        finished.append(len(exporter.get_finished_spans()))

    serve(native, app)
    assert finished == [1]


def test_an_exception_is_noted_before_it_is_answered(
    native: NativeTelemetry, exporter: InMemorySpanExporter
) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("private")

    with pytest.raises(ValueError, match="private"):
        serve(native, ServerErrorMiddleware(failing))
    span = only_span(exporter)
    assert error_type(span) == "ValueError"
    assert not span.events


def test_nothing_is_left_behind(native: NativeTelemetry) -> None:
    scope, kept = http_scope(), []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert current_telemetry.get() is scope[STATE_KEY]
        assert get_telemetry_data() is not None
        kept.append(otel_context.get_current())

    serve(native, app, scope)
    assert STATE_KEY not in scope
    assert current_telemetry.get() is None
    assert get_telemetry_data(kept[0]) is None


def test_unknown_methods_do_not_make_new_names(
    native: NativeTelemetry, exporter: InMemorySpanExporter
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope[STATE_KEY].route_selected("/items/{id}")

    serve(native, app, http_scope(method="PRIVATE"))
    span = only_span(exporter)
    assert span.name == "HTTP /items/{id}"
    assert span.attributes is not None
    assert span.attributes["http.request.method"] == "_OTHER"


def test_templates_of_mounts_add_up(native: NativeTelemetry, exporter: InMemorySpanExporter) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        state = scope[STATE_KEY]
        state.route_selected("/tenants/{tenant}", is_mount=True)
        assert state.route == "/tenants/{tenant}/{path}"
        state.route_selected("/items/{id}")

    serve(native, app)
    assert only_span(exporter).name == "GET /tenants/{tenant}/items/{id}"


def test_query_keeps_no_secrets() -> None:
    attributes = url_attributes(http_scope(query_string=b"sig=secret&q=a%20b&%73ig="))
    assert attributes["url.query"] == "sig=REDACTED&q=a+b&sig=REDACTED"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (b"example.com", {"server.address": "example.com", "server.port": 80}),
        (b"[2001:db8::1]:8443", {"server.address": "2001:db8::1", "server.port": 8443}),
        (b"user@example.com", {}),
        (b"example.com:99999", {}),
    ],
)
def test_server_is_what_the_client_asked_for(host: bytes, expected: dict[str, object]) -> None:
    assert server_attributes(http_scope(headers=[(b"host", host)], server=("listener", 1))) == expected


def test_server_without_host_is_the_listener() -> None:
    assert server_attributes(http_scope(server=("/run/socket", None))) == {"server.address": "/run/socket"}


def test_known_methods_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", " GET , PURGE ,")
    assert known_methods() == {"GET", "PURGE"}
    monkeypatch.setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", " ")
    assert "QUERY" in known_methods()


def test_exception_types_go_by_the_names_that_dashboards_know() -> None:
    from fastrapi.compat.starlette.exceptions import HTTPException as StarletteHTTPException
    from fastrapi.exceptions import HTTPException
    from fastrapi.websockets import WebSocketDisconnect

    assert exception_type(ValueError()) == "ValueError"
    assert exception_type(HTTPException(400)) == "fastapi.exceptions.HTTPException"
    assert exception_type(StarletteHTTPException(400)) == "starlette.exceptions.HTTPException"
    assert exception_type(WebSocketDisconnect()) == "starlette.websockets.WebSocketDisconnect"


def test_gate_is_shut_where_nothing_is_wanted() -> None:
    config = complete_config({"tracing": False, "metrics": False, "logs": False})
    assert not TelemetryGate(config).is_open


def test_configuration_is_a_copy_with_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "TRUE")
    given: Any = {"tracing": False}
    config = complete_config(given)
    given["tracing"] = True
    assert config["tracing"] is False
    assert config["auto_configure"] is True


def test_layers_of_instrumentation_packages_are_recognised() -> None:
    class Layer:
        def __init__(self, app: Any) -> None:
            self.app = app

    class Foreign(Layer):
        __module__ = "opentelemetry.instrumentation.asgi"

    assert has_legacy_instrumentation(Layer(Foreign(None)))
    assert not has_legacy_instrumentation(Layer(None))
