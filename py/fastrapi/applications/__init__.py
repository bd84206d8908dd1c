"""Application classes."""

from fastrapi.applications.asgi import Starlette as Starlette
from fastrapi.applications.fastapi import FastAPI as FastAPI
from fastrapi.applications.fastapi import FastrAPI as FastrAPI
from fastrapi.requests import Request as Request
from fastrapi.responses import HTMLResponse as HTMLResponse
from fastrapi.responses import JSONResponse as JSONResponse
from fastrapi.responses import Response as Response
