"""pydantic adapters, shared by fields that mean the same.

Building an adapter is the most expensive step of a route's analysis, and most parameters of an
application look alike: an `int`, a `str | None = None`, the same page size everywhere.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Annotated, Any

import pydantic.warnings
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from fastrapi._compat.shared import lenient_issubclass

# New in pydantic 2.12: told about attributes such as `alias` that an adapter has no use for.
_UNSUPPORTED_ATTRIBUTE: type[Warning] | None = getattr(
    pydantic.warnings, "UnsupportedFieldAttributeWarning", None
)

_IRRELEVANT = frozenset({"annotation", "alias", "alias_priority", "validation_alias", "serialization_alias"})
"""Attributes of a field that make no difference to its adapter."""

_PLAIN_VALUES = (str, int, float, bool, bytes, type(None))
"""Types of defaults and texts that can be compared by what they look like."""

_PLAIN_METADATA = ("annotated_types", "pydantic.types", "pydantic._internal._fields")
"""Modules of constraints whose `repr()` says all about them."""

_SHARED_AT_MOST = 1024
_shared: OrderedDict[Hashable, TypeAdapter[Any]] = OrderedDict()
_lock = Lock()


def adapter_for(field_info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    """The adapter of a field's annotation with its constraints and default.

    Raises:
        PydanticSchemaGenerationError: There is no validator for the annotation.
    """
    key = None if config is not None else _key(field_info)
    if key is None:
        return _build(field_info, config)
    with _lock:
        adapter = _shared.get(key)
        if adapter is not None:
            _shared.move_to_end(key)
            return adapter
    adapter = _build(field_info, None)
    with _lock:
        _shared[key] = adapter
        if len(_shared) > _SHARED_AT_MOST:
            _shared.popitem(last=False)
    return adapter


def _build(field_info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    annotation: Any = field_info.annotation
    if not field_info.metadata and field_info._attributes_set.keys() <= _IRRELEVANT:
        return TypeAdapter(annotation, config=config)
    with warnings.catch_warnings():
        if _UNSUPPORTED_ATTRIBUTE is not None:
            warnings.simplefilter("ignore", _UNSUPPORTED_ATTRIBUTE)
        return TypeAdapter(Annotated[annotation, field_info], config=config)


def _key(field_info: FieldInfo) -> Hashable | None:
    """What two fields with one adapter between them have in common; `None` if that cannot be told."""
    annotation = field_info.annotation
    if not _is_shareable(annotation):
        return None
    attributes = []
    for name, value in field_info._attributes_set.items():
        if name in _IRRELEVANT:
            continue
        if type(value) not in _PLAIN_VALUES:
            return None
        # By type and text: 1, True and 1.0 are equal, but are not written alike.
        attributes.append((name, type(value), repr(value)))
    constraints = []
    for item in field_info.metadata:
        if type(item).__module__ not in _PLAIN_METADATA:
            return None
        constraints.append((type(item), repr(item)))
    # Unions are equal in any order, but are tried and documented in theirs.
    written = None if isinstance(annotation, type) else repr(annotation)
    return annotation, written, frozenset(attributes), tuple(constraints)


def _is_shareable(annotation: Any) -> bool:
    if lenient_issubclass(annotation, BaseModel):
        # A model that waits for a name gets another validator once it is there.
        return getattr(annotation, "__pydantic_complete__", False)
    try:
        hash(annotation)
    except TypeError:
        return False
    # Two references to a name may mean different things in their modules.
    return isinstance(annotation, type) or "ForwardRef(" not in repr(annotation)
