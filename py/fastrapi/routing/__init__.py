"""Path operations: routes, routers and their inclusion, and how requests to them are handled."""

from fastrapi.compat.starlette.routing import BaseRoute as BaseRoute
from fastrapi.compat.starlette.routing import Match as Match
from fastrapi.compat.starlette.routing import Mount as Mount
from fastrapi.compat.starlette.routing import NoMatchFound as NoMatchFound
from fastrapi.compat.starlette.routing import Route as Route
from fastrapi.compat.starlette.routing import WebSocketRoute as WebSocketRoute
from fastrapi.compat.starlette.routing import compile_path as compile_path
from fastrapi.compat.starlette.routing import get_name as get_name
from fastrapi.dependencies.solving import solve_dependencies as solve_dependencies
from fastrapi.requests import Request as Request
from fastrapi.responses import JSONResponse as JSONResponse
from fastrapi.responses import Response as Response
from fastrapi.routing.context import RouteContext as RouteContext
from fastrapi.routing.context import (
    iter_included_route_candidates as _iter_included_route_candidates,  # noqa: F401
)
from fastrapi.routing.context import iter_route_contexts as iter_route_contexts
from fastrapi.routing.effective import restore_scope_key as _restore_fastapi_scope_key  # noqa: F401
from fastrapi.routing.handlers import get_request_handler as get_request_handler
from fastrapi.routing.handlers import get_websocket_app as get_websocket_app
from fastrapi.routing.handlers import request_response as request_response
from fastrapi.routing.handlers import websocket_session as websocket_session
from fastrapi.routing.inclusion import IncludedRouter as _IncludedRouter  # noqa: F401
from fastrapi.routing.recording import run_endpoint_function as run_endpoint_function
from fastrapi.routing.responses import serialize_response as serialize_response
from fastrapi.routing.route import APIRoute as APIRoute
from fastrapi.routing.route import APIWebSocketRoute as APIWebSocketRoute
from fastrapi.routing.route import _effective_route_context_var as _effective_route_context_var
from fastrapi.routing.router import APIRouter as APIRouter
from fastrapi.sse import KEEPALIVE_INTERVAL as _PING_INTERVAL  # noqa: F401
