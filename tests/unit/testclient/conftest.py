from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Any:
    if request.param == "trio":
        pytest.importorskip("trio", reason="the second backend is optional")
    return request.param
