"""Limits for parsing forms: their declaration, validation and inheritance."""

from __future__ import annotations

from typing import TypedDict

from fastrapi.types import Scope


class FormLimits(TypedDict, total=False):
    """Limits for parsing a form. What is not given is inherited, at last from the parser's defaults.

    Attributes:
        max_fields: The most fields that are not files.
        max_files: The most files.
        max_part_size: The most bytes of a field that is not a file.
    """

    max_fields: int
    max_files: int
    max_part_size: int


_FormLimits = FormLimits

_SCOPE_KEY = "fastapi_form_limits"
"""Not a member of `scope["fastapi"]`, which a route may replace."""


def validated_form_limits(limits: FormLimits | None) -> FormLimits:
    """A copy of the limits.

    Raises:
        ValueError: A limit is unknown or not a non-negative integer.
    """
    if limits is None:
        return {}
    if not isinstance(limits, dict):
        raise ValueError(f"form_limits must be a dict, not {type(limits).__name__}")
    for name, value in limits.items():
        if name not in FormLimits.__annotations__:
            known = ", ".join(FormLimits.__annotations__)
            raise ValueError(f"form_limits has no limit {name!r}; there are {known}")
        if type(value) is not int or value < 0:
            raise ValueError(f"form_limits: {name} must be a non-negative integer")
    return limits.copy()


def validated_max_body_size(max_body_size: int | None) -> int | None:
    """The limit, in bytes.

    Raises:
        ValueError: It is neither a non-negative integer nor `None`.
    """
    if max_body_size is not None and (type(max_body_size) is not int or max_body_size < 0):
        raise ValueError("max_body_size must be a non-negative integer or None")
    return max_body_size


def inherit_form_limits(scope: Scope, limits: FormLimits) -> None:
    """Put limits into the scope, over those that are there."""
    if limits:
        scope[_SCOPE_KEY] = {**scope.get(_SCOPE_KEY, {}), **limits}


def form_limits_in(scope: Scope) -> FormLimits:
    """The limits in the scope."""
    limits: FormLimits = scope.get(_SCOPE_KEY, {})
    return limits
