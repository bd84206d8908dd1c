"""OpenTelemetry, built in: spans, metrics and logs for what an application does.

`opentelemetry-api` is optional. Without it, or without a configured provider, nothing here runs
on a request. With it, the signals, their names and their attributes are those of FastAPI and of
OpenTelemetry's semantic conventions for HTTP servers.
"""

from fastrapi.telemetry.config import TelemetryConfig as TelemetryConfig
from fastrapi.telemetry.state import TelemetryData as TelemetryData
from fastrapi.telemetry.state import get_telemetry_data as get_telemetry_data
