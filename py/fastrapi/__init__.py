"""FastAPI's API, made to be served by a Rust server and by any other ASGI server."""

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
