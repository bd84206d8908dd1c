"""Keyword lists that are written once.

Several public functions take the same long list of keywords. Each list is a `TypedDict` whose
fields carry their default value as `Annotated[type, Initial(value)]`. A function takes it as
`**options: Unpack[ThatList]`, which type checkers and editors expand, and the decorator
`expands` makes the runtime agree: `inspect.signature()` shows every keyword with its default,
and an unknown keyword is a `TypeError` that names the function.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Initial:
    """The default value of a keyword."""

    value: Any


_parameters: dict[tuple[str, int], tuple[Any, inspect.Parameter]] = {}
"""The keywords by name and annotation, which is the same object in a list and in those derived from it."""


@functools.cache
def keyword_parameters(options: type) -> dict[str, inspect.Parameter]:
    """The keywords of a `TypedDict` of `Annotated[type, Initial(value)]` fields, in order.

    The list's module must not postpone the evaluation of annotations.
    """
    parameters = {}
    for name, annotation in options.__annotations__.items():
        # The annotation is kept beside its parameter, so that its id stays its own.
        known = _parameters.get((name, id(annotation)))
        if known is None:
            known = _parameters[name, id(annotation)] = annotation, _parameter(name, annotation)
        parameters[name] = known[1]
    return parameters


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    [initial] = [item for item in annotation.__metadata__ if isinstance(item, Initial)]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=initial.value, annotation=annotation.__origin__
    )


@functools.cache
def keyword_defaults(options: type) -> dict[str, Any]:
    """The default value of each keyword of the list. Not to be changed by the caller."""
    return {name: parameter.default for name, parameter in keyword_parameters(options).items()}


def expands(options: type, *, fill: bool = False) -> Callable[[F], F]:
    """Declare that a function's `**keywords` are those of the `TypedDict` `options`.

    Args:
        options: The keyword list.
        fill: Pass the function all keywords, with their defaults where the caller gave none.

    Raises:
        TypeError: From the decorated function, for a keyword that is not in the list.
    """

    def decorate(function: F) -> F:
        own = inspect.signature(function)
        named = [
            parameter
            for parameter in own.parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        known = frozenset([*(parameter.name for parameter in named), *keyword_parameters(options)])
        defaults = keyword_defaults(options)

        @functools.wraps(function)
        def checked(*args: Any, **keywords: Any) -> Any:
            if not keywords.keys() <= known:
                unknown = next(name for name in keywords if name not in known)
                called = _called(function, args)
                raise TypeError(f"{called}() got an unexpected keyword argument {unknown!r}")
            if fill and not defaults.keys() <= keywords.keys():
                keywords = {**defaults, **keywords}
            return function(*args, **keywords)

        listed = [p for name, p in keyword_parameters(options).items() if name not in own.parameters]
        checked.__signature__ = own.replace(parameters=[*named, *listed])  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return decorate


def _called(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """The qualified name of a function; of a method, with the public class that was called."""
    base, _, name = function.__qualname__.rpartition(".")
    if not base:
        return name
    package = __name__.partition(".")[0]
    owners = (cls for cls in type(args[0]).__mro__ if cls.__module__.partition(".")[0] == package)
    return f"{next(owners).__qualname__}.{name}"
