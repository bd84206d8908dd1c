"""Errors that the framework's own handlers answer for."""

from __future__ import annotations

import error_calls
import pytest
from calls import Call, grouped
from lanes import Lanes

APP = "errors_app:unhandled"
CORPUS = error_calls.calls(handled=False)


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_unhandled_errors(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
