"""A load generator for the search workload that knows the calls without a server."""

from __future__ import annotations

import http.client
import json

from webbench.client import Load, wrk
from webbench.config import Config
from webbench.server import fetch
from webbench.workloads import Request, Workload


def calls_or_wrk(
    config: Config, workload: Workload, port: int, duration_s: float, *, pin: bool = True, **options: object
) -> Load:
    """wrk, unless benches/apps/search_calls.py listens at the port: that is told to make the calls itself."""
    try:
        status, _, body = fetch(port, Request(f"/calls?seconds={duration_s}"), timeout=duration_s + 30)
    except (OSError, http.client.HTTPException):  # socketify closes the connection of an unknown path
        status, body = 0, b""
    if status != 200:
        return wrk(config, workload, port, duration_s, pin=pin, **options)
    made = json.loads(body)
    return Load(made["completed"], made["elapsed_s"], p50=0.0, p99=0.0, errors=0)
