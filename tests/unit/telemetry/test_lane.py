"""What is recorded or instrumented is not planned for the direct lane, which has no place for it."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider

from fastrapi import FastAPI, routing
from fastrapi.plan.compile import compile_application
from fastrapi.telemetry import TelemetryConfig


def reason(telemetry: TelemetryConfig | None = None) -> str | None:
    return compile_application(FastAPI(telemetry=telemetry)).reason


def test_without_a_provider_nothing_is_recorded() -> None:
    assert reason() is None


@pytest.mark.parametrize("switched_off", [{}, {"tracing": False, "metrics": False, "logs": False}])
def test_a_provider_counts_unless_all_is_switched_off(switched_off: TelemetryConfig) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    found = reason({"tracer_provider": provider, **switched_off})
    assert (found is None) == bool(switched_off)


def test_exporters_to_come_count() -> None:
    assert reason({"auto_configure": True}) is not None


def test_replaced_functions_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "get_request_handler", lambda **_: None)
    found = reason()
    assert found is not None
    assert "instrumentation" in found
