"""Attributes of server spans and metrics, by OpenTelemetry's semantic conventions for HTTP."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastrapi._host import parse_host_header
from fastrapi.types import Scope

SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

_KNOWN_METHODS = "CONNECT,DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT,QUERY,TRACE"
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# Query parameters that grant access to whoever has them; the conventions list them by exact name.
_SECRETS = frozenset(
    {"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "sig", "X-Goog-Signature"}
)


def known_methods() -> frozenset[str]:
    """The methods that are recorded by name; `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` replaces them."""
    listed = os.environ.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "")
    return frozenset(_split(listed) or _split(_KNOWN_METHODS))


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def server_attributes(scope: Scope, *, fall_back: bool = False) -> dict[str, Any]:
    """The address that the client asked for; nothing if it is malformed.

    The one that the server listens on stands in if the request does not name any.

    Args:
        scope: the ASGI scope.
        fall_back: whether it also stands in for a malformed one.
    """
    for name, value in scope["headers"]:
        if name == b"host":
            named = _authority_attributes(value.decode("latin-1"), scope.get("scheme", "http"))
            if named or not fall_back:
                return named
    server = scope.get("server")
    return _address(*server) if server else {}


def _authority_attributes(authority: str, scheme: str) -> dict[str, Any]:
    parsed = parse_host_header(authority)
    if parsed is None or not parsed.is_valid_port:
        return {}
    port = _DEFAULT_PORTS.get(scheme) if parsed.port is None else int(parsed.port)
    return _address(parsed.host.strip("[]"), port)


def _address(host: str, port: int | None) -> dict[str, Any]:
    return {"server.address": host} if port is None else {"server.address": host, "server.port": port}


def url_attributes(scope: Scope) -> dict[str, Any]:
    """Path and query, without the secrets that a query may hold."""
    attributes = {"url.path": scope["path"]}
    query = scope.get("query_string", b"").decode("latin-1")
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        attributes["url.query"] = urlencode(
            [(name, "REDACTED" if name in _SECRETS else value) for name, value in pairs]
        )
    return attributes


def protocol_attributes(scope: Scope, method: str) -> dict[str, Any]:
    """What spans and metrics of HTTP requests have in common; of few possible values each."""
    attributes = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
    version = scope.get("http_version")
    if version:
        attributes["network.protocol.version"] = version
    return attributes
