"""Middleware: ASGI applications around an application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ParamSpec, Protocol

from fastrapi.types import Receive, Scope, Send

P = ParamSpec("P")

_Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class _MiddlewareFactory(Protocol[P]):
    """A middleware class, or a function that wraps an application."""

    def __call__(self, app: _Application, /, *args: P.args, **kwargs: P.kwargs) -> _Application: ...


class Middleware:
    """A middleware and its arguments, to be applied when the application's stack is built.

    Attributes:
        cls: The middleware class, or a function that wraps an application.
        args: Its positional arguments after the application.
        kwargs: Its keyword arguments.
    """

    __slots__ = ("args", "cls", "kwargs")

    def __init__(self, cls: _MiddlewareFactory[P], *args: P.args, **kwargs: P.kwargs) -> None:
        self.cls: _MiddlewareFactory[...] = cls
        self.args: tuple[Any, ...] = args
        self.kwargs: dict[str, Any] = kwargs

    def __iter__(self) -> Iterator[Any]:
        return iter((self.cls, self.args, self.kwargs))

    def __repr__(self) -> str:
        arguments = [repr(value) for value in self.args]
        arguments += [f"{name}={value!r}" for name, value in self.kwargs.items()]
        name = getattr(self.cls, "__name__", type(self.cls).__name__)
        return f"{type(self).__name__}({', '.join([name, *arguments])})"
