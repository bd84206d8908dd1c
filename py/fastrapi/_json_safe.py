"""Data that JSON can always hold, for echoing what a client sent back to it.

FastAPI answers with status 500 where a 422 would have to contain a number that JSON does not
have, text that UTF-8 does not have, or bytes that are not text.
"""

from __future__ import annotations

import math
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def json_safe(value: Any) -> Any:
    """The value with whatever JSON cannot hold replaced by a text that says what it was.

    Non-finite numbers become `NaN`, `Infinity` and `-Infinity`; lone surrogates, and bytes that
    are not UTF-8, become replacement characters. Other objects are left to the encoder.
    """
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {json_safe(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(item) for item in value]
    return value
