"""The responses of an operation: its own, those declared beside it, and the validation error."""

from __future__ import annotations

import http.client
import inspect
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.openapi.constants import REF_PREFIX
from fastrapi.responses import JSONResponse, Response
from fastrapi.sse import EVENT_SCHEMA
from fastrapi.utils import deep_dict_update, is_body_allowed_for_status_code

if TYPE_CHECKING:
    from fastrapi.openapi.schemas import SchemaRegistry
    from fastrapi.routing.operation import Operation

VALIDATION_ERROR_DEFINITIONS: dict[str, Any] = {
    "ValidationError": {
        "title": "ValidationError",
        "type": "object",
        "properties": {
            "loc": {
                "title": "Location",
                "type": "array",
                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            },
            "msg": {"title": "Message", "type": "string"},
            "type": {"title": "Error Type", "type": "string"},
            "input": {"title": "Input"},
            "ctx": {"title": "Context", "type": "object"},
        },
        "required": ["loc", "msg", "type"],
    },
    "HTTPValidationError": {
        "title": "HTTPValidationError",
        "type": "object",
        "properties": {
            "detail": {
                "title": "Detail",
                "type": "array",
                "items": {"$ref": f"{REF_PREFIX}ValidationError"},
            }
        },
    },
}
"""The body of a 422, as the default exception handler writes it."""

STANDARD_VALIDATION_CONTENT: dict[str, Any] = {
    "application/json": {"schema": {"$ref": f"{REF_PREFIX}HTTPValidationError"}}
}

_STATUS_RANGES = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}


def response_class_of(route: Operation) -> type[Response]:
    """The response class that an operation answers with, declared or by default."""
    declared: Any = route.response_class
    if isinstance(declared, DefaultPlaceholder):
        declared = declared.value
    response_class: type[Response] = declared or JSONResponse
    return response_class


@cache
def _default_status_of(initializer: Callable[..., Any]) -> str:
    """The status that a response class has by itself: a redirect's is not 200."""
    parameter = inspect.signature(initializer).parameters.get("status_code")
    default = None if parameter is None else parameter.default
    return str(int(default)) if isinstance(default, int) else ""


def status_of(route: Operation) -> str:
    """The status under which the operation's own response is documented."""
    if route.status_code is not None:
        return str(int(route.status_code))
    return _default_status_of(response_class_of(route).__init__)


def _own_content(route: Operation, registry: SchemaRegistry) -> dict[str, Any] | None:
    if route.is_sse_stream:
        schema = deepcopy(EVENT_SCHEMA)
        if route.stream_item_field is not None:
            schema["required"] = ["data"]
            schema["properties"]["data"] = {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": registry.schema(route.stream_item_field),
            }
        return {"text/event-stream": {"itemSchema": schema}}
    if route.is_json_stream:
        item = route.stream_item_field
        return {"application/jsonl": {"itemSchema": registry.schema(item) if item is not None else {}}}
    response_class = response_class_of(route)
    media_type = response_class.media_type
    if not media_type:
        return None
    if not issubclass(response_class, JSONResponse):
        schema = {"type": "string"}
    else:
        schema = registry.schema(route.response_field) if route.response_field is not None else {}
    return {media_type: {"schema": schema}}


def _describe_additional(
    operation: dict[str, Any], route: Operation, registry: SchemaRegistry, media_type: str | None
) -> None:
    responses = operation["responses"]
    for status_code, declared in route.responses.items():
        assert isinstance(declared, dict), "An additional response must be a dict"
        phrase = _phrase(status_code)
        # A copy, since merging would otherwise change what the application declared.
        additional = deepcopy({key: value for key, value in declared.items() if key != "model"})
        key = str(status_code).upper()
        response = responses.setdefault("default" if key == "DEFAULT" else key, {})
        field = route.response_fields.get(status_code)
        if field is not None:
            content = additional.setdefault("content", {}).setdefault(media_type or "application/json", {})
            deep_dict_update(content.setdefault("schema", {}), registry.schema(field))
        description = (
            additional.get("description") or response.get("description") or phrase or "Additional Response"
        )
        deep_dict_update(response, additional)
        response["description"] = description


def _phrase(status_code: int | str) -> str | None:
    """What a status means; a key that is no status is a ValueError."""
    return _STATUS_RANGES.get(str(status_code).upper()) or http.client.responses.get(int(status_code))


def describe_responses(
    operation: dict[str, Any], route: Operation, registry: SchemaRegistry, *, takes_input: bool
) -> bool:
    """Add the Responses Object (OpenAPI 3.1, section 4.8.16) to an operation.

    Returns whether that includes the standard answer to a validation error.

    Args:
        operation: the Operation Object.
        route: the operation's route.
        registry: the schemas of the document.
        takes_input: whether there is anything whose validation can fail.
    """
    status = status_of(route)
    own: dict[str, Any] = {"description": route.response_description}
    if is_body_allowed_for_status_code(route.status_code):
        content = _own_content(route, registry)
        if content is not None:
            own["content"] = content
    responses = operation.setdefault("responses", {})
    responses[status] = own
    _describe_additional(operation, route, registry, response_class_of(route).media_type)
    if route.rate_limit is not None:
        responses.setdefault("429", {"description": _phrase(429)})
    if not takes_input or any(key in responses for key in ("422", "4XX", "default")):
        return False
    responses["422"] = {
        "description": "Validation Error",
        "content": deepcopy(STANDARD_VALIDATION_CONTENT),
    }
    return True
