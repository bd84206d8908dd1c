"""The package's version, and the versions whose behaviour it matches."""

__version__ = "0.1.0"

FASTAPI_PARITY = "0.165.0"
STARLETTE_PARITY = "1.10.0"
