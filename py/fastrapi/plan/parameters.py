"""From the analysed parameters of a dependant to what a server extracts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import AliasChoices, AliasPath
from pydantic_core import from_json

from fastrapi import params
from fastrapi._compat.shared import field_annotation_is_sequence, is_union
from fastrapi.dependencies.fields import param_model_of
from fastrapi.plan.model import Conversion, Parameter, Source, Unplannable
from fastrapi.plan.models import field_shapes
from fastrapi.plan.schema import runs_user_code, same_in_json
from fastrapi.security.utils import get_authorization_scheme_param

if TYPE_CHECKING:
    from fastrapi._compat import ModelField
    from fastrapi.dependencies.models import Dependant

_NATIVE: dict[Any, Conversion] = {str: "str", int: "int", float: "float", bool: "bool"}
_IMMUTABLE = (str, bytes, int, float, bool, complex, type(None), Enum, type(Ellipsis))


_Tuple = TypeVar("_Tuple", bound=tuple[Any, ...])


class SharedParts:
    """What the plans of one application have in common, as one object."""

    def __init__(self) -> None:
        self._tuples: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        # The field is kept beside its id, so that no other can get the same id.
        self._parameters: dict[tuple[Source, int], tuple[ModelField, Parameter]] = {}

    def one(self, parts: _Tuple) -> _Tuple:
        """The first tuple with these members."""
        return self._tuples.setdefault(parts, parts)  # type: ignore[return-value]

    def parameter(self, source: Source, field: ModelField) -> Parameter:
        """The parameter that stands for the field.

        Raises:
            Unplannable: It needs the ASGI application.
        """
        known = self._parameters.get((source, id(field)))
        if known is None:
            made = _body_parameter(field) if source == "body" else _parameter(source, field)
            known = self._parameters[source, id(field)] = (field, made)
        return known[1]


_REQUEST = Parameter("request", "", "str", True, None, None)


def request_parameter() -> Parameter:
    """The request object itself."""
    return _REQUEST


def parameters_of(dependant: Dependant, parts: SharedParts) -> list[tuple[str, Parameter]]:
    """The dependant's own parameters (not its dependencies'), with the names of the arguments."""
    sources: tuple[tuple[Source, list[ModelField]], ...] = (
        ("path", dependant.path_params),
        ("query", dependant.query_params),
        ("header", dependant.header_params),
        ("cookie", dependant.cookie_params),
        ("body", dependant.body_params),
    )
    return [(field.name, parts.parameter(source, field)) for source, fields in sources for field in fields]


def security_parameter(call: Any) -> Parameter | None:
    """Bearer tokens come straight from the header, if the scheme reads it in the usual way."""
    oauth2 = sys.modules.get("fastrapi.security.oauth2")
    if oauth2 is None:
        # The application has not imported it, so no scheme is of its classes.
        return None
    target = getattr(type(call), "__call__", None)  # noqa: B004  # the function is wanted, not the answer
    if target not in (oauth2.OAuth2PasswordBearer.__call__, oauth2.OAuth2AuthorizationCodeBearer.__call__):
        return None
    return Parameter("header", "authorization", "bearer", bool(call.auto_error), None, _bearer_token)


def _bearer_token(value: str) -> str:
    scheme, token = get_authorization_scheme_param(value)
    if scheme.lower() != "bearer":
        raise ValueError("not a bearer token")
    return token


def _alias(field: ModelField) -> str:
    alias = field.field_info.validation_alias
    if isinstance(alias, (AliasPath, AliasChoices)):
        raise Unplannable("a parameter with alias paths or choices")
    return alias or field.alias


def _native(field: ModelField) -> Conversion | None:
    """The conversion for a bare `int`, `str`, …, also beside `None`; constraints need the validator."""
    annotation = field.field_info.annotation
    if field.field_info.metadata:
        return None
    if is_union(annotation):
        members = [member for member in get_args(annotation) if member is not type(None)]
        annotation = members[0] if len(members) == 1 else None
    return _NATIVE.get(annotation)


def _default(field: ModelField) -> object:
    if field.required:
        return None
    if field.field_info.default_factory is not None:
        raise Unplannable("a parameter with a default factory")
    if field.field_info.validate_default:
        raise Unplannable("a parameter with a validated default")
    if not isinstance(field.field_info.default, _IMMUTABLE):
        raise Unplannable("a parameter with a mutable default")
    default: object = field.field_info.default
    return default


def _parameter(source: Source, field: ModelField) -> Parameter:
    if param_model_of(field.field_info.annotation) is not None:
        raise Unplannable("a parameter model")
    many = source in ("query", "header") and field_annotation_is_sequence(field.field_info.annotation)
    name = _alias(field)
    if source == "header":
        name = name.lower()
    conversion = None if many else _native(field)
    return Parameter(
        source,
        name,
        conversion or "validator",
        field.required,
        _default(field),
        _validate(field),
        many,
    )


def _validate(field: ModelField) -> Callable[[Any], Any]:
    validate: Callable[[Any], Any] = field.type_adapter.validator.validate_python
    return validate


def _body_parameter(field: ModelField) -> Parameter:
    if isinstance(field.field_info, params.Form):
        raise Unplannable("a form body")
    adapter = field.type_adapter
    if same_in_json(adapter.core_schema):
        return Parameter(
            "body",
            "",
            "json",
            field.required,
            _default(field),
            adapter.validator.validate_json,
            shapes=field_shapes(field, "read"),
        )

    def validate(body: bytes) -> Any:
        return adapter.validator.validate_python(from_json(body))

    return Parameter("body", "", "validator", field.required, _default(field), validate)


def takes_user_code(dependant: Dependant) -> bool:
    """Whether taking the parameters of the tree may call functions of the application."""
    own = (
        dependant.path_params
        + dependant.query_params
        + dependant.header_params
        + dependant.cookie_params
        + dependant.body_params
    )
    return any(runs_user_code(field.type_adapter.core_schema) for field in own) or any(
        takes_user_code(child) for child in dependant.dependencies
    )
