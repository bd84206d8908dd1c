"""The middleware that a server may apply itself."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from fastrapi.middleware import Middleware
from fastrapi.middleware.base import BaseHTTPMiddleware
from fastrapi.middleware.cors import CORSMiddleware
from fastrapi.middleware.gzip import GZipMiddleware
from fastrapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastrapi.middleware.sessions import SessionMiddleware
from fastrapi.middleware.trustedhost import TrustedHostMiddleware
from fastrapi.plan.model import LayerPlan

# Exactly these classes: a subclass may do something else.
KNOWN: tuple[Any, ...] = (
    CORSMiddleware,
    GZipMiddleware,
    HTTPSRedirectMiddleware,
    SessionMiddleware,
    TrustedHostMiddleware,
)


def unknown_middleware(stack: Sequence[Middleware]) -> str | None:
    """The name of the first middleware that only Python can run: of the class, or of the function."""
    for cls, _, kwargs in stack:
        if cls in KNOWN:
            continue
        named = kwargs.get("dispatch", cls) if cls is BaseHTTPMiddleware else cls
        return getattr(named, "__name__", type(named).__name__)
    return None


def preflight_layers(stack: Sequence[Middleware]) -> list[LayerPlan]:
    """The middleware up to the first `CORSMiddleware`, which answers preflights itself; empty if it is behind
    middleware that only Python can run, or has a pattern of origins, which only Python can match.
    """
    for position, (cls, _, _) in enumerate(stack):
        if cls not in KNOWN:
            break
        if cls is CORSMiddleware:
            plans = layer_plans(stack[: position + 1])
            return [] if matches_origins(plans) else plans
    return []


def matches_origins(layers: Sequence[LayerPlan]) -> bool:
    """Whether one of the layers matches origins with a pattern."""
    return any(layer.settings.get("allow_origin_regex") is not None for layer in layers)


def layer_plans(stack: Sequence[Middleware]) -> list[LayerPlan]:
    """The middleware with all its arguments by name.

    Raises:
        TypeError: As when the middleware is made: the arguments do not fit.
        AssertionError: Likewise.
    """
    plans = []
    for cls, args, kwargs in stack:
        # Made once here, so that what it rejects is rejected before anything is served.
        cls(_unreachable, *args, **kwargs)
        bound = inspect.signature(cls).bind(_unreachable, *args, **kwargs)
        bound.apply_defaults()
        settings = {name: value for name, value in bound.arguments.items() if name != "app"}
        plans.append(LayerPlan(cls.__name__, settings))
    return plans


async def _unreachable(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("this application only stands for one while arguments are read")
