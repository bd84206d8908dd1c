from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from fastrapi.convertors import CONVERTOR_TYPES


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("str", "a-b", "a-b"),
        ("path", "a/b", "a/b"),
        ("path", "", ""),
        ("int", "12", 12),
        ("float", "1.5", 1.5),
        ("float", "0.00000001", 1e-8),
        ("uuid", "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678123456781234567812345678")),
    ],
)
def test_both_ways(name: str, text: str, value: Any) -> None:
    convertor = CONVERTOR_TYPES[name]
    assert re.fullmatch(convertor.regex, text)
    assert convertor.convert(text) == value
    assert convertor.to_string(value) == text


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("str", "a/b", "May not contain path separators"),
        ("str", "", "Must not be empty"),
        ("int", -1, "Negative integers are not supported"),
        ("float", -1.0, "Negative floats are not supported"),
        ("float", float("nan"), "NaN values are not supported"),
        ("float", float("inf"), "Infinite values are not supported"),
    ],
)
def test_values_without_a_path(name: str, value: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        CONVERTOR_TYPES[name].to_string(value)
