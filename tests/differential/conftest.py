"""Servers for the applications of the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from lanes import Lanes, start


@pytest.fixture(scope="module")
def lanes(request: pytest.FixtureRequest) -> Iterator[Lanes]:
    """The application that the module of the test names in `APP`."""
    with ExitStack() as stack:
        yield start(request.module.APP, stack)
