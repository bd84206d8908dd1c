"""What every route is: something that says whether it matches a scope, and handles it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from fastrapi.datastructures import URLPath
from fastrapi.responses import PlainTextResponse
from fastrapi.types import ASGIApp, Receive, Scope, Send
from fastrapi.websockets import WebSocketClose

if TYPE_CHECKING:
    from fastrapi._routing.paths import PathShape
    from fastrapi.middleware import Middleware


class Match(Enum):
    """How far a route matches a scope."""

    NONE = 0
    PARTIAL = 1  # the path matches, the method does not
    FULL = 2


class NoMatchFound(Exception):
    """No route has the name and path parameters that `url_for` or `url_path_for` asked for."""

    def __init__(self, name: str, path_params: dict[str, Any]) -> None:
        super().__init__(f'No route exists for name "{name}" and params "{", ".join(path_params)}".')


class BaseRoute:
    """The interface that a `Router` needs of its routes. A route is an ASGI application too."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the route matches, and what to add to the scope if it is chosen."""
        raise NotImplementedError()

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route called `name`.

        Raises:
            NoMatchFound: The route has another name, or other parameters.
        """
        raise NotImplementedError()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request that the route matches."""
        raise NotImplementedError()

    def path_shape(self) -> PathShape | None:
        """A necessary condition on the paths that `matches` accepts; None if nothing is known.

        A `Router` asks only routes whose shape fits. The answer is heeded only if the class that
        defines it defines `matches` as well, or inherits it: a subclass that overrides `matches` alone
        is asked about every path.
        """
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match, child_scope = self.matches(scope)
        if match is not Match.NONE:
            scope.update(child_scope)
            await self.handle(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)


def wrap_in_middleware(app: ASGIApp, middleware: Sequence[Middleware] | None) -> ASGIApp:
    """`app` inside the middleware, of which the first is the outermost."""
    for cls, args, kwargs in reversed(middleware or ()):
        app = cls(app, *args, **kwargs)
    return app


def limit_body(app: ASGIApp, max_body_size: int | None) -> ASGIApp:
    """`app` behind a limit for request bodies, in bytes, unless it is None."""
    if max_body_size is None:
        return app
    from fastrapi.middleware.body_limit import RequestBodyLimitMiddleware

    return RequestBodyLimitMiddleware(app, max_body_size=max_body_size)
