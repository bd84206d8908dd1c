"""The ASGI application class of the Starlette vocabulary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from fastrapi._routing.base import BaseRoute, wrap_in_middleware
from fastrapi._routing.revision import report_change
from fastrapi._routing.router import Router
from fastrapi.datastructures import State, URLPath
from fastrapi.middleware import Middleware, _MiddlewareFactory
from fastrapi.middleware.body_limit import RequestBodyLimitMiddleware
from fastrapi.middleware.errors import ServerErrorMiddleware
from fastrapi.middleware.exceptions import ExceptionMiddleware
from fastrapi.types import ASGIApp, ExceptionHandler, Lifespan, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.requests import Request
    from fastrapi.responses import Response

AppType = TypeVar("AppType", bound="Starlette")
P = ParamSpec("P")


class Starlette:
    """An application: a router, the middleware around it, and the handlers of exceptions.

    Args:
        debug: Whether unhandled exceptions are answered with a traceback.
        routes: The routes, in the order in which they are tried.
        middleware: The middleware, the first outermost. All of it is inside `ServerErrorMiddleware` and
            outside `ExceptionMiddleware`.
        exception_handlers: Handlers by exception class or status code. The one for 500 or `Exception`
            belongs to `ServerErrorMiddleware`.
        lifespan: A function of the application that returns an async context manager.
        max_body_size: The largest request body in bytes, unless a route has its own limit.

    Attributes:
        state: A place for anything the application wants to keep.
        user_middleware: The middleware added by the user, the first outermost.
    """

    def __init__(
        self: AppType,
        debug: bool = False,
        routes: Sequence[BaseRoute] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, ExceptionHandler] | None = None,
        lifespan: Lifespan[AppType] | None = None,
        *,
        max_body_size: int | None = None,
    ) -> None:
        self.debug = debug
        self.state = State()
        self.router = Router(routes, lifespan=lifespan)
        self.max_body_size = max_body_size
        self.exception_handlers: dict[Any, ExceptionHandler] = dict(exception_handlers or {})
        self.user_middleware: list[Middleware] = list(middleware or ())
        self._middleware_stack: ASGIApp | None = None
        self._built_stack: ASGIApp | None = None

    @property
    def middleware_stack(self) -> ASGIApp | None:
        """The built application; None until the first connection."""
        return self._middleware_stack

    @middleware_stack.setter
    def middleware_stack(self, stack: ASGIApp | None) -> None:
        self._middleware_stack = stack
        report_change()

    @property
    def has_usual_stack(self) -> bool:
        """Whether the middleware stack is the one that was made of `user_middleware`, or is still to be."""
        return self._middleware_stack is None or self._middleware_stack is self._built_stack

    def _stack(self) -> ASGIApp:
        """The middleware stack, which is built for the first connection."""
        if self._middleware_stack is None:
            self._middleware_stack = self._built_stack = self.build_middleware_stack()
        return self._middleware_stack

    def middleware_layers(self) -> list[Middleware]:
        """All layers around the router as data, the outermost first."""
        handlers = {
            key: handler for key, handler in self.exception_handlers.items() if key not in (500, Exception)
        }
        # The later of the two keys wins, as it does for any other pair of handlers.
        error_handler = next(
            (
                self.exception_handlers[key]
                for key in reversed(self.exception_handlers)
                if key not in handlers
            ),
            None,
        )
        layers = [Middleware(ServerErrorMiddleware, handler=error_handler, debug=self.debug)]
        if self.max_body_size is not None:
            layers.append(Middleware(RequestBodyLimitMiddleware, max_body_size=self.max_body_size))
        layers += self.user_middleware
        layers.append(Middleware(ExceptionMiddleware, handlers=handlers, debug=self.debug))
        return layers

    def build_middleware_stack(self) -> ASGIApp:
        """The router inside all layers."""
        return wrap_in_middleware(self.router, self.middleware_layers())

    @property
    def routes(self) -> list[BaseRoute]:
        """The router's routes."""
        return self.router.routes

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the first route called `name` that takes just these parameters.

        Raises:
            NoMatchFound: There is none.
        """
        return self.router.url_path_for(name, **path_params)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._stack()(scope, receive, send)

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Appends a `Mount`."""
        self.router.mount(path, app=app, name=name)

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Appends a `Host`."""
        self.router.host(host, app=app, name=name)

    def add_middleware(
        self, middleware_class: _MiddlewareFactory[P], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Adds a middleware outside of those that are there.

        Raises:
            RuntimeError: The stack has been built.
        """
        if self.middleware_stack is not None:
            raise RuntimeError("Cannot add middleware after an application has started")
        self.user_middleware.insert(0, Middleware(middleware_class, *args, **kwargs))

    def add_exception_handler(
        self, exc_class_or_status_code: int | type[Exception], handler: ExceptionHandler
    ) -> None:
        """Adds or replaces a handler; it takes effect when the stack is built."""
        self.exception_handlers[exc_class_or_status_code] = handler
        if self.middleware_stack is None:
            report_change()

    def add_route(
        self,
        path: str,
        route: Callable[[Request[Any]], Awaitable[Response] | Response],
        methods: list[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Appends a `Route`."""
        self.router.add_route(path, route, methods=methods, name=name, include_in_schema=include_in_schema)
