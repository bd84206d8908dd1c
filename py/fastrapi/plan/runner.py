"""One function per route: its dependency tree as straight-line code.

FastAPI's order is kept: a dependency's own dependencies first, in the order of the parameters; what was
called once is reused unless `use_cache=False`. The generated source only names positions (`a3`, `f1`, `v2`):
nothing of the user's text is ever part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Any

from fastrapi.background import background_tasks_class
from fastrapi.plan.inspection import kind_of
from fastrapi.plan.model import Parameter, Placement, Unplannable
from fastrapi.plan.outcome import Exits, Outcome, swallowed
from fastrapi.plan.parameters import (
    SharedParts,
    parameters_of,
    request_parameter,
    security_parameter,
    takes_user_code,
)
from fastrapi.plan.placement import SyncCall
from fastrapi.responses import Response
from fastrapi.security.scopes import SecurityScopes

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fastrapi.dependencies.models import Dependant


@dataclass(frozen=True, slots=True)
class Runner:
    """The callable of a plan, with how to call it."""

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    keywords: tuple[str, ...]
    placement: Placement
    is_coroutine: bool
    sync_calls: tuple[Callable[..., Any], ...]
    has_exits: bool = False
    """Whether there is exit code to run after the response."""


def finish_step(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that is pure: one step ends it."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("a coroutine without await suspended")


def sub_response() -> Response:
    """The object behind a `Response` parameter: collects headers and, if the app sets it, a status code."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]
    return response


def build_runner(dependant: Dependant, app: object, parts: SharedParts) -> Runner:
    """Compiles the tree below a route's `dependant`, for requests to `app`, of whose plans `parts` are.

    Raises `Unplannable` for what needs the ASGI application.
    """
    _refuse(dependant)
    plain = _plain_endpoint(dependant, parts)
    if plain is not None:
        return plain
    compiler = _Compiler(parts)
    compiler.namespace["BackgroundTasks"] = background_tasks_class(app)
    return compiler.compile(dependant)


def _refuse(dependant: Dependant) -> None:
    if dependant.websocket_param_name:
        raise Unplannable("takes the WebSocket")
    if dependant.concurrency is not None:
        raise Unplannable("a dependency with max_concurrency")
    if dependant.scope == "lifespan":
        raise Unplannable("a dependency of lifespan scope")
    if (dependant.is_gen or dependant.is_async_gen) and dependant.computed_scope == "function":
        raise Unplannable("a yield dependency of function scope")
    for child in dependant.dependencies:
        _refuse(child)


def _takes_request(dependant: Dependant) -> bool:
    own = bool(dependant.request_param_name or dependant.http_connection_param_name)
    if security_parameter(dependant.call) is not None:
        return False
    return own or any(_takes_request(child) for child in dependant.dependencies)


def takes_response(dependant: Dependant) -> bool:
    """Whether anything in the tree may set status and headers through a `Response` parameter."""
    return bool(dependant.response_param_name) or any(map(takes_response, dependant.dependencies))


def _takes_only_parameters(dependant: Dependant) -> bool:
    special = (
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
    )
    return not dependant.dependencies and not any(special)


def _plain_endpoint(dependant: Dependant, parts: SharedParts) -> Runner | None:
    """A route without dependencies needs no generated function: the endpoint is called itself."""
    if not _takes_only_parameters(dependant):
        return None
    call = dependant.call
    assert call is not None, "a route's dependant has its endpoint"
    named = parameters_of(dependant, parts)
    parameters = [parameter for _, parameter in named]
    keywords = [name for name, _ in named]
    if dependant.request_param_name:
        keywords.append(dependant.request_param_name)
        parameters.append(request_parameter())
    is_coroutine = dependant.is_coroutine
    placement: Placement = "task" if is_coroutine else "sync"
    if kind_of(call) == "pure" and not takes_user_code(dependant) and not dependant.request_param_name:
        placement = "pure"
    return Runner(call, tuple(parameters), tuple(keywords), placement, is_coroutine, (call,))


@lru_cache(maxsize=1024)
def _compiled(source: str) -> CodeType:
    """The code of a module with one function; trees of one form have the same."""
    return compile(source, "<fastrapi plan>", "exec")


@dataclass
class _Compiler:
    parts: SharedParts
    namespace: dict[str, Any] = field(
        default_factory=lambda: {
            "Exits": Exits,
            "Outcome": Outcome,
            "SecurityScopes": SecurityScopes,
            "clock": perf_counter,
            "finish_step": finish_step,
            "sub_response": sub_response,
            "swallowed": swallowed,
        }
    )
    parameters: list[Parameter] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    cached: dict[Any, str] = field(default_factory=dict)
    sync_calls: list[Callable[..., Any]] = field(default_factory=list)
    request: str = ""
    uses_exits: bool = False
    uses_response: bool = False
    uses_tasks: bool = False
    values: int = 0
    functions: int = 0

    def compile(self, dependant: Dependant) -> Runner:
        kinds = set(self._kinds(dependant))
        is_pure = kinds == {"pure"} and not takes_user_code(dependant) and not _takes_request(dependant)
        # A tree of sync callables makes one hop to a thread, not one for each.
        is_task = not is_pure and ("coroutine" in kinds or self._has_coroutine(dependant))
        self._emit_tree(dependant, is_task)
        placement: Placement = "pure" if is_pure else "task" if is_task else "sync"
        function = self._function(is_task)
        sync_calls = tuple(self.sync_calls)
        return Runner(
            function, tuple(self.parameters), (), placement, is_task, sync_calls, has_exits=self.uses_exits
        )

    def _kinds(self, dependant: Dependant) -> list[str]:
        if security_parameter(dependant.call) is not None:
            return ["pure"]
        found = [kind for child in dependant.dependencies for kind in self._kinds(child)]
        if dependant.is_gen or dependant.is_async_gen:
            return [*found, "coroutine"]
        return [*found, kind_of(dependant.call)]

    def _has_coroutine(self, dependant: Dependant) -> bool:
        own = dependant.is_coroutine and security_parameter(dependant.call) is None
        return own or any(self._has_coroutine(d) for d in dependant.dependencies)

    def _emit_tree(self, dependant: Dependant, is_task: bool) -> str:
        arguments = []
        for child in dependant.dependencies:
            key = child.cache_key
            value = self.cached.get(key) if child.use_cache else None
            if value is None:
                value = self._emit_child(child, is_task)
                self.cached.setdefault(key, value)
            if child.name is not None:
                arguments.append((child.name, value))
        for name, parameter in parameters_of(dependant, self.parts):
            self.parameters.append(parameter)
            arguments.append((name, f"a{len(self.parameters) - 1}"))
        arguments += self._special_arguments(dependant)
        return self._emit_call(dependant, arguments, is_task)

    def _emit_child(self, child: Dependant, is_task: bool) -> str:
        taken = security_parameter(child.call)
        if taken is None:
            return self._emit_tree(child, is_task)
        self.parameters.append(taken)
        return f"a{len(self.parameters) - 1}"

    def _special_arguments(self, dependant: Dependant) -> list[tuple[str, str]]:
        names = (dependant.request_param_name, dependant.http_connection_param_name)
        found = [(name, self._request()) for name in names if name]
        if dependant.response_param_name:
            self.uses_response = True
            found.append((dependant.response_param_name, "response"))
        if dependant.background_tasks_param_name:
            self.uses_tasks = True
            found.append((dependant.background_tasks_param_name, "tasks"))
        if dependant.security_scopes_param_name:
            scopes = self._name("k", tuple(dependant.oauth_scopes))
            found.append((dependant.security_scopes_param_name, f"SecurityScopes(scopes=list({scopes}))"))
        return found

    def _request(self) -> str:
        if not self.request:
            self.parameters.append(request_parameter())
            self.request = f"a{len(self.parameters) - 1}"
        return self.request

    def _name(self, prefix: str, value: object) -> str:
        self.functions += 1
        name = f"{prefix}{self.functions}"
        self.namespace[name] = value
        return name

    def _emit_call(self, dependant: Dependant, arguments: list[tuple[str, str]], is_task: bool) -> str:
        call = dependant.call
        assert call is not None
        self.values += 1
        value = f"v{self.values}"
        function = self._name("f", call)
        written = ", ".join(f"{name}={argument}" for name, argument in arguments)
        if dependant.is_gen or dependant.is_async_gen:
            self.uses_exits = True
            enter = "aenter" if dependant.is_async_gen else "enter"
            self.lines.append(f"{value} = await exits.{enter}({function}({written}))")
        elif dependant.is_coroutine:
            awaited = f"await {function}({written})" if is_task else f"finish_step({function}({written}))"
            self.lines.append(f"{value} = {awaited}")
        elif not is_task or kind_of(call) == "pure":
            self.sync_calls.append(call)
            self.lines.append(f"{value} = {function}({written})")
        else:
            placed = self._name("s", SyncCall(call))
            self.lines += [
                f"if {placed}.inline:",
                "    started = clock()",
                "    try:",
                f"        {value} = {function}({written})",
                "    finally:",
                f"        {placed}.ran(clock() - started)",
                "else:",
                f"    {value} = await {placed}.in_thread({written})",
            ]
        return value

    def _function(self, is_task: bool) -> Callable[..., Any]:
        arguments = ", ".join(f"a{i}" for i in range(len(self.parameters)))
        body = []
        if self.uses_response:
            body.append("response = sub_response()")
        if self.uses_tasks:
            body.append("tasks = BackgroundTasks()")
        if self.uses_exits:
            body += ["exits = Exits()", "try:", *(f"    {line}" for line in self.lines)]
            body += [
                "except BaseException as error:",
                "    left = await exits.close(error)",
                "    if left is error:",
                "        raise",
                "    raise (swallowed() if left is None else left)",
            ]
        else:
            body += self.lines
        body.append(f"return {self._result()}")
        head = f"{'async ' if is_task else ''}def run({arguments}):"
        source = "\n".join([head, *(f"    {line}" for line in body)])
        # The source is made of positions only; see the module's text.
        exec(_compiled(source), self.namespace)  # noqa: S102
        run: Callable[..., Any] = self.namespace["run"]
        return run

    def _result(self) -> str:
        value = f"v{self.values}"
        if not (self.uses_response or self.uses_tasks or self.uses_exits):
            return value
        gathered = (
            "response" if self.uses_response else "None",
            "tasks" if self.uses_tasks else "None",
            "exits" if self.uses_exits else "None",
        )
        return f"Outcome({value}, {', '.join(gathered)})"
