"""Starlette's routing vocabulary."""

from fastrapi._routing.adapters import request_response, websocket_session
from fastrapi._routing.base import BaseRoute, Match, NoMatchFound
from fastrapi._routing.mount import Host, Mount
from fastrapi._routing.paths import compile_path, get_name, replace_params
from fastrapi._routing.route import Route, WebSocketRoute
from fastrapi._routing.router import Router
from fastrapi._utils import get_route_path

__all__ = [
    "BaseRoute",
    "Host",
    "Match",
    "Mount",
    "NoMatchFound",
    "Route",
    "Router",
    "WebSocketRoute",
    "compile_path",
    "get_name",
    "get_route_path",
    "replace_params",
    "request_response",
    "websocket_session",
]
