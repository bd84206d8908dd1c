"""The result of analysing a callable: a tree of `Dependant`, one for each callable to be called.

Analysis (`fastrapi.dependencies.analysis`) fills it in at definition, solving
(`fastrapi.dependencies.solving`) and the compiler of execution plans only read it.

For one `Dependant`:

`call`
    The callable: a path operation or a dependency. `name` is the parameter of the parent that
    receives its result; `None` for the root and for dependencies without a parameter.
`path_params`, `query_params`, `header_params`, `cookie_params`, `body_params`
    What is taken from the request for this callable itself, as `ModelField`s: `name` is the
    keyword to pass, `alias` the name in the request, `field_info` the declaration (one of
    `fastrapi.params`), `required` and `default` what happens if it is missing, `type_adapter`
    the compiled validator.
`dependencies`
    The sub-dependencies, in the order in which they are solved: before this callable, each
    before the next.
`request_param_name`, `websocket_param_name`, `http_connection_param_name`,
`response_param_name`, `background_tasks_param_name`, `security_scopes_param_name`
    The keyword, if any, under which the callable wants the object of that kind.
`own_oauth_scopes`, `parent_oauth_scopes`
    The scopes required by the declaration of this dependency and by those above it.
`use_cache`
    Whether one call per request serves all dependants with the same `cache_key`.
`scope`
    The declared moment of leaving a `yield` dependency; see `computed_scope`.
`concurrency`
    The shared counter of the declaration, if it has a `max_concurrency`.
`path`
    The path template that the analysis was made for, without convertors.
`is_coroutine`, `is_gen`, `is_async_gen`
    What `call` is, remembered per callable. None of them: an ordinary function, which runs in a
    thread. Both of the last two: an asynchronous wrapper of a generator, to be run as asynchronous.
`cache_key`
    What the result is cached under during a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from fastrapi._compat import ModelField
from fastrapi.dependencies.callables import (  # noqa: F401  # known under these names
    _CallIdentity,
    _is_async_gen_callable_cached,
    _is_coroutine_callable_cached,
    _is_gen_callable_cached,
    kind_of_callable,
    unwrap,
)
from fastrapi.dependencies.callables import is_async_gen_callable as _is_async_gen_callable  # noqa: F401
from fastrapi.dependencies.callables import is_coroutine_callable as _is_coroutine_callable  # noqa: F401
from fastrapi.dependencies.callables import is_gen_callable as _is_gen_callable  # noqa: F401
from fastrapi.security.base import SecurityBase
from fastrapi.types import DependencyCacheKey, DependencyScope

if TYPE_CHECKING:
    from fastrapi.dependencies.concurrency import DependencyConcurrency


@dataclass(slots=True, eq=False, weakref_slot=True)
class Dependant:
    """A callable to be called for a request, with all that it needs. See the module's text."""

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    body_params: list[ModelField] = field(default_factory=list)
    dependencies: list[Dependant] = field(default_factory=list)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: DependencyScope | None = None
    concurrency: DependencyConcurrency | None = None
    _cache_key: DependencyCacheKey | None = field(default=None, init=False, repr=False)

    def __copy__(self) -> Dependant:
        # The general way goes over a state; there may be thousands of these.
        return type(self)(*_arguments(self))

    @property
    def is_coroutine(self) -> bool:
        """Whether calling it gives a coroutine."""
        return kind_of_callable(self.call)[2]

    @property
    def is_gen(self) -> bool:
        """Whether it is a `yield` dependency written as an ordinary function."""
        return kind_of_callable(self.call)[0]

    @property
    def is_async_gen(self) -> bool:
        """Whether it is a `yield` dependency written as an `async def`."""
        return kind_of_callable(self.call)[1]

    @property
    def computed_scope(self) -> DependencyScope | None:
        """The moment of leaving it: as declared; by default, with `yield`, after the response."""
        if self.scope is not None:
            return self.scope
        return "request" if self.is_gen or self.is_async_gen else None

    @property
    def oauth_scopes(self) -> list[str]:
        """The scopes required on the way from the root to here, without repetition."""
        return list(dict.fromkeys([*(self.parent_oauth_scopes or ()), *(self.own_oauth_scopes or ())]))

    @property
    def is_security_scheme(self) -> bool:
        """Whether the callable documents itself as a security scheme."""
        return isinstance(unwrap(self.call), SecurityBase)

    @property
    def uses_scopes(self) -> bool:
        """Whether the result can depend on the scopes, here or in a sub-dependency."""
        return (
            bool(self.own_oauth_scopes)
            or self.security_scopes_param_name is not None
            or self.is_security_scheme
            or any(sub.uses_scopes for sub in self.dependencies)
        )

    @property
    def cache_key(self) -> DependencyCacheKey:
        """The key of the result in the cache of a request, computed once."""
        if self._cache_key is None:
            self._cache_key = _get_cache_key(dependant=self)
        return self._cache_key


_arguments = attrgetter(*(attribute.name for attribute in fields(Dependant) if attribute.init))


def _get_oauth_scopes(*, dependant: Dependant) -> list[str]:
    return dependant.oauth_scopes


def _get_computed_scope(*, dependant: Dependant) -> str | None:
    return dependant.computed_scope


def _is_security_scheme(*, dependant: Dependant) -> bool:
    return dependant.is_security_scheme


def _get_security_scheme(*, dependant: Dependant) -> SecurityBase:
    return cast(SecurityBase, unwrap(dependant.call))


def _uses_scopes(*, dependant: Dependant, cache: object = None) -> bool:
    return dependant.uses_scopes


def _get_cache_key(*, dependant: Dependant, uses_scopes_cache: object = None) -> DependencyCacheKey:
    scopes = tuple(sorted(dependant.oauth_scopes)) if dependant.uses_scopes else ()
    return dependant.call, scopes, dependant.computed_scope or ""
