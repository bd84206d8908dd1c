"""Routes of built frontends. They come after all other routes, and the most specific one serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fastrapi._routing.base import limit_body
from fastrapi._routing.frontend_files import FrontendFiles, normalize_frontend_path
from fastrapi._utils import get_route_path
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.compat.starlette.routing import BaseRoute, Match, NoMatchFound
from fastrapi.datastructures import URLPath
from fastrapi.dependencies.exit_stacks import FUNCTION_STACK, REQUEST_STACK
from fastrapi.params import Depends
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.routing.route import APIRoute
from fastrapi.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.routing.inclusion import RouterIncludeContext

_PATH_KEY = "frontend_path"


def join_frontend_paths(prefix: str, path: str) -> str:
    """The path of a frontend below the prefix of its router."""
    return normalize_frontend_path(f"{prefix.rstrip('/')}{path}")


def _rest_below(path: str, base: str) -> str | None:
    """What is left of a path below another one, without the slash between them; `None` if it is elsewhere."""
    if base == "/":
        return path.lstrip("/")
    if path == base:
        return ""
    return path[len(base) + 1 :] if path.startswith(f"{base}/") else None


class FrontendRoute(BaseRoute):
    """The files of one frontend below a path.

    Args:
        path: the path, normalized.
        app: the files.
        dependencies: dependencies to solve before anything is served.
        dependency_overrides_provider: the application, for its `dependency_overrides`.
        max_body_size: the most bytes of a request body.

    Attributes:
        layered: the route inside the layers of the routers through which it is included, if any.
    """

    layered: ASGIApp | None = None

    def __init__(
        self,
        path: str,
        app: FrontendFiles,
        *,
        dependencies: Sequence[Depends] = (),
        dependency_overrides_provider: Any | None = None,
        max_body_size: int | None = None,
    ) -> None:
        self.path = path
        self.app = app
        self.dependencies = list(dependencies)
        self.dependency_overrides_provider = dependency_overrides_provider
        self._limited = limit_body(self._serve, max_body_size)
        self._guarded: ASGIApp | None = None
        if self.dependencies:
            self._guarded = _guarded_by(self.dependencies, dependency_overrides_provider, self._respond)

    def below(self, context: RouterIncludeContext) -> FrontendRoute:
        """This route as it is effective where its router is included.

        Args:
            context: what the inclusion adds.
        """
        return FrontendRoute(
            join_frontend_paths(context.prefix, self.path),
            self.app,
            dependencies=[*context.dependencies, *self.dependencies],
            dependency_overrides_provider=context.dependency_overrides_provider
            or self.dependency_overrides_provider,
            max_body_size=context.max_body_size,
        )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.matches_with_prefix(scope, "")

    def matches_with_prefix(self, scope: Scope, prefix: str) -> tuple[Match, Scope]:
        """Like `matches`, for a router that is included below a prefix."""
        if scope["type"] != "http":
            return Match.NONE, {}
        rest = _rest_below(get_route_path(scope), join_frontend_paths(prefix, self.path))
        if rest is None:
            return Match.NONE, {}
        return Match.FULL, {"fastapi": {**scope.get("fastapi", {}), _PATH_KEY: rest}}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._limited(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._guarded is None:
            response = await self._respond(scope)
            await response(scope, receive, send)
            return
        # An outer handler's stacks are still its own when this returns.
        outer = {key: scope[key] for key in (REQUEST_STACK, FUNCTION_STACK) if key in scope}
        try:
            await self._guarded(scope, receive, send)
        finally:
            scope.update(outer)

    async def _respond(self, scope: Scope) -> Response:
        path: str = scope["fastapi"][_PATH_KEY]
        return await self.app.respond(path, scope)


def _guarded_by(
    dependencies: Sequence[Depends], provider: Any | None, respond: Callable[[Scope], Any]
) -> ASGIApp:
    """An application that answers by `respond` once the dependencies are solved."""

    async def serve(request: Request, response: Response) -> Response:
        served: Response = await respond(request.scope)
        # A path operation that returns a response has the last word on it. Nobody wrote this one.
        served.raw_headers.extend(response.raw_headers)
        return served

    operation = APIRoute(
        "/",
        serve,
        dependencies=dependencies,
        dependency_overrides_provider=provider,
        include_in_schema=False,
    )
    # The method is the frontend's to judge: it depends on what is at the path.
    return operation.app


class FrontendRouteGroup(BaseRoute):
    """All frontends of a router, of which the one with the longest path serves.

    Args:
        routes: the frontends.
    """

    def __init__(self, routes: Iterable[FrontendRoute] = ()) -> None:
        self.routes: list[FrontendRoute] = list(routes)

    def add(self, route: FrontendRoute) -> None:
        """Add a frontend."""
        self.routes.append(route)

    def _choose(self, scope: Scope, prefix: str) -> tuple[FrontendRoute | None, Scope]:
        # Of equally long paths, which are equal then, the one that was added first serves.
        for route in sorted(self.routes, key=lambda route: len(route.path), reverse=True):
            match, child_scope = route.matches_with_prefix(scope, prefix)
            if match is not Match.NONE:
                return route, child_scope
        return None, {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.matches_with_prefix(scope, "")

    def matches_with_prefix(self, scope: Scope, prefix: str) -> tuple[Match, Scope]:
        """Like `matches`, for a router that is included below a prefix."""
        route, child_scope = self._choose(scope, prefix)
        return (Match.NONE if route is None else Match.FULL), child_scope

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route, child_scope = self._choose(scope, "")
        if route is None:
            raise HTTPException(404)
        scope.update(child_scope)
        await route.handle(scope, receive, send)
