"""The middleware that a server may apply itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from fastrapi.datastructures import Secret
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

_LARGEST = 2**31 - 1
"""Of the numbers that a server takes."""


def unknown_middleware(stack: Sequence[Middleware]) -> str | None:
    """The name of the first middleware that only Python can run: of the class, or of the function.

    A known class with arguments that only Python understands is such a middleware, too.
    """
    for cls, args, kwargs in stack:
        if cls in KNOWN and _reads_alike(cls, args, kwargs):
            continue
        named = kwargs.get("dispatch", cls) if cls is BaseHTTPMiddleware else cls
        return getattr(named, "__name__", type(named).__name__)
    return None


def preflight_layers(stack: Sequence[Middleware]) -> list[LayerPlan]:
    """The middleware up to the first `CORSMiddleware`, which answers preflights itself; empty if it is behind
    middleware that only Python can run, or has a pattern of origins, which only Python can match.
    """
    for position, (cls, args, kwargs) in enumerate(stack):
        if cls not in KNOWN or not _reads_alike(cls, args, kwargs):
            break
        if cls is CORSMiddleware:
            plans = layer_plans(stack[: position + 1])
            return [] if matches_origins(plans) else plans
    return []


def matches_origins(layers: Sequence[LayerPlan]) -> bool:
    """Whether one of the layers matches origins with a pattern."""
    return any(layer.settings.get("allow_origin_regex") is not None for layer in layers)


def _reads_alike(cls: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a server reads the arguments as the class does: those that its signature asks for.

    Python takes more, such as URLs for texts, or a text for a collection, whose parts it finds in the text.
    """
    signature = inspect.signature(cls)
    given = signature.bind(_unreachable, *args, **kwargs).arguments
    return all(
        name == "app" or _is_plain(signature.parameters[name].annotation, value)
        for name, value in given.items()
    )


def _is_plain(annotation: str, value: Any) -> bool:
    if value is None:
        return annotation.endswith(" | None")
    if annotation == "bool":
        return type(value) is bool
    if annotation.startswith("int"):
        return type(value) is int and 0 <= value <= _LARGEST
    if annotation.startswith(("str", "Literal")):
        return isinstance(value, str) or (annotation == "str | Secret" and isinstance(value, Secret))
    texts = type(value) in (list, tuple, set, frozenset) and all(isinstance(item, str) for item in value)
    return texts or value == "*"


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
