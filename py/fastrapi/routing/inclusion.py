"""The inclusion of a router in another one. It is live: routes added later are included too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from fastrapi._form_limits import FormLimits
from fastrapi._routing.index import RouteIndex
from fastrapi._routing.paths import PathShape, parse_template, path_shape
from fastrapi._routing.revision import RouteList
from fastrapi.compat.starlette.routing import BaseRoute, Match, NoMatchFound
from fastrapi.datastructures import DefaultPlaceholder, URLPath
from fastrapi.params import Depends
from fastrapi.responses import PlainTextResponse, Response
from fastrapi.routing.effective import EffectiveRoute, make_effective
from fastrapi.routing.low_priority import behind_layers, effective_low_priority_routes
from fastrapi.routing.selection import CHOSEN as _CHOSEN
from fastrapi.types import Receive, Scope, Send
from fastrapi.utils import get_value_or_default

if TYPE_CHECKING:
    from fastrapi.routing.options import IncludeOptions, UniqueIdFunction
    from fastrapi.routing.router import APIRouter

_ASKED = "fastapi_included_router"
"""In the scope: the inclusion on whose behalf a router is asked or called."""


@dataclass(frozen=True, slots=True)
class RouterIncludeContext:
    """What an inclusion adds to the routes of the included router."""

    prefix: str
    tags: list[str | Enum]
    dependencies: list[Depends]
    default_response_class: type[Response] | DefaultPlaceholder
    responses: dict[int | str, dict[str, Any]]
    callbacks: list[BaseRoute]
    deprecated: bool | None
    include_in_schema: bool
    generate_unique_id_function: UniqueIdFunction | DefaultPlaceholder
    strict_content_type: bool | DefaultPlaceholder
    dependency_overrides_provider: Any
    max_body_size: int | None
    form_limits: FormLimits
    has_layers: bool

    @classmethod
    def of(cls, parent: APIRouter, included: APIRouter, options: IncludeOptions) -> RouterIncludeContext:
        """The inclusion of a router in `parent`.

        What is set nearer to the route wins: on the included router, then in the call of
        `include_router()`, then on the parent.
        """
        limit = next(
            (
                size
                for size in (included.max_body_size, options["max_body_size"], parent.max_body_size)
                if size is not None
            ),
            None,
        )
        return cls(
            prefix=parent.prefix + options["prefix"],
            tags=[*parent.tags, *(options["tags"] or ())],
            dependencies=[*parent.dependencies, *(options["dependencies"] or ())],
            default_response_class=get_value_or_default(
                included.default_response_class,
                options["default_response_class"],
                parent.default_response_class,
            ),
            responses={**parent.responses, **(options["responses"] or {})},
            callbacks=[*parent.callbacks, *(options["callbacks"] or ())],
            deprecated=options["deprecated"] or parent.deprecated,
            include_in_schema=options["include_in_schema"] and parent.include_in_schema,
            generate_unique_id_function=get_value_or_default(
                included.generate_unique_id_function,
                options["generate_unique_id_function"],
                parent.generate_unique_id_function,
            ),
            strict_content_type=get_value_or_default(
                included.strict_content_type, parent.strict_content_type
            ),
            dependency_overrides_provider=parent.dependency_overrides_provider,
            max_body_size=limit,
            form_limits={
                **parent.form_limits,
                **(options["form_limits"] or {}),
                **included.form_limits,
            },
            has_layers=bool(parent.layers or included.layers),
        )

    def around(self, inner: RouterIncludeContext) -> RouterIncludeContext:
        """This inclusion with another one inside the included router."""
        return RouterIncludeContext(
            prefix=self.prefix + inner.prefix,
            tags=[*self.tags, *inner.tags],
            dependencies=[*self.dependencies, *inner.dependencies],
            default_response_class=get_value_or_default(
                inner.default_response_class, self.default_response_class
            ),
            responses={**self.responses, **inner.responses},
            callbacks=[*self.callbacks, *inner.callbacks],
            deprecated=inner.deprecated or self.deprecated,
            include_in_schema=inner.include_in_schema and self.include_in_schema,
            generate_unique_id_function=get_value_or_default(
                inner.generate_unique_id_function, self.generate_unique_id_function
            ),
            strict_content_type=get_value_or_default(inner.strict_content_type, self.strict_content_type),
            dependency_overrides_provider=self.dependency_overrides_provider,
            max_body_size=self.max_body_size if inner.max_body_size is None else inner.max_body_size,
            form_limits={**self.form_limits, **inner.form_limits},
            has_layers=self.has_layers or inner.has_layers,
        )


class IncludedRouter(BaseRoute):
    """The place of an inclusion among the routes of the including router.

    Attributes:
        original_router: The included router.
        include_context: What the inclusion adds.
    """

    def __init__(self, original_router: APIRouter, include_context: RouterIncludeContext) -> None:
        self.original_router = original_router
        self.include_context = include_context
        self._effective_routes_lock = threading.RLock()
        self._candidates = RouteList()
        self._analysed_version: int | None = None
        self._effective_candidates_version: int | None = None
        self._low_priority_routes: list[BaseRoute] = []
        self._effective_low_priority_routes_version: int | None = None
        self._index = RouteIndex()
        self._by_route: dict[int, tuple[BaseRoute, BaseRoute | None]] = {}
        self._app = original_router.layers.around(self._call_selected)

    def analyse(self) -> None:
        """Analyse the routes of the router as they are effective here.

        Raises:
            AssertionError, FastAPIError: As where the routes were declared; the prefix can bring
                path parameters that do not fit them.
        """
        version = self.original_router._get_routes_version()
        with self._effective_routes_lock:
            if self._analysed_version == version:
                return
            candidates: list[BaseRoute] = []
            known: dict[int, tuple[BaseRoute, BaseRoute | None]] = {}
            for route in self.original_router.routes:
                # The route itself is kept beside its id, so that no other can get the same id.
                _, candidate = self._by_route.get(id(route)) or (route, self._candidate(route))
                known[id(route)] = (route, candidate)
                if isinstance(candidate, IncludedRouter):
                    candidate.analyse()
                if candidate is not None:
                    candidates.append(candidate)
            self._by_route = known
            self._candidates = RouteList(candidates)
            self._analysed_version = version

    def _candidate(self, route: BaseRoute) -> BaseRoute | None:
        if isinstance(route, IncludedRouter):
            return IncludedRouter(route.original_router, self.include_context.around(route.include_context))
        return make_effective(route, self.include_context)

    def effective_candidates(self) -> list[BaseRoute]:
        """The routes of the router as they are effective here, nested inclusions as such."""
        if self._effective_candidates_version != self.original_router._get_routes_version():
            with self._effective_routes_lock:
                self.analyse()
                for candidate in self._candidates:
                    if isinstance(candidate, EffectiveRoute):
                        candidate.complete()
                self._effective_candidates_version = self._analysed_version
        return self._candidates

    def effective_low_priority_routes(self) -> list[BaseRoute]:
        """The low-priority routes of the router and of those included in it, as they are effective here."""
        router = self.original_router
        if self._effective_low_priority_routes_version == router._get_routes_version():
            return self._low_priority_routes
        with self._effective_routes_lock:
            if self._effective_low_priority_routes_version != router._get_routes_version():
                found = list(effective_low_priority_routes(router._low_priority_routes, self.include_context))
                for candidate in self.effective_candidates():
                    if isinstance(candidate, IncludedRouter):
                        found += candidate.effective_low_priority_routes()
                self._low_priority_routes = behind_layers(found, router.layers)
                # Making them counts as a change of routes itself.
                self._effective_low_priority_routes_version = router._get_routes_version()
            return self._low_priority_routes

    def effective_route_contexts(self) -> Iterator[EffectiveRoute]:
        """The effective routes, those of nested inclusions among them."""
        for candidate in self.effective_candidates():
            if isinstance(candidate, IncludedRouter):
                yield from candidate.effective_route_contexts()
            else:
                yield cast(EffectiveRoute, candidate)

    def path_shape(self) -> PathShape | None:
        from fastrapi.routing.router import APIRouter

        overridden = type(self.original_router).matches is not APIRouter.matches
        if overridden or self.original_router.has_host_routes():
            return None
        return PathShape(path_shape(parse_template(self.include_context.prefix)).segments, True)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        outer = scope.get(_ASKED)
        scope[_ASKED] = self
        try:
            match, child_scope = self.original_router.matches(scope)
        finally:
            if outer is None:
                del scope[_ASKED]
            else:
                scope[_ASKED] = outer
        if match is not Match.NONE:
            child_scope[_ASKED] = self
        return match, child_scope

    def choose(self, scope: Scope, path: str) -> tuple[Match, Scope]:
        """The first route that matches fully, else the first that matches but for the method."""
        partial: tuple[Match, Scope] = (Match.NONE, {})
        for candidate in self._index.candidates(self.effective_candidates(), path):
            asked = candidate.ask if isinstance(candidate, EffectiveRoute) else candidate.matches
            match, child_scope = asked(scope)
            if match is Match.NONE:
                continue
            child_scope[_CHOSEN] = (candidate, *child_scope.get(_CHOSEN, ()))
            if match is Match.FULL:
                return match, child_scope
            if partial[0] is Match.NONE:
                partial = match, child_scope
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_ASKED] = self
        await self.original_router.handle(scope, receive, send)

    async def _handle_selected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was chosen handle the request, inside the router's layers."""
        await self._app(scope, receive, send)

    async def _call_selected(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = scope.get(_CHOSEN)
        if not chosen:
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)
            return
        candidate, *rest = chosen
        scope[_CHOSEN] = tuple(rest)
        if isinstance(candidate, IncludedRouter):
            await candidate.handle(scope, receive, send)
        else:
            await candidate.call(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        for candidate in self.effective_candidates():
            try:
                return candidate.url_path_for(name, **path_params)
            except NoMatchFound:
                continue
        raise NoMatchFound(name, path_params)


def asked_inclusion(scope: Scope, router: APIRouter) -> IncludedRouter | None:
    """The inclusion on whose behalf the router is asked or called, if any."""
    included = scope.get(_ASKED)
    if isinstance(included, IncludedRouter) and included.original_router is router:
        return included
    return None
