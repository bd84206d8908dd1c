"""Reading the body of a request for a path operation."""

from __future__ import annotations

import json
from typing import Any

from fastrapi import params
from fastrapi._compat import ModelField
from fastrapi._form_limits import form_limits_in
from fastrapi.compat.starlette.exceptions import HTTPException as StarletteHTTPException
from fastrapi.dependencies.reading import MISSING
from fastrapi.exceptions import EndpointContext, HTTPException, RequestValidationError
from fastrapi.json_codecs import JSONCodec, decode
from fastrapi.requests import Request


async def read_body(
    request: Request,
    field: ModelField,
    *,
    strict_content_type: bool,
    context: EndpointContext,
    codec: JSONCodec | None = None,
) -> Any:
    """The body as a form, as decoded JSON, or as raw bytes; `MISSING` if there is none.

    Args:
        request: The request.
        field: The field that stands for the body.
        strict_content_type: Whether a body without a content type is not taken for JSON.
        context: Where the path operation is defined, for the error.
        codec: What reads JSON, if it is not the request itself.

    Raises:
        RequestValidationError: The body is not JSON, but says it is.
        HTTPException: The body cannot be read: 400, or the status that a middleware chose.
        OSError: A file of a form could not be stored, which is no fault of the client.
    """
    try:
        if isinstance(field.field_info, params.Form):
            return await request.form(**form_limits_in(request.scope))
        content = await body_bytes(request)
        if not content:
            return MISSING
        if is_json(request.headers.get("content-type"), strict=strict_content_type):
            return await request.json() if codec is None else decode(codec, content)
        return content
    except json.JSONDecodeError as error:
        raise _json_error(error, context) from error
    except (StarletteHTTPException, OSError):
        raise
    except Exception as error:
        raise _unreadable() from error


async def body_bytes(request: Request) -> bytes:
    """The body as it came.

    Raises:
        HTTPException: The body cannot be read: 400, or the status that a middleware chose.
    """
    try:
        return await request.body()
    except StarletteHTTPException:
        raise
    except Exception as error:
        raise _unreadable() from error


def _unreadable() -> HTTPException:
    return HTTPException(status_code=400, detail="There was an error parsing the body")


def is_json(content_type: str | None, *, strict: bool) -> bool:
    """Whether the content type is `application/json` or one with the suffix `+json` (RFC 6839)."""
    if not content_type:
        return not strict
    media_type = content_type.partition(";")[0].strip().lower()
    main, _, subtype = media_type.partition("/")
    return main == "application" and "/" not in subtype and (subtype == "json" or subtype.endswith("+json"))


def _json_error(error: json.JSONDecodeError, context: EndpointContext) -> RequestValidationError:
    details = {
        "type": "json_invalid",
        "loc": ("body", error.pos),
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": error.msg},
    }
    return RequestValidationError([details], body=error.doc, endpoint_ctx=context)
