"""Problem details (RFC 9457) in the document, for applications that answer errors with them."""

from __future__ import annotations

from typing import Any

from fastrapi.openapi.constants import REF_PREFIX
from fastrapi.openapi.responses import STANDARD_VALIDATION_CONTENT, VALIDATION_ERROR_DEFINITIONS
from fastrapi.problem_details import PROBLEM_JSON

_PROBLEM = "ProblemDetails"
_VALIDATION_PROBLEM = "ValidationProblemDetails"

PROBLEM_DEFINITIONS: dict[str, Any] = {
    _PROBLEM: {
        "title": _PROBLEM,
        "type": "object",
        "properties": {
            "type": {
                "title": "Type",
                "type": "string",
                "format": "uri-reference",
                "default": "about:blank",
            },
            "title": {"title": "Title", "type": "string"},
            "status": {"title": "Status", "type": "integer", "minimum": 100, "maximum": 599},
            "detail": {"title": "Detail", "type": "string"},
            "instance": {"title": "Instance", "type": "string", "format": "uri-reference"},
        },
        "required": ["type", "title", "status", "instance"],
    },
    _VALIDATION_PROBLEM: {
        "title": _VALIDATION_PROBLEM,
        "allOf": [
            {"$ref": f"{REF_PREFIX}{_PROBLEM}"},
            {
                "type": "object",
                "properties": {
                    "errors": {
                        "title": "Errors",
                        "type": "array",
                        "items": {"$ref": f"{REF_PREFIX}ValidationError"},
                    }
                },
                "required": ["errors"],
            },
        ],
    },
    "ValidationError": VALIDATION_ERROR_DEFINITIONS["ValidationError"],
}
"""The bodies of errors."""


def describe_problems(responses: dict[str, Any]) -> bool:
    """Give the error responses of an operation, where nothing else is declared, the body that they have.

    Args:
        responses: The Responses Object.

    Returns:
        Whether there are any.
    """
    found = False
    for status, response in responses.items():
        if status[0] not in "45":
            continue
        is_validation = response.get("content") == STANDARD_VALIDATION_CONTENT
        if is_validation or "content" not in response:
            name = _VALIDATION_PROBLEM if is_validation else _PROBLEM
            response["content"] = {PROBLEM_JSON: {"schema": {"$ref": f"{REF_PREFIX}{name}"}}}
            found = True
    return found
