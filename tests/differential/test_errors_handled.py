"""Errors in an application with handlers of its own."""

from __future__ import annotations

import error_calls
import pytest
from calls import Call, grouped
from lanes import Lanes

APP = "errors_app:handled"
CORPUS = error_calls.calls(handled=True)


@pytest.mark.parametrize("calls", grouped(CORPUS))
def test_handled_errors(lanes: Lanes, calls: list[Call]) -> None:
    lanes.compare(calls)
