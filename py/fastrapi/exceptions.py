"""Exceptions and warnings of the public API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from fastrapi.compat.starlette.exceptions import HTTPException as StarletteHTTPException
from fastrapi.compat.starlette.exceptions import WebSocketException as StarletteWebSocketException

if TYPE_CHECKING:
    from pydantic import BaseModel

    RequestErrorModel: type[BaseModel]
    WebSocketErrorModel: type[BaseModel]

_ERROR_MODELS = {"RequestErrorModel": "Request", "WebSocketErrorModel": "WebSocket"}
"""The models that validation errors have in FastAPI's API, and their titles in JSON schemas."""


def __getattr__(name: str) -> Any:
    # Made when they are first asked for: nothing here does.
    if name not in _ERROR_MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pydantic import create_model

    model = globals()[name] = create_model(_ERROR_MODELS[name])
    return model


class EndpointContext(TypedDict, total=False):
    """Where the path operation that a validation error belongs to is defined."""

    function: str
    path: str
    file: str
    line: int


class HTTPException(StarletteHTTPException):
    """Ends the request with an error response for the client.

    Args:
        status_code: HTTP status code to send.
        detail: Any JSON-encodable data, sent under the key `detail`.
            Defaults to the reason phrase of the status code.
        headers: Headers to add to the response.
    """

    def __init__(
        self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """Closes the WebSocket with an error.

    Args:
        code: Close code of RFC 6455, section 7.4.1.
        reason: Close reason, UTF-8 text.
    """

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(code=code, reason=reason)


class FastAPIError(RuntimeError):
    """Base class of the errors in how the framework is used."""


class DependencyScopeError(FastAPIError):
    """A dependency depends on one that is left before it, or on a request and outlives it."""


class PydanticV1NotSupportedError(FastAPIError):
    """A model of pydantic version 1 was used."""


class FastAPIDeprecationWarning(UserWarning):
    """A deprecated name was used.

    Not a `DeprecationWarning`, which Python hides by default outside `__main__`.
    """


class ValidationException(Exception):
    """Base class of the validation errors.

    Args:
        errors: The single errors, in pydantic's form.
        endpoint_ctx: Where the path operation is defined; shown by `str()`.
    """

    def __init__(self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None) -> None:
        context = endpoint_ctx or EndpointContext()
        self._errors = errors
        self.endpoint_ctx = context
        self.endpoint_function = context.get("function")
        self.endpoint_path = context.get("path")
        self.endpoint_file = context.get("file")
        self.endpoint_line = context.get("line")

    def errors(self) -> Sequence[Any]:
        """The single errors: dicts with `type`, `loc`, `msg`, `input` and perhaps `ctx`."""
        return self._errors

    def add_root_path(self, root_path: str) -> None:
        """Put the path below which the application is mounted before the path operation's own."""
        if self.endpoint_path and root_path:
            method, _, path = self.endpoint_path.rpartition(" ")
            self.endpoint_path = f"{method} {root_path.rstrip('/')}{path}".lstrip()
            self.endpoint_ctx = {**self.endpoint_ctx, "path": self.endpoint_path}

    def __str__(self) -> str:
        count = len(self._errors)
        lines = [f"{count} validation error{'' if count == 1 else 's'}:"]
        lines += [f"  {error}" for error in self._errors]
        return "\n".join(lines) + self._describe_endpoint()

    def _describe_endpoint(self) -> str:
        if self.endpoint_file and self.endpoint_line and self.endpoint_function:
            place = f'File "{self.endpoint_file}", line {self.endpoint_line}, in {self.endpoint_function}'
            return f"\n\n  {place}" + (f"\n    {self.endpoint_path}" if self.endpoint_path else "")
        return f"\n\n  Endpoint: {self.endpoint_path}" if self.endpoint_path else ""


class _BodyValidationError(ValidationException):
    """A validation error that keeps the value that failed as a whole in `body`."""

    def __init__(
        self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class RequestValidationError(_BodyValidationError):
    """The data of a request is invalid. `body` is the body as parsed."""


class ResponseValidationError(_BodyValidationError):
    """What a path operation returned does not fit its response model. `body` is what it returned."""


class WebSocketRequestValidationError(ValidationException):
    """The data of a WebSocket handshake is invalid."""
