"""The ASGI scope of a request of the test client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastrapi.types import Scope

if TYPE_CHECKING:
    from fastrapi.testclient.http_library import httpx

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def build_scope(
    request: httpx.Request, *, root_path: str, client: tuple[str, int], state: dict[str, Any]
) -> Scope:
    """The scope of an HTTP request or, if the URL's scheme is ws or wss, a WebSocket handshake."""
    url = request.url
    scope: Scope = {
        "type": "http",
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "root_path": root_path,
        "scheme": url.scheme,
        "query_string": url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": client,
        "server": [url.host, _DEFAULT_PORTS[url.scheme] if url.port is None else url.port],
        "state": state,
    }
    if url.scheme in ("ws", "wss"):
        protocols = request.headers.get("sec-websocket-protocol")
        scope["type"] = "websocket"
        scope["subprotocols"] = [name.strip() for name in protocols.split(",")] if protocols else []
        scope["extensions"] = {"websocket.http.response": {}}
    else:
        scope["http_version"] = "1.1"
        scope["method"] = request.method
        scope["extensions"] = {"http.response.debug": {}, "http.response.trailers": {}}
    return scope
