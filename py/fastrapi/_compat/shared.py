"""Questions about annotations: is it a scalar, a sequence, a file?"""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import partial
from typing import Annotated, Any, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.version import VERSION as PYDANTIC_VERSION
from typing_extensions import TypeAliasType

from fastrapi.compat.starlette.datastructures import UploadFile

_T = TypeVar("_T")

PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(part) for part in PYDANTIC_VERSION.split(".")[:2])

sequence_types: tuple[type, ...] = (Sequence, list, tuple, set, frozenset, deque)
"""Types whose parameters take every value given under their name."""


def lenient_issubclass(
    cls: Any, class_or_tuple: type[_T] | tuple[type[_T], ...] | None
) -> TypeGuard[type[_T]]:
    """`issubclass()` that is false for what is not a class."""
    try:
        return isinstance(cls, type) and issubclass(cls, class_or_tuple)  # type: ignore[arg-type]
    except TypeError:
        # `list[int]` passes for a class until it is asked about its bases.
        return False


def unalias(annotation: Any) -> Any:
    """The annotation that a `type X = ...` statement (PEP 695) stands for."""
    while isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    return annotation


def is_union(annotation: Any) -> bool:
    """Whether the annotation is `X | Y` or `Union[X, Y]`."""
    origin = get_origin(annotation)
    return origin is Union or origin is types.UnionType


_COMMON_CLASSES = frozenset({str, int, float, bool, bytes, type(None), dict, list, Any})
_ALIASES = (types.UnionType, types.GenericAlias, type(Union[int, None]))  # noqa: UP007  # the other spelling
_COMMON_MODULES = ("builtins", "collections.abc", "types", "typing")


def structure_of(annotation: Any) -> Hashable | None:
    """What tells a common annotation from all others, those that are equal to it included.

    Common are a few builtin classes and complete models, and unions and containers of nothing but
    them; it is `None` for any other annotation. Unions are equal in any order, but are tried and
    documented in their own.
    """
    if type(annotation) in _ALIASES:
        origin = get_origin(annotation)
        if origin.__module__ not in _COMMON_MODULES:
            return None
        members = tuple(map(structure_of, annotation.__args__))
        return None if None in members else (type(annotation), origin, members)
    if not isinstance(annotation, type):
        return None
    try:
        if annotation in _COMMON_CLASSES:
            return annotation
    except TypeError:  # its metaclass has no hash
        return None
    # A model that waits for a name gets another validator once it is there.
    is_complete = (
        lenient_issubclass(annotation, BaseModel)
        and getattr(annotation, "__pydantic_complete__", False) is True
    )
    return annotation if is_complete else None


def _any_member(annotation: Any, predicate: Callable[[Any], bool]) -> bool:
    """Whether the predicate holds for the annotation itself or, for a union, for one of its members."""
    if is_union(annotation):
        return any(predicate(member) for member in get_args(annotation))
    return predicate(annotation)


def _is_sequence(annotation: Any) -> bool:
    return lenient_issubclass(annotation, sequence_types) and not lenient_issubclass(annotation, (str, bytes))


def field_annotation_is_sequence(annotation: Any) -> bool:
    """Whether the annotation, or a member of it if it is a union, is a sequence other than text."""
    annotation = unalias(annotation)
    if get_origin(annotation) is Annotated:
        return field_annotation_is_sequence(get_args(annotation)[0])
    if is_union(annotation):
        return any(field_annotation_is_sequence(member) for member in get_args(annotation))
    return _is_sequence(annotation) or _is_sequence(get_origin(annotation))


def value_is_sequence(value: Any) -> bool:
    """Whether the value is a sequence other than text."""
    return isinstance(value, sequence_types) and not isinstance(value, (str, bytes))


def field_annotation_is_complex(annotation: Any) -> bool:
    """Whether values of the annotation need more than one text to be written down."""
    annotation = unalias(annotation)
    origin = get_origin(annotation)
    if is_union(annotation):
        return any(field_annotation_is_complex(member) for member in get_args(annotation))
    if origin is Annotated:
        return field_annotation_is_complex(get_args(annotation)[0])
    return (
        _is_complex_class(annotation)
        or _is_complex_class(origin)
        or hasattr(origin, "__pydantic_core_schema__")
        or hasattr(origin, "__get_pydantic_core_schema__")
    )


def _is_complex_class(annotation: Any) -> bool:
    return (
        lenient_issubclass(annotation, (BaseModel, Mapping, UploadFile))
        or _is_sequence(annotation)
        or is_dataclass(annotation)
    )


def field_annotation_is_scalar(annotation: Any) -> bool:
    """Whether a value of the annotation is written as one text."""
    return annotation is Ellipsis or not field_annotation_is_complex(annotation)


def field_annotation_is_scalar_sequence(annotation: Any) -> bool:
    """Whether the annotation is a sequence of scalars, or a union of such and of scalars."""
    annotation = unalias(annotation)
    if is_union(annotation):
        found = False
        for member in get_args(annotation):
            if field_annotation_is_scalar_sequence(member):
                found = True
            elif not field_annotation_is_scalar(member):
                return False
        return found
    if get_origin(annotation) is Annotated:
        return field_annotation_is_scalar_sequence(get_args(annotation)[0])
    return field_annotation_is_sequence(annotation) and all(
        field_annotation_is_scalar(item) for item in get_args(annotation)
    )


def is_bytes_or_nonable_bytes_annotation(annotation: Any) -> bool:
    """Whether the annotation is `bytes`, or a union with it."""
    return _any_member(annotation, lambda member: lenient_issubclass(member, bytes))


def is_uploadfile_or_nonable_uploadfile_annotation(annotation: Any) -> bool:
    """Whether the annotation is `UploadFile`, or a union with it."""
    return _any_member(annotation, lambda member: lenient_issubclass(member, UploadFile))


def _is_sequence_of(item: Callable[[Any], bool], annotation: Any) -> bool:
    return field_annotation_is_sequence(annotation) and all(
        item(argument) for argument in get_args(annotation)
    )


def is_bytes_sequence_annotation(annotation: Any) -> bool:
    """Whether the annotation is a sequence of `bytes`, or a union with one."""
    return _any_member(annotation, partial(_is_sequence_of, is_bytes_or_nonable_bytes_annotation))


def is_uploadfile_sequence_annotation(annotation: Any) -> bool:
    """Whether the annotation is a sequence of `UploadFile`, or a union with one."""
    return _any_member(annotation, partial(_is_sequence_of, is_uploadfile_or_nonable_uploadfile_annotation))


def _pydantic_v1_model() -> type | None:
    """`pydantic.v1.BaseModel` if the application has imported it, else there can be no such model."""
    module = sys.modules.get("pydantic.v1.main")
    return getattr(module, "BaseModel", None)


def is_pydantic_v1_model_class(cls: Any) -> bool:
    """Whether this is a model class of pydantic's version 1 interface."""
    base = _pydantic_v1_model()
    return base is not None and lenient_issubclass(cls, base)


def is_pydantic_v1_model_instance(obj: Any) -> bool:
    """Whether this is a model instance of pydantic's version 1 interface."""
    return is_pydantic_v1_model_class(type(obj))


def annotation_is_pydantic_v1(annotation: Any) -> bool:
    """Whether a model of pydantic's version 1 interface is the annotation or is named in it."""
    if is_pydantic_v1_model_class(annotation):
        return True
    return any(annotation_is_pydantic_v1(argument) for argument in get_args(annotation))
