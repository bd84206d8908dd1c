"""Application classes."""

from fastrapi.applications.asgi import Starlette

__all__ = ["Starlette"]
