"""The response classes.

`Response` and its simple kinds send a body that is known; `StreamingResponse`, `FileResponse` and
`EventSourceResponse` produce it while sending.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from mimetypes import guess_type as guess_type
from typing import Any
from urllib.parse import quote

from typing_extensions import deprecated

from fastrapi._datastructures.url import URL
from fastrapi._responses.base import Response
from fastrapi._responses.file import FileResponse
from fastrapi._responses.ranges import MalformedRangeHeader, RangeNotSatisfiable
from fastrapi._responses.streaming import (
    AsyncContentStream,
    Content,
    ContentStream,
    StreamingResponse,
    SyncContentStream,
)
from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.exceptions import FastAPIDeprecationWarning
from fastrapi.sse import EventSourceResponse

__all__ = [
    "AsyncContentStream",
    "Content",
    "ContentStream",
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "MalformedRangeHeader",
    "ORJSONResponse",
    "PlainTextResponse",
    "RangeNotSatisfiable",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "SyncContentStream",
    "UJSONResponse",
]

# RFC 3986's reserved characters, and "%" so that what is quoted already stays as it is.
_LOCATION_SAFE = ":/%#?=@[]!$&'()*+,;"

_DEPRECATED_JSON_CLASS = (
    "{} is deprecated, FastAPI now serializes data directly to JSON bytes via Pydantic when a return type "
    "or response model is set, which is faster and doesn't need a custom response class. Read more in the "
    "FastAPI docs: https://fastapi.tiangolo.com/advanced/custom-response/#orjson-or-response-model and "
    "https://fastapi.tiangolo.com/tutorial/response-model/"
)


class HTMLResponse(Response):
    """A response with an HTML document."""

    media_type = "text/html"


class PlainTextResponse(Response):
    """A response with a text."""

    media_type = "text/plain"


class JSONResponse(Response):
    """A response with a value encoded as JSON.

    Args:
        content: What the standard library's `json` can encode.
        status_code: The HTTP status.
        headers: Headers to add.
        media_type: The value of Content-Type.
        background: What to run after the response was sent.

    Raises:
        ValueError: The content has a float that JSON cannot express: NaN or infinity.
        TypeError: The content has a value that JSON cannot express.
    """

    media_type = "application/json"

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":"))
        return text.encode("utf-8")


@lru_cache(maxsize=2)
def _import_encoder(name: str, used_by: str) -> Any:
    """An optional JSON library. Named, imported and checked only by who uses a class that needs it."""
    try:
        return import_module(name)
    except ImportError:
        raise AssertionError(f"{name} must be installed to use {used_by}") from None


@deprecated(_DEPRECATED_JSON_CLASS.format("UJSONResponse"), category=FastAPIDeprecationWarning)
class UJSONResponse(JSONResponse):
    """A response with a value encoded as JSON by `ujson`."""

    def render(self, content: Any) -> bytes:
        encoder = _import_encoder("ujson", "UJSONResponse")
        text: str = encoder.dumps(content, ensure_ascii=False)
        return text.encode("utf-8")


@deprecated(_DEPRECATED_JSON_CLASS.format("ORJSONResponse"), category=FastAPIDeprecationWarning)
class ORJSONResponse(JSONResponse):
    """A response with a value encoded as JSON by `orjson`."""

    def render(self, content: Any) -> bytes:
        encoder = _import_encoder("orjson", "ORJSONResponse")
        encoded: bytes = encoder.dumps(content, option=encoder.OPT_NON_STR_KEYS | encoder.OPT_SERIALIZE_NUMPY)
        return encoded


class RedirectResponse(Response):
    """A response that sends the client to another URL.

    Args:
        url: Where to; characters that a URL cannot have are percent-encoded.
        status_code: 307 and 308 keep the method, 303 makes it GET.
        headers: Headers to add.
        background: What to run after the response was sent.
    """

    def __init__(
        self,
        url: str | URL,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(b"", status_code, headers, background=background)
        self.headers["location"] = quote(str(url), safe=_LOCATION_SAFE)
