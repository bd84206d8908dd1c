"""The framework's logger. Its name is FastAPI's, so that existing logging configuration applies."""

import logging

logger = logging.getLogger("fastapi")
