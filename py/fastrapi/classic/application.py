"""The methods of the first FastrAPI, for the application class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import Unpack

from fastrapi.middleware import Middleware

if TYPE_CHECKING:
    from fastrapi.routing import APIRouter
    from fastrapi.routing.options import OperationOptions

F = TypeVar("F", bound=Callable[..., Any])

CLASSIC_OPENAPI_URL = "/api-docs/openapi.json"

_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


class ClassicMethods:
    """What users of the first FastrAPI know, in terms of FastAPI's names."""

    router: APIRouter

    def serve(self, host: str = "127.0.0.1", port: int = 8000, *, reload: bool = False) -> None:
        """Serve the application until the process is told to stop.

        Args:
            host: The address to listen on.
            port: The port.
            reload: Start again when a file changes.

        Raises:
            RuntimeError: The server is not installed, or cannot import the application.
            SystemExit: The server ended with an error.
        """
        from fastrapi.classic.serving import serve

        serve(self, host, port, reload=reload)

    def const_get(self, path: str, **options: Unpack[OperationOptions]) -> Callable[[F], F]:
        """Add a path operation for GET whose answer never changes: it is called once."""
        options["cache_resp"] = True
        return self.router.get(path, **options)

    def nest(self, prefix: str, router: APIRouter) -> None:
        """Include a router below a prefix."""
        self.router.include_router(router, prefix=prefix)

    def fallback(self, func: F) -> F:
        """Let a function answer what no route matches. It is a path operation without a path.

        The whole path is its parameter `path`, if it has one.
        """
        route = self.router.route_class(
            "/{path:path}",
            func,
            methods=_ALL_METHODS,
            include_in_schema=False,
            dependencies=self.router.dependencies,
            dependency_overrides_provider=self,
        )
        self.router._low_priority_routes.append(route)
        self.router._mark_routes_changed()
        return func

    def on_startup(self, func: F) -> F:
        """Call a function, which may be asynchronous, when the application starts."""
        self.router.add_event_handler("startup", func)
        return func

    def on_shutdown(self, func: F) -> F:
        """Call a function, which may be asynchronous, when the application ends."""
        self.router.add_event_handler("shutdown", func)
        return func


def classic_layers(request_timeout: float | None, request_id_header: str | None) -> list[Middleware]:
    """The layers that two arguments of the application stand for, the outermost first.

    Raises:
        ValueError: the time is not positive.
    """
    if request_timeout is not None and not request_timeout > 0:
        raise ValueError("request_timeout must be a positive number of seconds")
    layers = []
    if request_id_header is not None:
        from fastrapi.classic.request_id import RequestIdMiddleware

        layers.append(Middleware(RequestIdMiddleware, header=request_id_header))
    if request_timeout is not None:
        from fastrapi.classic.request_timeout import RequestTimeoutMiddleware

        layers.append(Middleware(RequestTimeoutMiddleware, timeout=request_timeout))
    return layers
