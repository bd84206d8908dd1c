"""The answers to errors that every application starts with."""

from fastrapi._json_safe import json_safe
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.encoders import jsonable_encoder
from fastrapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastrapi.requests import Request
from fastrapi.responses import JSONResponse, Response
from fastrapi.status import WS_1008_POLICY_VIOLATION
from fastrapi.utils import is_body_allowed_for_status_code
from fastrapi.websockets import WebSocket


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and headers, and its detail where a body is allowed."""
    headers = getattr(exc, "headers", None)
    if not is_body_allowed_for_status_code(exc.status_code):
        return Response(status_code=exc.status_code, headers=headers)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Answer 422 with the list of errors, up to the application's `max_validation_errors`."""
    limit = getattr(request.scope.get("app"), "max_validation_errors", None)
    errors = exc.errors() if limit is None else exc.errors()[:limit]
    try:
        return JSONResponse({"detail": jsonable_encoder(errors)}, status_code=422)
    except ValueError:
        # The errors quote what the client sent, and that need not be JSON or even text.
        return JSONResponse({"detail": jsonable_encoder(json_safe(errors))}, status_code=422)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close with code 1008 (RFC 6455, section 7.4.1) and the list of errors as the reason."""
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=jsonable_encoder(exc.errors()))
