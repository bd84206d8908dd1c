"""Exporters from the environment: which addresses are taken, and what is refused."""

from __future__ import annotations

import logging

import pytest

from fastrapi.exceptions import FastAPIError
from fastrapi.telemetry import _runtime


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


def test_general_address_is_extended_by_the_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/base/")
    assert _runtime._export_endpoint("LOGS") == "http://collector:4318/base/v1/logs"


def test_address_of_the_signal_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector/traces/")
    assert _runtime._export_endpoint("TRACES") == "http://collector/traces/"
    assert _runtime._export_endpoint("LOGS") is None


def test_none_switches_a_signal_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    assert _runtime._export_endpoint("METRICS") is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "not-a-url", "absolute HTTP"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
        ("OTEL_TRACES_EXPORTER", "console", "otlp or none"),
    ],
)
def test_what_is_not_supported_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector")
    monkeypatch.setenv(name, value)
    with pytest.raises(FastAPIError, match=message):
        _runtime._export_endpoint("TRACES")


def test_failing_cleanup_is_logged_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    class Failing:
        def force_flush(self) -> None:
            raise RuntimeError

        def shutdown(self) -> None:
            raise RuntimeError

    class Working:
        def force_flush(self) -> None:
            done.append("flush")

        def shutdown(self) -> None:
            done.append("shutdown")

    monkeypatch.setattr(_runtime, "_owned", [Failing(), Working()])
    with caplog.at_level(logging.ERROR, logger="fastapi"):
        _runtime._flush()
        _runtime._shutdown()
        _runtime._shutdown()
    assert done == ["flush", "shutdown"]
    assert caplog.text.count("FastAPI telemetry cleanup failed") == 2
