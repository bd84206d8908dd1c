"""Errors that the framework's own handlers answer for."""

from __future__ import annotations

import error_calls
import pytest
from calls import Call
from lanes import Lanes

APP = "errors_app:unhandled"
CORPUS = error_calls.calls(handled=False)


@pytest.mark.parametrize("call", CORPUS, ids=str)
def test_unhandled_errors(lanes: Lanes, call: Call) -> None:
    lanes.compare(call)
