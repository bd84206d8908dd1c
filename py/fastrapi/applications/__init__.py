"""Application classes."""

from fastrapi.applications.asgi import Starlette as Starlette
from fastrapi.applications.fastapi import FastAPI as FastAPI
from fastrapi.applications.fastapi import FastrAPI as FastrAPI
