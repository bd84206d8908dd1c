"""What is answered where no route takes a request: 404, or 405 if it is for the method only.

The application makes these answers, once; a server may then send them, as nothing in a request changes them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fastrapi._routing.base import wrap_in_middleware
from fastrapi._routing.index import heeds_shape
from fastrapi._routing.paths import parse_template
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.compat.starlette.routing import BaseRoute, Route, Router
from fastrapi.convertors import (
    FloatConvertor,
    IntegerConvertor,
    PathConvertor,
    StringConvertor,
    UUIDConvertor,
)
from fastrapi.exception_handlers import http_exception_handler
from fastrapi.middleware.exceptions import ExceptionMiddleware
from fastrapi.plan.model import ANY_PATH, FixedAnswer, UnmatchedPlan
from fastrapi.routing.effective import EffectiveAPIRoute, EffectiveRoute
from fastrapi.routing.route import APIRoute
from fastrapi.routing.router import APIRouter
from fastrapi.types import ASGIApp, Message

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI

_CONVERTORS = (FloatConvertor, IntegerConvertor, PathConvertor, StringConvertor, UUIDConvertor)

# What leads to the answers, as it is before anybody replaces a part of it.
_PARTS: tuple[tuple[type, str, Any], ...] = tuple(
    (owner, name, getattr(owner, name))
    for owner, names in (
        (Router, ("__call__", "not_found", "_slash_redirect")),
        (
            APIRouter,
            (
                *("__call__", "not_found", "_slash_redirect"),
                *("app", "_find", "_handle_unmatched", "_iter_low_priority_routes"),
            ),
        ),
        (ExceptionMiddleware, ("__init__", "__call__", "http_exception")),
        (Route, ("handle", "matches")),
        (APIRoute, ("handle", "matches")),
    )
    for name in names
)


class Unmatched:
    """Collects what must be known of an application before its answers can be fixed.

    Args:
        app: The application.
        is_open: Whether nothing around its routes keeps a server from answering.
    """

    def __init__(self, app: FastAPI, *, is_open: bool) -> None:
        self._app = app
        self._by_default = is_open and _answers_by_default(app)
        self._are_routes_certain = self._by_default
        self._are_methods_certain = True
        self._refusals: dict[tuple[str, ...], FixedAnswer | None] = {}

    def look_at(self, route: BaseRoute, path: str) -> FixedAnswer | None:
        """Take a route into account, which a server tries under the template `path`.

        Returns:
            The answer to the methods that the route does not have; good if `are_methods_certain` in the end.
        """
        if not self._by_default:
            return None
        is_certain = _is_certain(route, path)
        self._are_routes_certain = self._are_routes_certain and is_certain
        # Under a template that takes every path a server leaves the choice to the application.
        self._are_methods_certain = self._are_methods_certain and (is_certain or path == ANY_PATH)
        return self._not_allowed(route) if is_certain else None

    @property
    def are_methods_certain(self) -> bool:
        """Whether no route may take a request that another one only lacks the method for."""
        return self._are_methods_certain

    def plan(self) -> UnmatchedPlan | None:
        """The answer to unknown paths, once all routes have been looked at."""
        if not self._are_routes_certain:
            return None
        later = list(self._app.router._iter_low_priority_routes())
        if not all(type(route) is Route and _is_certain(route, route.path) for route in later):
            return None
        answer = self._answer(self._app.router.default, 404)
        paths = tuple(route.path for route in later if isinstance(route, Route))
        return None if answer is None else UnmatchedPlan(answer, paths)

    def _not_allowed(self, route: BaseRoute) -> FixedAnswer | None:
        if not _handles_as_usual(route):
            return None
        assert isinstance(route, Route)
        methods = tuple(sorted(route.methods or ()))
        if not methods:
            return None
        if methods not in self._refusals:
            self._refusals[methods] = self._answer(functools.partial(Route.handle, route), 405)
        return self._refusals[methods]

    def _answer(self, app: ASGIApp, status_code: int) -> FixedAnswer | None:
        """What the application makes of a request that it answers with this status; None if it is not at once
        and whole."""
        if status_code in self._app.exception_handlers:
            return None
        handlers = [layer for layer in self._app.middleware_layers() if layer.cls is ExceptionMiddleware]
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        async def receive() -> Message:
            raise RuntimeError("an answer that is the same for every request has read one")

        # No method is called so.
        scope = {"type": "http", "app": self._app, "method": "", "path": "/", "headers": []}
        # The declared type of applications is that of what they return: something to await.
        coroutine: Any = wrap_in_middleware(app, handlers)(scope, receive, send)
        try:
            coroutine.send(None)
        except StopIteration:
            start, body = messages
        except Exception:
            # It is raised again by the requests, where it belongs.
            return None
        else:
            coroutine.close()
            return None
        if start["status"] != status_code or body.get("more_body"):
            return None
        return FixedAnswer(status_code, tuple(start["headers"]), body["body"])


def _answers_by_default(app: FastAPI) -> bool:
    """Whether what leads to the answers, and makes them, is the framework's own."""
    router = app.router
    return (
        type(router) is APIRouter
        and router.default == router.not_found
        and router.middleware_stack == router.app
        and app.exception_handlers.get(HTTPException) is http_exception_handler
        and all(
            getattr(owner, name) is original and name not in vars(router) for owner, name, original in _PARTS
        )
    )


def _is_certain(route: BaseRoute, path: str) -> bool:
    """Whether the route matches just the paths that the template says."""
    if not heeds_shape(type(route)) or route.path_shape() is None:
        return False
    if "matches" in vars(route) or "matches" in vars(getattr(route, "original_route", route)):
        return False
    convertors = getattr(route, "param_convertors", {})
    if any(type(convertor) not in _CONVERTORS for convertor in convertors.values()):
        return False
    written = path if ":" not in path else parse_template(path).format
    return getattr(route, "path_format", None) == written


def _handles_as_usual(route: BaseRoute) -> bool:
    """Whether no class or layer of the application's own comes before the answer."""
    if isinstance(route, EffectiveRoute):
        return (
            type(route) is EffectiveAPIRoute
            and not route.is_layered
            and type(route.original_route) is APIRoute
            and "handle" not in vars(route.original_route)
        )
    return type(route) in (Route, APIRoute) and "handle" not in vars(route)
