"""The Set-Cookie header (RFC 6265bis)."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from http.cookies import SimpleCookie
from typing import Literal, TypedDict, Unpack

_CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f]")

SameSite = Literal["lax", "strict", "none"]


class CookieAttributes(TypedDict):
    """Where and how long a cookie is valid, as `Response.set_cookie` takes it."""

    max_age: int | None
    expires: datetime | str | int | None
    path: str | None
    domain: str | None
    secure: bool
    httponly: bool
    samesite: SameSite | None
    partitioned: bool


def _expiry_date(expires: datetime | str | int) -> str | int:
    """A date in the form of RFC 9110; a number of seconds is left to the standard library."""
    if not isinstance(expires, datetime):
        return expires
    if expires.tzinfo is None:
        raise ValueError("usegmt option requires a UTC datetime")
    return format_datetime(expires.astimezone(UTC), usegmt=True)


def format_set_cookie(key: str, value: str, **attributes: Unpack[CookieAttributes]) -> str:
    """The value of a Set-Cookie header.

    Raises:
        ValueError: `expires` has no time zone, a text has a control character, or `partitioned` is asked
            for on Python before 3.14.
        http.cookies.CookieError: `key` is not a legal name.
    """
    # Checked here, since versions of the standard library differ in whether they do, and in the error.
    for name in ("path", "domain"):
        text = attributes[name]
        if text is not None and _CONTROL_CHARACTER.search(text):
            raise ValueError(f"The {name} of a 'set-cookie' header cannot have control characters.")
    cookie: SimpleCookie = SimpleCookie()
    cookie[key] = value
    morsel = cookie[key]
    if attributes["max_age"] is not None:
        morsel["max-age"] = attributes["max_age"]
    if attributes["expires"] is not None:
        morsel["expires"] = _expiry_date(attributes["expires"])
    if attributes["path"] is not None:
        morsel["path"] = attributes["path"]
    if attributes["domain"] is not None:
        morsel["domain"] = attributes["domain"]
    if attributes["secure"]:
        morsel["secure"] = True
    if attributes["httponly"]:
        morsel["httponly"] = True
    samesite = attributes["samesite"]
    if samesite is not None:
        assert samesite.lower() in ("strict", "lax", "none"), (
            "samesite must be either 'strict', 'lax' or 'none'"
        )
        morsel["samesite"] = samesite
    if attributes["partitioned"]:
        if sys.version_info < (3, 14):
            raise ValueError("Partitioned cookies are only supported in Python 3.14 and above.")
        morsel["partitioned"] = True
    return cookie.output(header="").strip()
