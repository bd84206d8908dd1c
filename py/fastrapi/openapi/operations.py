"""One Path Item Object: what a route is in the document."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

from fastrapi import params
from fastrapi.openapi.constants import METHODS_WITH_BODY
from fastrapi.openapi.parameters import add_examples, describe_parameters, iter_parameters
from fastrapi.openapi.responses import describe_responses
from fastrapi.openapi.schemas import SchemaRegistry
from fastrapi.openapi.security_schemes import SecuritySchemes
from fastrapi.utils import deep_dict_update

if TYPE_CHECKING:
    from fastrapi._compat import ModelField
    from fastrapi.routing.operation import Operation


class DocumentBuilder:
    """What the path items of one document share.

    Args:
        registry: the schemas; it has to know all fields of all routes.
        problem_details: whether errors are answered with problem details.

    Attributes:
        schemes: the security schemes that were met.
        has_validation_errors: whether an operation answers with the standard validation error.
        has_problems: whether one answers with problem details.
    """

    def __init__(self, registry: SchemaRegistry, *, problem_details: bool = False) -> None:
        self.registry = registry
        self.has_problems = False
        self._problem_details = problem_details
        self.schemes = SecuritySchemes()
        self.has_validation_errors = False
        self._operation_ids: set[str] = set()

    def path_item(self, route: Operation) -> dict[str, Any]:
        """The operations of a route by lower-case method; none if it is not to be documented."""
        assert route.methods is not None, "Methods must be a list"
        if not route.include_in_schema:
            return {}
        return {method.lower(): self._operation(route, method) for method in sorted(route.methods)}

    def _operation(self, route: Operation, method: str) -> dict[str, Any]:
        operation = self._metadata(route)
        requirements = self.schemes.requirements(route.dependant)
        if requirements:
            operation["security"] = requirements
        parameters = list(iter_parameters(route.dependant))
        described = describe_parameters(parameters, self.registry)
        if described:
            operation["parameters"] = described
        if method in METHODS_WITH_BODY and route.body_field is not None:
            operation["requestBody"] = _request_body(route.body_field, self.registry)
        if route.callbacks:
            operation["callbacks"] = self._callbacks(route)
        takes_input = bool(parameters or route.body_field is not None)
        if describe_responses(operation, route, self.registry, takes_input=takes_input):
            self.has_validation_errors = True
        if self._problem_details:
            from fastrapi.openapi.problems import describe_problems

            self.has_problems |= describe_problems(operation["responses"])
        if route.openapi_extra:
            deep_dict_update(operation, route.openapi_extra)
        return operation

    def _metadata(self, route: Operation) -> dict[str, Any]:
        operation: dict[str, Any] = {}
        if route.tags:
            operation["tags"] = route.tags
        operation["summary"] = route.summary or route.name.replace("_", " ").title()
        if route.description:
            operation["description"] = route.description
        operation_id = route.operation_id or route.unique_id
        if operation_id in self._operation_ids:
            _warn_duplicate(operation_id, route)
        self._operation_ids.add(operation_id)
        operation["operationId"] = operation_id
        if route.deprecated:
            operation["deprecated"] = route.deprecated
        return operation

    def _callbacks(self, route: Operation) -> dict[str, Any]:
        from fastrapi.routing.operation import Operation

        callbacks: dict[str, Any] = {}
        for callback in route.callbacks or ():
            if isinstance(callback, Operation):
                callbacks[callback.name] = {callback.path: self.path_item(callback)}
        return callbacks


def _warn_duplicate(operation_id: str, route: Operation) -> None:
    endpoint = getattr(route.endpoint, "__name__", "<unnamed_endpoint>")
    message = f"Duplicate Operation ID {operation_id} for function {endpoint}"
    file = getattr(inspect.getmodule(route.endpoint), "__file__", None)
    warnings.warn(f"{message} at {file}" if file else message, stacklevel=1)


def _request_body(field: ModelField, registry: SchemaRegistry) -> dict[str, Any]:
    """The Request Body Object (OpenAPI 3.1, section 4.8.13)."""
    info = field.field_info
    assert isinstance(info, params.Body)
    content: dict[str, Any] = {"schema": registry.schema(field)}
    add_examples(content, info)
    body: dict[str, Any] = {"required": True} if field.required else {}
    body["content"] = {info.media_type: content}
    return body


def fields_of(route: Operation) -> list[ModelField]:
    """All fields of a route whose schemas its path item needs."""
    from fastrapi.routing.operation import Operation

    fields = [parameter.field for parameter in iter_parameters(route.dependant)]
    fields += [field for field in (route.body_field, route.response_field, route.stream_item_field) if field]
    fields += route.response_fields.values()
    for callback in route.callbacks or ():
        if isinstance(callback, Operation):
            fields += fields_of(callback)
    return fields
