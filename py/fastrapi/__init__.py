"""FastAPI's API, made to be served by a Rust server and by any other ASGI server."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastrapi import status as status
from fastrapi._version import FASTAPI_PARITY as FASTAPI_PARITY
from fastrapi._version import STARLETTE_PARITY as STARLETTE_PARITY
from fastrapi._version import __version__ as __version__
from fastrapi.applications import FastAPI as FastAPI
from fastrapi.applications import FastrAPI as FastrAPI
from fastrapi.background import BackgroundTasks as BackgroundTasks
from fastrapi.datastructures import UploadFile as UploadFile
from fastrapi.exceptions import HTTPException as HTTPException
from fastrapi.exceptions import WebSocketException as WebSocketException
from fastrapi.param_functions import Body as Body
from fastrapi.param_functions import Cookie as Cookie
from fastrapi.param_functions import Depends as Depends
from fastrapi.param_functions import File as File
from fastrapi.param_functions import Form as Form
from fastrapi.param_functions import Header as Header
from fastrapi.param_functions import Path as Path
from fastrapi.param_functions import Query as Query
from fastrapi.param_functions import Security as Security
from fastrapi.requests import Request as Request
from fastrapi.responses import Response as Response
from fastrapi.routing import APIRouter as APIRouter
from fastrapi.websockets import WebSocket as WebSocket
from fastrapi.websockets import WebSocketDisconnect as WebSocketDisconnect

if TYPE_CHECKING:
    from fastrapi import exception_handlers as exception_handlers
    from fastrapi import middleware as middleware
    from fastrapi import openapi as openapi
    from fastrapi import security as security
    from fastrapi import sse as sse
    from fastrapi import telemetry as telemetry
    from fastrapi import types as types

# Submodules that `import fastapi` makes available as attributes upstream. The others are imported
# above; these when somebody asks for one, so that an application does not pay for what it does not name.
_SUBMODULES = frozenset(
    {"exception_handlers", "middleware", "openapi", "security", "sse", "telemetry", "types"}
)


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
