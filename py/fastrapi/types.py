"""Type aliases of the ASGI interface and of the framework's own extension points."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union

from pydantic.main import IncEx

if TYPE_CHECKING:
    from pydantic import BaseModel

    from fastrapi.requests import Request
    from fastrapi.responses import Response
    from fastrapi.websockets import WebSocket

__all__ = [
    "ASGIApp",
    "AppType",
    "DecoratedCallable",
    "DependencyCacheKey",
    "DependencyScope",
    "ExceptionHandler",
    "HTTPExceptionHandler",
    "IncEx",
    "Lifespan",
    "Message",
    "ModelNameMap",
    "Receive",
    "Scope",
    "Send",
    "StatefulLifespan",
    "StatelessLifespan",
    "UnionType",
    "WebSocketExceptionHandler",
]

AppType = TypeVar("AppType")

Scope = MutableMapping[str, Any]
"""The ASGI connection scope."""
Message = MutableMapping[str, Any]
"""One ASGI event, in either direction."""
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

StatelessLifespan = Callable[[AppType], AbstractAsyncContextManager[None]]
StatefulLifespan = Callable[[AppType], AbstractAsyncContextManager[Mapping[str, Any]]]
Lifespan = StatelessLifespan[AppType] | StatefulLifespan[AppType]

DependencyScope = Literal["function", "request", "lifespan"]
"""When a dependency is left: before or after the response is sent, or when the application ends."""
HTTPExceptionHandler = Callable[["Request[Any]", Exception], "Response | Awaitable[Response]"]
WebSocketExceptionHandler = Callable[["WebSocket[Any]", Exception], Awaitable[None]]
ExceptionHandler = HTTPExceptionHandler | WebSocketExceptionHandler

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
UnionType = types.UnionType
ModelNameMap = dict[Union["type[BaseModel]", type[Enum]], str]
DependencyCacheKey = tuple[Callable[..., Any] | None, tuple[str, ...], str]
