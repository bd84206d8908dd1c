"""Data that JSON can always hold.

A client can send numbers that JSON does not have and text that UTF-8 does not have: Python's decoder takes
`NaN`, `1e400` and lone surrogates. FastAPI answers with status 500 when it has to send them back.
"""

from __future__ import annotations

import math
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def sendable(value: Any) -> Any:
    """Plain data with non-finite numbers as `None`, as response models write them, and U+FFFD for lone
    surrogates.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {sendable(key): sendable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [sendable(item) for item in value]
    return value


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
