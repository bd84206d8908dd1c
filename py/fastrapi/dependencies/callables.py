"""What kind of callable a dependency or path operation is, and where its names are looked up."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from types import FunctionType
from typing import Any

if sys.version_info >= (3, 13):
    from inspect import iscoroutinefunction
else:
    # Knows the markers that libraries put on their callables before `inspect.markcoroutinefunction`.
    from asyncio import iscoroutinefunction

_CALLABLE_CLASSIFICATION_CACHE_SIZE = 4096

_MARKER = "_is_coroutine_mark"
"""What `inspect.markcoroutinefunction()` leaves on a function."""


class _CallIdentity:
    """A callable as a cache key by identity: it may be unhashable, or equal to another one."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CallIdentity) and self.call is other.call

    def __hash__(self) -> int:
        return id(self.call)


def without_partials(call: Callable[..., Any]) -> Callable[..., Any]:
    """The callable that `functools.partial` objects, however nested, finally call."""
    while isinstance(call, partial):
        call = call.func
    return call


def unwrap(call: Callable[..., Any] | None) -> Any:
    """The callable below partials and `functools.wraps()` decorators."""
    if call is None or (type(call) is FunctionType and not hasattr(call, "__wrapped__")):
        return call  # by far the most frequent case
    return without_partials(inspect.unwrap(without_partials(call)))


def _matches(call: Callable[..., Any], predicate: Callable[[Any], bool]) -> bool:
    """Whether calling `call` runs a function of the kind that the predicate knows.

    A decorator may hide the kind (`wraps()` around an `async def` returns a plain function that
    hands out the coroutine) or give it (an `async def` around a plain function), so both ends
    are asked. A class is called for its instance, whatever its `__call__` is.
    """
    plain, unwrapped = without_partials(call), unwrap(call)
    if predicate(plain) or predicate(unwrapped):
        return True
    if inspect.isclass(unwrapped):
        return False
    for candidate in (plain, unwrapped):
        method = getattr(candidate, "__call__", None)  # noqa: B004
        if method is None or inspect.isroutine(candidate):
            continue
        if predicate(without_partials(method)) or predicate(unwrap(method)):
            return True
    return False


@lru_cache(maxsize=_CALLABLE_CLASSIFICATION_CACHE_SIZE)
def _is_gen_callable_cached(call_identity: _CallIdentity) -> bool:
    return _matches(call_identity.call, inspect.isgeneratorfunction)


@lru_cache(maxsize=_CALLABLE_CLASSIFICATION_CACHE_SIZE)
def _is_async_gen_callable_cached(call_identity: _CallIdentity) -> bool:
    return _matches(call_identity.call, inspect.isasyncgenfunction)


@lru_cache(maxsize=_CALLABLE_CLASSIFICATION_CACHE_SIZE)
def _is_coroutine_callable_cached(call_identity: _CallIdentity) -> bool:
    return _matches(call_identity.call, iscoroutinefunction)


def is_gen_callable(call: Callable[..., Any] | None) -> bool:
    """Whether the callable is a generator function."""
    return call is not None and _is_gen_callable_cached(_CallIdentity(call))


def is_async_gen_callable(call: Callable[..., Any] | None) -> bool:
    """Whether the callable is an asynchronous generator function."""
    return call is not None and _is_async_gen_callable_cached(_CallIdentity(call))


def is_coroutine_callable(call: Callable[..., Any] | None) -> bool:
    """Whether the callable returns a coroutine."""
    return call is not None and _is_coroutine_callable_cached(_CallIdentity(call))


def kind_of_callable(call: Callable[..., Any] | None) -> tuple[bool, bool, bool]:
    """Whether the callable is a generator, an asynchronous generator, a coroutine function."""
    if type(call) is FunctionType and not hasattr(call, "__wrapped__") and not hasattr(call, _MARKER):
        flags = call.__code__.co_flags
        return (
            bool(flags & inspect.CO_GENERATOR),
            bool(flags & inspect.CO_ASYNC_GENERATOR),
            bool(flags & inspect.CO_COROUTINE),
        )
    return is_gen_callable(call), is_async_gen_callable(call), is_coroutine_callable(call)
