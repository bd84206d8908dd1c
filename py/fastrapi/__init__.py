"""FastAPI's API, made to be served by a Rust server and by any other ASGI server."""

from fastrapi._version import FASTAPI_PARITY as FASTAPI_PARITY
from fastrapi._version import STARLETTE_PARITY as STARLETTE_PARITY
from fastrapi._version import __version__ as __version__
