from __future__ import annotations

import sys

import pytest

from fastrapi import status
from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning


def test_renamed_status_warns_and_names_its_replacement() -> None:
    with pytest.warns(StarletteDeprecationWarning, match="Use 'HTTP_422_UNPROCESSABLE_CONTENT' instead"):
        assert status.HTTP_422_UNPROCESSABLE_ENTITY == status.HTTP_422_UNPROCESSABLE_CONTENT


def test_unknown_status_names_the_module() -> None:
    with pytest.raises(AttributeError, match=r"module 'fastrapi\.status' has no attribute 'HTTP_999'"):
        _ = status.HTTP_999


def test_unknown_status_names_the_module_that_the_application_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "starlette.status", status)
    with pytest.raises(AttributeError, match=r"module 'starlette\.status' has no attribute 'HTTP_999'"):
        _ = status.HTTP_999
