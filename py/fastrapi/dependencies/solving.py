"""Per request: from a tree of `Dependant`s to the keyword arguments of its root."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from fastrapi.background import background_tasks_class
from fastrapi.compat.starlette.background import BackgroundTasks as StarletteBackgroundTasks
from fastrapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastrapi.dependencies.analysis import get_dependant
from fastrapi.dependencies.exit_stacks import enter_async_dependency, stack_for
from fastrapi.dependencies.lifespan import LifespanValues
from fastrapi.dependencies.models import Dependant
from fastrapi.dependencies.reading import MISSING, request_params_to_args
from fastrapi.dependencies.request_bodies import request_body_to_args
from fastrapi.requests import Request
from fastrapi.responses import Response
from fastrapi.security.scopes import SecurityScopes
from fastrapi.types import DependencyCacheKey
from fastrapi.websockets import WebSocket

_NO_VALUES = LifespanValues()
"""Those of an application of another framework."""


@dataclass(slots=True)
class SolvedDependency:
    """The outcome for the root of a tree.

    Attributes:
        values: The keyword arguments; incomplete if there are errors.
        errors: The validation errors of the whole tree.
        background_tasks: The tasks, if anything in the tree asked for them.
        response: Where the tree may have set headers and a status, if anything in it asked for it.
        dependency_cache: The results by cache key.
    """

    values: dict[str, Any]
    errors: list[Any]
    background_tasks: StarletteBackgroundTasks | None
    response: Response | None
    dependency_cache: dict[DependencyCacheKey, Any]


async def solve_dependencies(
    *,
    request: Request | WebSocket,
    dependant: Dependant,
    body: Any = MISSING,
    background_tasks: StarletteBackgroundTasks | None = None,
    response: Response | None = None,
    dependency_overrides_provider: Any | None = None,
    dependency_cache: dict[DependencyCacheKey, Any] | None = None,
    async_exit_stack: AsyncExitStack | None = None,
    embed_body_fields: bool,
) -> SolvedDependency:
    """Call everything that the root of the tree depends on, and collect its arguments.

    Args:
        request: The request or WebSocket.
        dependant: The root. It is not called.
        body: The parsed body; `MISSING` if there is none.
        background_tasks: Tasks to add to.
        response: The response whose headers and status the tree may set.
        dependency_overrides_provider: The application, for its `dependency_overrides`.
        dependency_cache: Results that may be used, by cache key.
        async_exit_stack: Accepted for compatibility; the stacks are those in the scope.
        embed_body_fields: Whether the body is an object with the parameters as members.

    Raises:
        Exception: Whatever a dependency raises.
    """
    solver = _Solver(
        request=request,
        body=body,
        background_tasks=background_tasks,
        response=response,
        overrides=getattr(dependency_overrides_provider, "dependency_overrides", None),
        cache={} if dependency_cache is None else dependency_cache,
        embed_body_fields=embed_body_fields,
    )
    values, errors = await solver.solve(dependant)
    return SolvedDependency(values, errors, solver.background_tasks, solver.response, solver.cache)


@dataclass(slots=True)
class _Solver:
    """What is the same for all of one tree during one request."""

    request: Request | WebSocket
    body: Any
    background_tasks: StarletteBackgroundTasks | None
    response: Response | None
    overrides: dict[Callable[..., Any], Callable[..., Any]] | None
    cache: dict[DependencyCacheKey, Any]
    embed_body_fields: bool

    async def solve(self, dependant: Dependant) -> tuple[dict[str, Any], list[Any]]:
        values: dict[str, Any] = {}
        errors: list[Any] = []
        for sub in dependant.dependencies:
            value, found = await self._result_of(sub)
            if found:
                errors.extend(found)
            elif sub.name is not None:
                values[sub.name] = value
        self._add_parameters(dependant, values, errors)
        if dependant.body_params:
            arguments, found = await request_body_to_args(
                dependant.body_params, self.body, self.embed_body_fields
            )
            values.update(arguments)
            errors.extend(found)
        self._add_special(dependant, values)
        return values, errors

    async def _result_of(self, dependant: Dependant) -> tuple[Any, list[Any]]:
        """The result of a dependency, from the cache if it may be."""
        if dependant.scope == "lifespan":
            held, value = self._held(dependant)
            if held:
                return value, []
        key = dependant.cache_key
        if dependant.use_cache and key in self.cache:
            return self.cache[key], []
        used = self._overridden(dependant)
        values, errors = await self.solve(used)
        if errors:
            return None, errors
        value = await self._call(used, values)
        self.cache.setdefault(key, value)
        return value, []

    def _held(self, dependant: Dependant) -> tuple[bool, Any]:
        """Whether the value has been there since the application started, and the value.

        One that is overridden since then has to be called like any other.
        """
        assert dependant.call is not None, "a dependency has a callable"
        values: LifespanValues = getattr(self.request.scope.get("app"), "lifespan_values", _NO_VALUES)
        call = (self.overrides or {}).get(dependant.call, dependant.call)
        if call is not dependant.call and not values.has(call):
            return False, None
        return True, values.value_of(call)

    def _overridden(self, dependant: Dependant) -> Dependant:
        call = dependant.call
        # Looked up each time: a dependency may install an override for those after it.
        if not self.overrides or call not in self.overrides:
            return dependant
        return get_dependant(
            path=dependant.path or "",
            call=self.overrides[call],
            name=dependant.name,
            own_oauth_scopes=dependant.own_oauth_scopes,
            parent_oauth_scopes=dependant.parent_oauth_scopes,
            use_cache=dependant.use_cache,
            scope=None if dependant.scope == "lifespan" else dependant.scope,
            concurrency=dependant.concurrency,
        )

    async def _call(self, dependant: Dependant, values: dict[str, Any]) -> Any:
        if dependant.is_async_gen or dependant.is_gen:
            return await self._enter(dependant, values)
        if dependant.concurrency is not None:
            async with dependant.concurrency.get_semaphore():
                return await call_dependency(dependant, values)
        return await call_dependency(dependant, values)

    async def _enter(self, dependant: Dependant, values: dict[str, Any]) -> Any:
        """Run a `yield` dependency up to its `yield`; the rest when the stack is emptied."""
        scope = self.request.scope
        stack = stack_for(scope, "function" if dependant.computed_scope == "function" else "request")
        if dependant.concurrency is not None:
            await stack.enter_async_context(dependant.concurrency.get_semaphore())
        assert dependant.call is not None
        if dependant.is_async_gen:
            manager = contextlib.asynccontextmanager(dependant.call)(**values)
            return await enter_async_dependency(scope, stack, manager)
        blocking = contextlib.contextmanager(dependant.call)(**values)
        return await stack.enter_async_context(contextmanager_in_threadpool(blocking))

    def _add_parameters(self, dependant: Dependant, values: dict[str, Any], errors: list[Any]) -> None:
        request = self.request
        if dependant.path_params:
            _merge(request_params_to_args(dependant.path_params, request.path_params), values, errors)
        if dependant.query_params:
            _merge(request_params_to_args(dependant.query_params, request.query_params), values, errors)
        if dependant.header_params:
            _merge(request_params_to_args(dependant.header_params, request.headers), values, errors)
        if dependant.cookie_params:
            _merge(request_params_to_args(dependant.cookie_params, request.cookies), values, errors)

    def _add_special(self, dependant: Dependant, values: dict[str, Any]) -> None:
        request = self.request
        if dependant.http_connection_param_name:
            values[dependant.http_connection_param_name] = request
        if dependant.request_param_name and isinstance(request, Request):
            values[dependant.request_param_name] = request
        elif dependant.websocket_param_name and isinstance(request, WebSocket):
            values[dependant.websocket_param_name] = request
        if dependant.background_tasks_param_name:
            if self.background_tasks is None:
                self.background_tasks = background_tasks_class(self.request.scope.get("app"))()
            values[dependant.background_tasks_param_name] = self.background_tasks
        if dependant.response_param_name:
            if self.response is None:
                self.response = _blank_response()
            values[dependant.response_param_name] = self.response
        if dependant.security_scopes_param_name:
            values[dependant.security_scopes_param_name] = SecurityScopes(scopes=dependant.oauth_scopes)


def _blank_response() -> Response:
    """A response that has nothing yet: what the tree sets is merged into the one that is sent."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]
    return response


def _merge(found: tuple[dict[str, Any], list[Any]], values: dict[str, Any], errors: list[Any]) -> None:
    values.update(found[0])
    errors.extend(found[1])


async def call_dependency(dependant: Dependant, values: dict[str, Any]) -> Any:
    """Call an ordinary function in a thread, a coroutine function in the event loop."""
    assert dependant.call is not None, "dependant.call must be a function"
    if dependant.is_coroutine:
        return await dependant.call(**values)
    return await run_in_threadpool(dependant.call, **values)
