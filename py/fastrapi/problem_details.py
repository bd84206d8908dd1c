"""Problem details (RFC 9457): the bodies of errors, with `FastAPI(problem_details=True)`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastrapi.responses import JSONResponse, PlainTextResponse, Response
from fastrapi.types import Scope

PROBLEM_JSON = "application/problem+json"


def problem(
    scope: Scope,
    status_code: int,
    detail: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    **extensions: Any,
) -> Response:
    """The answer to a request that failed.

    Args:
        scope: The request's.
        status_code: The status.
        detail: What happened. The members of a mapping become members of the problem (`type` and
            `title` among them), a list becomes its `errors`.
        headers: Headers to add.
        extensions: Further members of the problem.

    Raises:
        TypeError: JSON cannot express a value.
        ValueError: A number is not finite, or a text is not Unicode.
    """
    members: dict[str, Any] = {"type": "about:blank", "title": title_of(status_code), "status": status_code}
    if isinstance(detail, list):
        extensions = {"errors": detail, **extensions}
    elif detail is not None and not isinstance(detail, Mapping):
        members["detail"] = str(detail)
    members["instance"] = quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
    if isinstance(detail, Mapping):
        members |= {key: value for key, value in detail.items() if key != "status"}
    return JSONResponse(members | extensions, status_code, headers, media_type=PROBLEM_JSON)


def title_of(status_code: int) -> str:
    """The phrase of a status, as RFC 9457, section 4.2.1 wants it for `about:blank`."""
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return "Unknown Error"


def has_problem_details(scope: Scope) -> bool:
    """Whether the application of a request answers errors with problem details."""
    return getattr(scope.get("app"), "problem_details", False) is True


def too_large(scope: Scope, reason: str) -> Response:
    """The answer to a request whose body exceeds a limit."""
    if has_problem_details(scope):
        return problem(scope, 413, reason)
    return PlainTextResponse(reason, status_code=413)


def too_late(scope: Scope, reason: str) -> Response:
    """The answer to a request that could not be answered in time."""
    if has_problem_details(scope):
        return problem(scope, 408, reason)
    return JSONResponse({"detail": reason}, 408)
