"""What one parameter of a callable stands for: a dependency, an object such as `Request`, or a field."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from fastrapi import params
from fastrapi._compat import ModelField, RequiredParam, Undefined, copy_field_info, is_scalar_field
from fastrapi._compat.shared import (
    field_annotation_is_scalar,
    field_annotation_is_scalar_sequence,
    is_uploadfile_or_nonable_uploadfile_annotation,
    is_uploadfile_sequence_annotation,
    lenient_issubclass,
    structure_of,
    unalias,
)
from fastrapi.compat.starlette.background import BackgroundTasks as StarletteBackgroundTasks
from fastrapi.dependencies.fields import alias_choices, is_json_field, param_model_of
from fastrapi.dependencies.form_models import with_branch_normalization
from fastrapi.dependencies.multipart_check import ensure_multipart_is_installed
from fastrapi.requests import HTTPConnection, Request
from fastrapi.responses import Response
from fastrapi.security.scopes import SecurityScopes
from fastrapi.utils import create_model_field
from fastrapi.websockets import WebSocket

_EMPTY = inspect.Signature.empty
_SIMPLE_DEFAULTS = (str, int, bool, type(None), type(RequiredParam))  # 0.0 and -0.0 are equal

SPECIAL_TYPES: tuple[tuple[type, str], ...] = (
    (Request, "request_param_name"),
    (WebSocket, "websocket_param_name"),
    (HTTPConnection, "http_connection_param_name"),
    (Response, "response_param_name"),
    (StarletteBackgroundTasks, "background_tasks_param_name"),
    (SecurityScopes, "security_scopes_param_name"),
)
"""Types whose parameters receive the object of the request, and where a `Dependant` records them."""


@dataclass(frozen=True, slots=True)
class ParamDetails:
    """What a parameter stands for. Exactly one of the last three is set.

    Attributes:
        type_annotation: The annotation without `Annotated`.
        depends: The dependency.
        field: The field of the request.
        special: The attribute of `Dependant` for an object such as `Request`.
    """

    type_annotation: Any
    depends: params.Depends | None = None
    field: ModelField | None = None
    special: str | None = None


def analyze_param(
    *, param_name: str, annotation: Any, value: Any, path_param_names: set[str]
) -> ParamDetails:
    """Decide what a parameter stands for.

    Args:
        param_name: Its name.
        annotation: Its evaluated annotation, or `inspect.Signature.empty`.
        value: Its default value, or `inspect.Signature.empty`.
        path_param_names: The names in the path of the operation.

    Raises:
        AssertionError: The declaration is ambiguous or impossible.
        FastAPIError: The type cannot be validated by pydantic.
    """
    is_path_param = param_name in path_param_names
    annotation = unalias(annotation)
    use_annotation: Any = Any if annotation is _EMPTY else annotation
    default = value if value is not _EMPTY else RequiredParam
    if type(default) in _SIMPLE_DEFAULTS:
        structure = structure_of(use_annotation)
        if structure is not None:
            kind: Any = type(default)
            return _inferred_shared(param_name, structure, kind, default, is_path_param, use_annotation)
    type_annotation, declared = _split_annotated(use_annotation)

    depends: params.Depends | None = None
    field_info: FieldInfo | None = None
    if isinstance(declared, params.Depends):
        depends = declared
    elif declared is not None:
        field_info = _field_info_of_annotated(declared, use_annotation, value, param_name, is_path_param)

    if isinstance(value, params.Depends):
        assert depends is None, (
            f"Cannot specify `Depends` in `Annotated` and default value together for {param_name!r}"
        )
        assert field_info is None, (
            "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a"
            f" default value together for {param_name!r}"
        )
        depends = value
    elif isinstance(value, FieldInfo):
        assert field_info is None, (
            f"Cannot specify FastAPI annotations in `Annotated` and default value together for {param_name!r}"
        )
        field_info = copy(value)
        field_info.annotation = type_annotation

    if depends is not None and depends.dependency is None:
        depends = replace(depends, dependency=type_annotation)

    if depends is not None:
        return ParamDetails(type_annotation, depends=depends)
    special = next((name for kind, name in SPECIAL_TYPES if lenient_issubclass(type_annotation, kind)), None)
    if special is not None:
        assert field_info is None, f"Cannot specify FastAPI annotation for type {type_annotation!r}"
        return ParamDetails(type_annotation, special=special)

    if field_info is not None:
        return ParamDetails(type_annotation, field=_compile_field(field_info, param_name, path_param_names))
    field_info = _inferred_field_info(type_annotation, use_annotation, default, is_path_param)
    return ParamDetails(type_annotation, field=_compile_field(field_info, param_name, path_param_names))


@lru_cache(maxsize=1024)
def _inferred_shared(
    name: str,
    structure: Hashable,
    kind_of_default: Hashable,
    default: Any,
    is_path_param: bool,
    annotation: Any,
) -> ParamDetails:
    """The field of a parameter that says no more than its name, a common type and a simple default.

    There may be thousands of the same, so they are one. The type of the default is an argument
    because `1`, `1.0` and `True` are equal; the structure is, because unions are equal in any order.
    """
    field_info = _inferred_field_info(annotation, annotation, default, is_path_param)
    return ParamDetails(
        annotation, field=_compile_field(field_info, name, {name} if is_path_param else set())
    )


def _split_annotated(annotation: Any) -> tuple[Any, params.Depends | FieldInfo | None]:
    """The bare type, and the declaration in `Annotated` that counts: the last one of the framework's."""
    if get_origin(annotation) is not Annotated:
        return annotation, None
    type_annotation, *metadata = get_args(annotation)
    specific = [item for item in metadata if isinstance(item, (params.Param, params.Body, params.Depends))]
    if specific:
        return type_annotation, specific[-1]
    # A plain pydantic `Field()` says nothing about the place, but its constraints and aliases hold.
    return type_annotation, None


def _field_info_of_annotated(
    declared: FieldInfo, annotation: Any, value: Any, param_name: str, is_path_param: bool
) -> FieldInfo:
    field_info = copy_field_info(field_info=declared, annotation=annotation)
    assert declared.default is Undefined, (
        f"`{type(declared).__name__}` default value cannot be set in `Annotated`"
        f" for {param_name!r}. Set the default value with `=` instead."
    )
    if value is not _EMPTY:
        assert not is_path_param, "Path parameters cannot have default values"
        set_default(field_info, value)
    return field_info


def set_default(field_info: FieldInfo, value: Any) -> None:
    """Give a field its default value after it was made.

    Raises:
        TypeError: It has a factory for its default value.
    """
    if field_info.default_factory is not None:
        raise TypeError("cannot specify both default and default_factory")
    field_info.default = value
    field_info._attributes_set = {**field_info._attributes_set, "default": value}


def _inferred_field_info(
    type_annotation: Any, use_annotation: Any, default: Any, is_path_param: bool
) -> FieldInfo:
    """The declaration of a parameter that has none."""
    if is_path_param:
        kind: FieldInfo = params.Path(annotation=use_annotation)
    elif is_uploadfile_or_nonable_uploadfile_annotation(type_annotation) or is_uploadfile_sequence_annotation(
        type_annotation
    ):
        kind = params.File(annotation=use_annotation)
    elif not field_annotation_is_scalar(unalias(type_annotation)):
        kind = params.Body(annotation=use_annotation)
    else:
        kind = params.Query(annotation=use_annotation)
    field_info = (
        kind
        if use_annotation is type_annotation
        else copy_field_info(field_info=kind, annotation=use_annotation)
    )
    if is_path_param:
        # A default is ignored: the same function may serve a path that does not have the parameter.
        field_info.default, field_info.default_factory = RequiredParam, None
    elif default is not RequiredParam:
        set_default(field_info, default)
    return field_info


def _compile_field(field_info: FieldInfo, param_name: str, path_param_names: set[str]) -> ModelField:
    if param_name in path_param_names:
        assert isinstance(field_info, params.Path), (
            f"Cannot use `{type(field_info).__name__}` for path param {param_name!r}"
        )
    elif isinstance(field_info, params.Param) and getattr(field_info, "in_", None) is None:
        field_info.in_ = params.ParamTypes.query
    if isinstance(field_info, params.Path):
        _choose_path_alias(field_info, path_param_names)
    if isinstance(field_info, params.Form):
        ensure_multipart_is_installed()
        field_info.annotation = with_branch_normalization(field_info.annotation)
    if not field_info.alias:
        converts = getattr(field_info, "convert_underscores", False)
        field_info.alias = param_name.replace("_", "-") if converts else param_name
    field = create_model_field(
        name=param_name, type_=field_info.annotation, alias=field_info.alias, field_info=field_info
    )
    if isinstance(field_info, params.Path):
        assert is_scalar_field(field), "Path params must be of one of the supported types"
    elif isinstance(field_info, params.Query):
        assert _is_supported_query(field), (
            f"Query parameter {param_name!r} must be one of the supported types"
        )
    return field


def _choose_path_alias(field_info: params.Path, path_param_names: set[str]) -> None:
    """Settle on the first of several names that is in the path."""
    choices = alias_choices(field_info)
    chosen = next((name for name in choices or () if name in path_param_names), None)
    if chosen is not None:
        field_info.alias = field_info.validation_alias = chosen


def _is_supported_query(field: ModelField) -> bool:
    annotation = field.field_info.annotation
    return (
        is_scalar_field(field)
        or field_annotation_is_scalar_sequence(annotation)
        or is_json_field(field)
        or param_model_of(annotation) is not None
    )
