"""The methods that add path operations, the same for applications and routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, overload

from typing_extensions import Unpack

from fastrapi._signatures import expands, keyword_defaults
from fastrapi.params import Depends
from fastrapi.routing.options import AddAPIRouteOptions, APIRouteOptions, OperationOptions, passed_on
from fastrapi.types import DecoratedCallable


class PathDecorator(Protocol):
    """A decorator that returns the function as it is."""

    def __call__(self, func: DecoratedCallable, /) -> DecoratedCallable: ...


class AddsOperation(Protocol):
    """Makes a decorator that adds a function as a path operation."""

    def __call__(self, path: str, **options: Unpack[OperationOptions]) -> PathDecorator: ...


class OperationMethod:
    """The method of an application or router for one HTTP method.

    A descriptor instead of eight functions that would differ in one word; it is known to type
    checkers by its signature, and at run time it is an ordinary function of the class.

    Args:
        http_method: The HTTP method, in upper case.
    """

    def __init__(self, http_method: str) -> None:
        self._http_method = http_method

    def __set_name__(self, owner: type, name: str) -> None:
        http_method = self._http_method

        def add(self: OperationMethods, path: str, **options: Unpack[OperationOptions]) -> PathDecorator:
            complete = passed_on({**keyword_defaults(OperationOptions), **options})
            return self._operation_decorator(http_method, path, complete)

        add.__doc__ = f"Add a path operation for {http_method}."
        add.__name__, add.__qualname__ = name, f"{owner.__qualname__}.{name}"
        self._function = expands(OperationOptions)(add)

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[..., PathDecorator]: ...

    @overload
    def __get__(self, instance: OperationMethods, owner: type) -> AddsOperation: ...

    def __get__(self, instance: OperationMethods | None, owner: type) -> Any:
        return self._function.__get__(instance, owner)


class OperationMethods:
    """What an application and a router have in common: adding path operations."""

    get = OperationMethod("GET")
    put = OperationMethod("PUT")
    post = OperationMethod("POST")
    delete = OperationMethod("DELETE")
    options = OperationMethod("OPTIONS")
    head = OperationMethod("HEAD")
    patch = OperationMethod("PATCH")
    trace = OperationMethod("TRACE")

    @property
    def _adder(self) -> OperationMethods:
        """Whose methods add the routes: those are what users override to see them all."""
        return self

    def _operation_decorator(self, http_method: str, path: str, complete: dict[str, Any]) -> PathDecorator:
        """What `get()`, `post()` and so on return."""
        return self.api_route(path=path, methods=[http_method], **complete)

    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **options: Unpack[AddAPIRouteOptions]
    ) -> None:
        """Add a path operation."""
        raise NotImplementedError

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket endpoint."""
        raise NotImplementedError

    @expands(APIRouteOptions)
    def api_route(self, path: str, **options: Unpack[APIRouteOptions]) -> PathDecorator:
        """Add a path operation for any methods, by default GET."""
        complete = passed_on({**keyword_defaults(APIRouteOptions), **options})

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self._adder.add_api_route(path, func, **complete)
            return func

        return decorate

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Depends] | None = None
    ) -> PathDecorator:
        """Add a WebSocket endpoint."""

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_api_websocket_route(path, func, name=name, dependencies=dependencies)
            return func

        return decorate
