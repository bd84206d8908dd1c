"""From a callable to its `Dependant`.

What a callable declares is worked out once and remembered as long as the callable lives: the
same dependency is usually declared by many routes, and every inclusion of a router looks at its
routes again. Only the tree is built anew each time.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from fastrapi import params
from fastrapi._compat import ModelField
from fastrapi.dependencies.concurrency import DependencyConcurrency
from fastrapi.dependencies.fields import alias_choices
from fastrapi.dependencies.models import Dependant
from fastrapi.dependencies.parameters import analyze_param
from fastrapi.dependencies.reading import single_parameters
from fastrapi.dependencies.signatures import declared_parameters
from fastrapi.exceptions import DependencyScopeError
from fastrapi.types import DependencyCacheKey, DependencyScope
from fastrapi.utils import get_path_param_names


@dataclass(slots=True)
class _Declarations:
    """What the parameters of one callable declare, for one set of names in the path.

    Attributes:
        fields: By list of `Dependant`, the fields of the request.
        special: By attribute of `Dependant`, the parameters for objects such as `Request`.
        dependencies: The sub-dependencies, with the parameter that receives each.
    """

    fields: dict[str, list[ModelField]] = field(default_factory=dict)
    special: dict[str, str] = field(default_factory=dict)
    dependencies: list[tuple[str, params.Depends]] = field(default_factory=list)


@dataclass(slots=True)
class _Known:
    """The remembered analyses of one callable.

    Attributes:
        sources: What the signature was read from.
        path_sensitive: The names whose presence in the path makes a difference.
        by_path_names: The declarations, by which of these names are in the path.
    """

    sources: list[Any]
    path_sensitive: frozenset[str]
    by_path_names: dict[frozenset[str], _Declarations] = field(default_factory=dict)


class _ScopeUse:
    is_used = False


lifespan_scope = _ScopeUse()
"""Whether any dependency has been declared with the scope `lifespan`: else nobody needs to look for them."""

_known: WeakKeyDictionary[Callable[..., Any], _Known] = WeakKeyDictionary()

_LIST_OF_PLACE = {
    params.ParamTypes.path: "path_params",
    params.ParamTypes.query: "query_params",
    params.ParamTypes.header: "header_params",
    params.ParamTypes.cookie: "cookie_params",
}


def _declarations(call: Callable[..., Any], path_param_names: set[str]) -> _Declarations:
    """What the callable declares, remembered for its next use."""
    # Only functions and classes: other objects may be unhashable, or equal to one another.
    if not isinstance(call, (types.FunctionType, type)):
        return _declared(call, path_param_names)[0]
    sources = _signature_sources(call)
    known = _known.get(call)
    if known is not None and all(old is new for old, new in zip(known.sources, sources, strict=True)):
        remembered = known.by_path_names.get(known.path_sensitive & path_param_names)
        if remembered is not None:
            return remembered
    else:
        known = None
    found, sensitive = _declared(call, path_param_names)
    if known is None:
        known = _known[call] = _Known(sources, path_sensitive=frozenset(sensitive))
    known.by_path_names[known.path_sensitive & path_param_names] = found
    return found


def _declared(call: Callable[..., Any], path_param_names: set[str]) -> tuple[_Declarations, set[str]]:
    """What the callable declares, and the names whose presence in the path makes a difference."""
    found = _Declarations()
    sensitive = set()
    for name, annotation, default in declared_parameters(call):
        details = analyze_param(
            param_name=name, annotation=annotation, value=default, path_param_names=path_param_names
        )
        sensitive.add(name)
        if details.special is not None:
            found.special[details.special] = name
        elif details.depends is not None:
            found.dependencies.append((name, details.depends))
        elif details.field is not None:
            sensitive.update(_path_choices(annotation, default))
            found.fields.setdefault(_list_for(details.field), []).append(details.field)
    return found, sensitive


def _signature_sources(call: Callable[..., Any]) -> list[Any]:
    """What the signature of the callable is read from.

    Packages for views in classes are known to replace it after the function has become a route.
    """
    if isinstance(call, type):
        return [vars(call).get("__signature__"), call.__init__]  # type: ignore[misc]
    if isinstance(call, types.FunctionType):
        given = vars(call)
        return [given.get("__signature__"), given.get("__wrapped__"), call.__defaults__, call.__kwdefaults__]
    return []


def _path_choices(annotation: Any, default: Any) -> Iterator[str]:
    """The names that a `Path()` with several of them chooses from."""
    for declared in (default, *getattr(annotation, "__metadata__", ())):
        if isinstance(declared, params.Path):
            yield from alias_choices(declared) or ()


def _list_for(model_field: ModelField) -> str:
    field_info = model_field.field_info
    if isinstance(field_info, params.Param):
        return _LIST_OF_PLACE[field_info.in_]
    assert isinstance(field_info, params.Body), (
        f"Invalid field info for parameter {model_field.name!r}: {field_info!r}"
    )
    return "body_params"


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: DependencyScope | None = None,
    concurrency: DependencyConcurrency | None = None,
) -> Dependant:
    """Analyse a callable and all that it depends on.

    Args:
        path: The path template of the operation, without convertors.
        call: The path operation or dependency.
        name: The parameter of the parent that receives its result.
        own_oauth_scopes: The scopes required by its declaration.
        parent_oauth_scopes: The scopes required above it.
        use_cache: Whether its result is shared within a request.
        scope: When to leave a `yield` dependency, as declared.
        concurrency: The counter of its declaration.

    Raises:
        AssertionError: A parameter's declaration is ambiguous or impossible.
        DependencyScopeError: It outlives a dependency that it uses, or the request that it takes
            something from.
        FastAPIError: A type cannot be validated by pydantic.
    """
    dependant = Dependant(
        call=call,
        name=name,
        path=path,
        own_oauth_scopes=own_oauth_scopes,
        parent_oauth_scopes=parent_oauth_scopes,
        use_cache=use_cache,
        scope=scope,
        concurrency=concurrency,
    )
    _fill(dependant, path, call, _declarations(call, get_path_param_names(path)))
    return dependant


def _fill(dependant: Dependant, path: str, call: Callable[..., Any], declarations: _Declarations) -> None:
    for place, fields in declarations.fields.items():
        setattr(dependant, place, list(fields))
    for attribute, parameter in declarations.special.items():
        setattr(dependant, attribute, parameter)
    if dependant.scope == "lifespan":
        _check_outlives_requests(call, declarations)
    if declarations.dependencies:
        scopes = [*(dependant.parent_oauth_scopes or ()), *(dependant.own_oauth_scopes or ())]
        for parameter, depends in declarations.dependencies:
            _check_scopes(dependant, depends)
            dependant.dependencies.append(_sub_dependant(depends, path, parameter, scopes))


def _check_scopes(dependant: Dependant, depends: params.Depends) -> None:
    if depends.scope != "function" or dependant.computed_scope != "request":
        return
    if dependant.is_gen or dependant.is_async_gen:
        raise DependencyScopeError(
            f'The dependency "{name_of_callable(dependant.call)}" has a scope of '
            '"request", it cannot depend on dependencies with scope "function".'
        )


def name_of_callable(call: Callable[..., Any] | None) -> str:
    """The name of a dependency, for messages."""
    return str(getattr(call, "__name__", call))


def _check_outlives_requests(call: Callable[..., Any], declarations: _Declarations) -> None:
    described = f'The dependency "{name_of_callable(call)}" has a scope of "lifespan", it cannot'
    for _, depends in declarations.dependencies:
        if depends.scope != "lifespan":
            raise DependencyScopeError(
                f'{described} depend on dependencies with scope "{depends.scope or "request"}".'
            )
    taken = [each.name for fields in declarations.fields.values() for each in fields]
    taken += declarations.special.values()
    if taken:
        raise DependencyScopeError(f"{described} take anything from a request: {', '.join(taken)}.")


def _sub_dependant(
    depends: params.Depends, path: str, name: str | None, parent_scopes: list[str]
) -> Dependant:
    assert depends.dependency is not None
    if depends.scope == "lifespan":
        lifespan_scope.is_used = True
    own_scopes = list(depends.scopes or ()) if isinstance(depends, params.Security) else None
    return get_dependant(
        path=path,
        call=depends.dependency,
        name=name,
        own_oauth_scopes=own_scopes or None,
        parent_oauth_scopes=parent_scopes or None,
        use_cache=depends.use_cache,
        scope=depends.scope,
        concurrency=depends._concurrency,
    )


def get_parameterless_sub_dependant(*, depends: params.Depends, path: str) -> Dependant:
    """Analyse a dependency whose result nobody receives (`dependencies=[...]`)."""
    assert callable(depends.dependency), "A parameter-less dependency must have a callable dependency"
    return _sub_dependant(depends, path, None, [])


def build_dependant(
    *, path: str, call: Callable[..., Any], dependencies: Sequence[params.Depends]
) -> Dependant:
    """The tree of a path operation with the dependencies declared beside it, which come first."""
    dependant = Dependant(call=call, path=path)
    # Seldom asked for again, and there may be thousands: not remembered.
    _fill(dependant, path, call, _declared(call, get_path_param_names(path))[0])
    if dependencies:
        dependant.dependencies[:0] = _parameterless(dependencies, path)
    return dependant


def moved_dependant(
    dependant: Dependant, *, path: str, call: Callable[..., Any], dependencies: Sequence[params.Depends]
) -> Dependant:
    """The tree of a path operation again, for another path and with other dependencies beside it.

    Args:
        dependant: The tree as `build_dependant` made it, for a path with the same parameters.
        path: The other path.
        call: The path operation.
        dependencies: All dependencies declared beside it.
    """
    moved = copy(dependant)
    moved.path, moved.call = path, call
    if dependencies:
        own = [each for each in dependant.dependencies if each.name is not None]
        moved.dependencies = [*_parameterless(dependencies, path), *own]
    return moved


def _parameterless(dependencies: Sequence[params.Depends], path: str) -> list[Dependant]:
    return [get_parameterless_sub_dependant(depends=depends, path=path) for depends in dependencies]


def iter_dependants(dependant: Dependant) -> Iterator[Dependant]:
    """The dependant and all below it, each sub-tree after its root."""
    yield dependant
    for sub in dependant.dependencies:
        yield from iter_dependants(sub)


def iter_unique_dependants(dependant: Dependant) -> Iterator[Dependant]:
    """Like `iter_dependants`, but without the repetitions of those that share their result."""
    seen: set[DependencyCacheKey] = set()

    def walk(each: Dependant) -> Iterator[Dependant]:
        seen.add(each.cache_key)
        yield each
        for sub in each.dependencies:
            if sub.cache_key not in seen:
                yield from walk(sub)

    return walk(dependant)


def get_flat_body_params(dependant: Dependant) -> list[ModelField]:
    """The body parameters of the whole tree."""
    if not any(each.body_params for each in iter_dependants(dependant)):
        return []
    return [field for each in iter_unique_dependants(dependant) for field in each.body_params]


def get_flat_params(dependant: Dependant) -> list[ModelField]:
    """All parameters of the tree but those of the body, by place. For packages: nothing here uses it."""
    unique = list(iter_unique_dependants(dependant))
    return [
        field
        for place in ("path_params", "query_params", "header_params", "cookie_params")
        for each in unique
        for declared in getattr(each, place)
        for field, _ in single_parameters(declared)
    ]
