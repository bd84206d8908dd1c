"""The HTTP client library that the test client extends."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning

if TYPE_CHECKING:
    import httpx2 as httpx
else:
    try:
        import httpx2 as httpx
    except ModuleNotFoundError:
        try:
            import httpx
        except ModuleNotFoundError:
            raise RuntimeError(
                "The starlette.testclient module requires the httpx2 package to be installed.\n"
                "You can install this with:\n"
                "    $ pip install httpx2\n"
            ) from None
        warnings.warn(
            "Using `httpx` with `starlette.testclient` is deprecated; install `httpx2` instead.",
            StarletteDeprecationWarning,
            stacklevel=2,
        )

__all__ = ["httpx"]
