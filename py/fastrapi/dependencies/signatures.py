"""Signatures with their annotations resolved."""

from __future__ import annotations

import builtins
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, ForwardRef, get_type_hints

from fastrapi.dependencies.callables import _CallIdentity, unwrap

_EMPTY: Any = inspect.Signature.empty


def namespace_of(call: Callable[..., Any]) -> dict[str, Any]:
    """The globals in which the annotations of the callable are looked up."""
    function = unwrap(call)
    if not hasattr(function, "__globals__"):
        if inspect.isclass(function):
            # A class without an `__init__` of its own (a dataclass, a model) was written in its module.
            module = sys.modules.get(function.__module__)
            own = inspect.unwrap(function.__init__)
            return {**getattr(module, "__dict__", {}), **getattr(own, "__globals__", {})}
        function = unwrap(getattr(type(function), "__call__", function))  # noqa: B004
    found: dict[str, Any] = getattr(function, "__globals__", {})
    return found


def get_typed_annotation(annotation: Any, globalns: dict[str, Any]) -> Any:
    """The annotation, evaluated if it is text.

    A name that does not exist at run time (imported under `TYPE_CHECKING`) leaves a `ForwardRef`:
    the annotation of a parameter that has a `Depends` is never used.
    """
    if not isinstance(annotation, str):
        return annotation
    holder = types.SimpleNamespace(__annotations__={"value": annotation})
    try:
        resolved = get_type_hints(holder, globalns=globalns, include_extras=True)["value"]
    except NameError:
        return _resolve_partly(annotation, globalns)
    return None if resolved is types.NoneType else resolved


class _Unresolved(dict[str, Any]):
    """A namespace that answers an unknown name with a reference to it."""

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return ForwardRef(name)


def _resolve_partly(annotation: str, globalns: dict[str, Any]) -> Any:
    """Evaluate what can be: `Annotated[Missing, Depends(dep)]` still has its dependency."""
    try:
        return eval(annotation, {}, _Unresolved(globalns))  # noqa: S307  # the application's own code
    except Exception:  # e.g. `Missing | None`, on which a reference has no say
        return ForwardRef(annotation)


def _signature(call: Callable[..., Any]) -> inspect.Signature:
    # Packages are known to replace the signature of a function that is a route already.
    replaced: Any = getattr(call, "__dict__", {}).get("__signature__")
    return _signature_of(_CallIdentity(call), _CallIdentity(replaced))


@lru_cache(maxsize=4)
def _signature_of(identity: _CallIdentity, replaced: _CallIdentity) -> inspect.Signature:
    # A path operation's is asked for twice in a row, for its parameters and for its return type.
    call = identity.call
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(call, annotation_format=Format.FORWARDREF)
    return inspect.signature(call)


def get_typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """The signature of the callable, its annotations evaluated where it was defined."""
    signature = _signature(call)
    if not any(isinstance(parameter.annotation, str) for parameter in signature.parameters.values()):
        return signature
    globalns = namespace_of(call)
    return signature.replace(
        parameters=[
            parameter.replace(annotation=get_typed_annotation(parameter.annotation, globalns))
            for parameter in signature.parameters.values()
        ]
    )


def declared_parameters(call: Callable[..., Any]) -> Iterator[tuple[str, Any, Any]]:
    """The name, evaluated annotation and default of each parameter, `inspect`'s marker for none.

    Signature objects are expensive, and nearly all callables are plain functions, which say it all
    by themselves.
    """
    code = _plain_code(call)
    if code is None:
        for name, parameter in get_typed_signature(call).parameters.items():
            yield name, parameter.annotation, parameter.default
        return
    annotations, globalns = call.__annotations__, call.__globals__
    positional = code.co_varnames[: code.co_argcount]
    defaults = call.__defaults__ or ()
    given = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    given.update(call.__kwdefaults__ or {})
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        annotation = get_typed_annotation(annotations.get(name, _EMPTY), globalns)
        yield name, annotation, given.get(name, _EMPTY)


def _plain_code(call: Callable[..., Any]) -> types.CodeType | None:
    """The code of a function whose signature nobody has replaced, without `*args` and `**kwargs`."""
    if sys.version_info >= (3, 14) or type(call) is not types.FunctionType:
        return None
    # Not in its `__dict__`, which functions only get when it is asked for.
    if hasattr(call, "__wrapped__") or hasattr(call, "__signature__"):
        return None
    code = call.__code__
    return None if code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS) else code


def get_typed_return_annotation(call: Callable[..., Any]) -> Any:
    """The evaluated return annotation, or `None` if there is none."""
    if _plain_code(call) is not None:
        annotation = call.__annotations__.get("return", _EMPTY)
    else:
        annotation = _signature(call).return_annotation
    if annotation is _EMPTY:
        return None
    if not isinstance(annotation, str):
        return annotation
    return get_typed_annotation(annotation, namespace_of(call))
