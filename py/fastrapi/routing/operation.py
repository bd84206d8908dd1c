"""What there is to know about a path operation: its options with their defaults, and its analysis.

An `Operation` is filled in once where a route is declared and once for each inclusion of the
router that it belongs to, with what the inclusion adds.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from http import HTTPStatus
from types import FunctionType
from typing import TYPE_CHECKING, Any

from fastrapi._compat import ModelField, lenient_issubclass
from fastrapi._compat.shared import structure_of
from fastrapi._form_limits import FormLimits, validated_form_limits, validated_max_body_size
from fastrapi._signatures import keyword_defaults
from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.dependencies.analysis import build_dependant, get_flat_body_params, moved_dependant
from fastrapi.dependencies.bodies import get_body_field, should_embed_body_fields
from fastrapi.dependencies.callables import kind_of_callable, unwrap
from fastrapi.dependencies.models import Dependant
from fastrapi.dependencies.signatures import get_typed_return_annotation
from fastrapi.exceptions import EndpointContext
from fastrapi.params import Depends
from fastrapi.responses import Response
from fastrapi.routing.options import RouteInit
from fastrapi.routing.responses import DumpOptions
from fastrapi.routing.streaming import get_stream_item_type
from fastrapi.sse import EventSourceResponse, ServerSentEvent
from fastrapi.utils import (
    create_model_field,
    generate_operation_id_for_path,
    generate_unique_id,
    is_body_allowed_for_status_code,
)

if TYPE_CHECKING:
    from fastrapi.convertors import Convertor


def endpoint_context(endpoint: Callable[..., Any], path: str) -> EndpointContext:
    """Where the function is defined; only the path for a callable without code of its own."""
    code = getattr(unwrap(endpoint), "__code__", None)
    if code is None:
        return EndpointContext(path=path)
    return EndpointContext(path=path, function=code.co_name, file=code.co_filename, line=code.co_firstlineno)


_OPTIONS = tuple(name for name in keyword_defaults(RouteInit) if name not in ("name", "methods"))
"""The options that are attributes of the same name; the other two are not an option's business."""

_IdSource = tuple[str, str, str]
"""What an operation id is made of when it is asked for: name, path and method."""

_UNNAMED = "Response of a path operation"
"""The name of fields that many path operations share."""

_ALL = DumpOptions(
    include=None,
    exclude=None,
    by_alias=True,
    exclude_unset=False,
    exclude_defaults=False,
    exclude_none=False,
)
"""The options of nearly all path operations, as one object."""


class Operation:
    """A path operation.

    Attributes, beside the options of `fastrapi.routing.options` under their names:
        path: The whole path template, with convertors; `path_format` is without them.
        endpoint: The function.
        methods: The HTTP methods.
        unique_id: The id in OpenAPI.
        dependant: The tree of the function and its dependencies.
        body_field: The field that stands for the body, if there is one.
        response_field: The field of the response model, if there is one.
        validated_response: The same, perhaps without a name of its own yet.
        response_fields: The fields of the models in `responses`, by status.
        yields_items: Whether the function is a generator, so that its items are the response.
        is_json_stream: Whether the function yields items that are sent as JSON Lines.
        is_sse_stream: Whether it yields server-sent events.
        stream_item_type: The declared type of what it yields.
        stream_item_field: The field for one item.
    """

    # A dictionary with all of these would be the largest part of a route, of which there may be thousands.
    __slots__ = (
        *keyword_defaults(RouteInit),
        "_embed_body_fields",
        "_unique_id",
        "body_field",
        "dependant",
        "is_json_stream",
        "is_sse_stream",
        "response_fields",
        "stream_item_field",
        "stream_item_type",
        "validated_response",
        "yields_items",
    )

    path: str
    path_format: str
    name: str
    methods: set[str]
    param_convertors: dict[str, Convertor[Any]]
    endpoint: Callable[..., Any]
    dependant: Dependant
    body_field: ModelField | None
    validated_response: ModelField | None

    def set_options(self, options: RouteInit) -> None:
        """Take over the options, all of which are given."""
        self.response_class = options["response_class"]
        self.response_description = options["response_description"]
        self.response_model_include = options["response_model_include"]
        self.response_model_exclude = options["response_model_exclude"]
        self.response_model_by_alias = options["response_model_by_alias"]
        self.response_model_exclude_unset = options["response_model_exclude_unset"]
        self.response_model_exclude_defaults = options["response_model_exclude_defaults"]
        self.response_model_exclude_none = options["response_model_exclude_none"]
        self.summary = options["summary"]
        self.deprecated = options["deprecated"]
        self.operation_id = options["operation_id"]
        self.include_in_schema = options["include_in_schema"]
        self.openapi_extra = options["openapi_extra"]
        self.generate_unique_id_function = options["generate_unique_id_function"]
        self.strict_content_type = options["strict_content_type"]
        self.dependency_overrides_provider = options["dependency_overrides_provider"]
        self.callbacks = options["callbacks"]
        self.tags = list(options["tags"] or ())
        self.responses = dict(options["responses"] or {})
        self.dependencies: list[Depends] = list(options["dependencies"] or ())
        self.max_body_size = validated_max_body_size(options["max_body_size"])
        self.form_limits: FormLimits = validated_form_limits(options["form_limits"])
        self.cache_resp = options["cache_resp"]
        self.rate_limit = options["rate_limit"]
        self.cancel_on_disconnect = options["cancel_on_disconnect"]
        status_code = options["status_code"]
        self.status_code = int(status_code) if isinstance(status_code, HTTPStatus) else status_code
        self.description = _description(options["description"], self.endpoint)
        self.response_model = options["response_model"]
        is_generator, is_async_generator, _ = kind_of_callable(self.endpoint)
        self.yields_items = is_generator or is_async_generator
        self.stream_item_type: Any | None = None
        self._read_return_annotation()

    def inherit_options(self, declared: Operation, merged: Mapping[str, Any]) -> None:
        """Take over the options of an operation that has been declared.

        Args:
            declared: The operation.
            merged: Those that are different here.
        """
        for name in _OPTIONS:
            setattr(self, name, merged[name] if name in merged else getattr(declared, name, None))
        self.yields_items = declared.yields_items
        self.stream_item_type = declared.stream_item_type

    def _read_return_annotation(self) -> None:
        """Take the response model, or the type of the items of a stream, from the annotation."""
        if not isinstance(self.response_model, DefaultPlaceholder):
            return
        annotation = get_typed_return_annotation(self.endpoint)
        self.response_model = None
        item_type = get_stream_item_type(annotation) if self.yields_items else None
        if item_type is not None:
            if not lenient_issubclass(item_type, ServerSentEvent):
                self.stream_item_type = item_type
        elif not lenient_issubclass(annotation, Response):
            self.response_model = annotation

    def analyse(self, reuse: Operation | None = None) -> None:
        """Analyse the function for the path, with the options that are set.

        Args:
            reuse: The operation of the same function without the inclusion, whose fields serve
                again where the inclusion changes nothing.
        """
        self._unique_id: str | _IdSource = self.operation_id or self._make_unique_id()
        self._make_response_fields(reuse)
        if reuse is not None and self._has_tree_of(reuse):
            self.dependant = moved_dependant(
                reuse.dependant,
                path=self.path_format,
                call=self.endpoint,
                dependencies=self.dependencies,
            )
        else:
            self.dependant = build_dependant(
                path=self.path_format, call=self.endpoint, dependencies=self.dependencies
            )
        body_params = get_flat_body_params(self.dependant)
        self._embed_body_fields = should_embed_body_fields(body_params)
        self.body_field = get_body_field(
            body_params=body_params,
            name=self.unique_id if self._embed_body_fields else "",
            embed_body_fields=self._embed_body_fields,
        )
        if self.cache_resp:
            from fastrapi.classic.response_cache import check_cacheable

            check_cacheable(self)

    def _has_tree_of(self, other: Operation) -> bool:
        """Whether the analysis of the same function would find what it found for `other`."""
        return (
            self.param_convertors.keys() == other.param_convertors.keys()
            and type(self.endpoint) is FunctionType
            # Packages replace the signature of a function that is a route already.
            and not hasattr(self.endpoint, "__signature__")
        )

    def _make_unique_id(self) -> str | _IdSource:
        function: Any = self.generate_unique_id_function
        if isinstance(function, DefaultPlaceholder):
            function = function.value
        if function is generate_unique_id and self.methods:
            return self.name, self.path_format, min(self.methods)
        unique_id: str = function(self)
        return unique_id

    @property
    def unique_id(self) -> str:
        """The id in OpenAPI, from what the operation was when it was declared."""
        if isinstance(self._unique_id, tuple):
            name, path, method = self._unique_id
            self._unique_id = generate_operation_id_for_path(name=name, path=path, method=method)
        return self._unique_id

    @unique_id.setter
    def unique_id(self, unique_id: str) -> None:
        self._unique_id = unique_id

    @property
    def response_field(self) -> ModelField | None:
        """The field of the response model, if there is one. Its name is for OpenAPI."""
        field = self.validated_response
        if field is not None and field.name is _UNNAMED:
            field = self.validated_response = field.renamed(f"Response_{self.unique_id}")
        return field

    @response_field.setter
    def response_field(self, field: ModelField | None) -> None:
        self.validated_response = field

    def _make_response_fields(self, reuse: Operation | None) -> None:
        streams = self.yields_items
        self.is_sse_stream = streams and lenient_issubclass(self.response_class, EventSourceResponse)
        self.is_json_stream = streams and isinstance(self.response_class, DefaultPlaceholder)
        self.stream_item_field: ModelField | None = None
        self.validated_response = None
        self.response_fields = _response_fields(self.responses, self) if self.responses else {}
        if self.response_model is not None:
            assert is_body_allowed_for_status_code(self.status_code), (
                f"Status code {self.status_code} must not have a response body"
            )
            self.validated_response = _output_field(
                self.response_model, reuse.validated_response if reuse is not None else None
            )
        if self.stream_item_type is not None and (self.is_json_stream or self.is_sse_stream):
            self.stream_item_field = _output_field(
                self.stream_item_type, reuse.stream_item_field if reuse is not None else None
            ).renamed(f"StreamItem_{self.unique_id}")

    @property
    def context(self) -> EndpointContext:
        """Where the function is defined, for error messages."""
        method = f"{min(self.methods)} " if self.methods else ""
        return endpoint_context(self.endpoint, f"{method}{self.path_format}")

    @property
    def is_cancelled_on_disconnect(self) -> bool:
        """Whether it is cancelled when its client has gone, by itself or for all of the application."""
        if self.cancel_on_disconnect is not None:
            return self.cancel_on_disconnect
        return getattr(self.dependency_overrides_provider, "cancel_on_disconnect", False) is True

    @property
    def dump_options(self) -> DumpOptions:
        """What of a model is sent. Not to be changed by the caller."""
        if (
            self.response_model_include is None
            and self.response_model_exclude is None
            and self.response_model_by_alias is True
            and self.response_model_exclude_unset is False
            and self.response_model_exclude_defaults is False
            and self.response_model_exclude_none is False
        ):
            return _ALL
        return DumpOptions(
            include=self.response_model_include,
            exclude=self.response_model_exclude,
            by_alias=self.response_model_by_alias,
            exclude_unset=self.response_model_exclude_unset,
            exclude_defaults=self.response_model_exclude_defaults,
            exclude_none=self.response_model_exclude_none,
        )


def _output_field(type_: Any, same: ModelField | None) -> ModelField:
    """The field of a response model without a name; its validator may be there already."""
    if same is not None:
        return same if same.name is _UNNAMED else same.renamed(_UNNAMED)
    structure = structure_of(type_)
    if structure is None:
        return create_model_field(name=_UNNAMED, type_=type_, mode="serialization")
    return _shared_output_field(structure, type_)


@lru_cache(maxsize=1024)
def _shared_output_field(structure: Hashable, type_: Any) -> ModelField:
    return create_model_field(name=_UNNAMED, type_=type_, mode="serialization")


def _description(given: str | None, endpoint: Callable[..., Any]) -> str:
    """The description, by default from the docstring, up to a form feed."""
    text = given or endpoint.__doc__
    if not text:
        return ""
    text = given or inspect.cleandoc(text)
    return text.split("\f")[0].strip()


def _response_fields(
    responses: dict[int | str, dict[str, Any]], operation: Operation
) -> dict[int | str, ModelField]:
    fields: dict[int | str, ModelField] = {}
    for status_code, response in responses.items():
        assert isinstance(response, dict), "An additional response must be a dict"
        model = response.get("model")
        if model:
            assert is_body_allowed_for_status_code(status_code), (
                f"Status code {status_code} must not have a response body"
            )
            fields[status_code] = create_model_field(
                name=f"Response_{status_code}_{operation.unique_id}", type_=model, mode="serialization"
            )
    return fields
