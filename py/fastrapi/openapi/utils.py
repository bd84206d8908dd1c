"""The OpenAPI document of an application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fastrapi.openapi.models import OpenAPI
from fastrapi.openapi.operations import DocumentBuilder, fields_of
from fastrapi.openapi.responses import VALIDATION_ERROR_DEFINITIONS
from fastrapi.openapi.schemas import SchemaRegistry

if TYPE_CHECKING:
    from fastrapi.compat.starlette.routing import BaseRoute
    from fastrapi.routing import RouteContext
    from fastrapi.routing.operation import Operation


def _documented(routes: Sequence[BaseRoute | RouteContext]) -> Iterator[Operation]:
    """The path operations among the routes, each as it is in effect where it was included."""
    from fastrapi.routing import iter_route_contexts
    from fastrapi.routing.operation import Operation

    for context in iter_route_contexts(routes):
        route = context.effective_route
        if isinstance(route, Operation) and route.include_in_schema:
            yield route


def _info(
    title: str,
    version: str,
    summary: str | None,
    description: str | None,
    terms_of_service: str | None,
    contact: dict[str, Any] | None,
    license_info: dict[str, Any] | None,
) -> dict[str, Any]:
    optional = {
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": contact,
        "license": license_info,
    }
    return {"title": title, "version": version, **{key: value for key, value in optional.items() if value}}


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[BaseRoute | RouteContext],
    webhooks: Sequence[BaseRoute | RouteContext] | None = None,
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, str | Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, str | Any] | None = None,
    license_info: dict[str, str | Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
    problem_details: bool = False,
) -> dict[str, Any]:
    """The OpenAPI document of some routes, as plain JSON data.

    Args:
        title: the API's name.
        version: the API's version.
        openapi_version: the version of OpenAPI that the document claims to follow.
        summary: one line about the API.
        description: Markdown about the API.
        routes: the routes; those that are not path operations are left out.
        webhooks: requests that the API makes to others, declared as routes.
        tags: Tag Objects, in the order in which the documentation shows them.
        servers: Server Objects.
        terms_of_service: the address of the terms of service.
        contact: a Contact Object.
        license_info: a License Object.
        separate_input_output_schemas: whether a model gets two schemas where what it accepts
            differs from what it produces.
        external_docs: an External Documentation Object.
        problem_details: whether errors are answered with problem details (RFC 9457).

    Raises:
        ValueError: an additional response has a key that is no status code.
    """
    operations = list(_documented(routes))
    hooks = list(_documented(webhooks or ()))
    registry = SchemaRegistry(separate_input_output=separate_input_output_schemas)
    registry.describe(field for route in (*operations, *hooks) for field in fields_of(route))
    builder = DocumentBuilder(registry, problem_details=problem_details)
    document: dict[str, Any] = {
        "openapi": openapi_version,
        "info": _info(title, version, summary, description, terms_of_service, contact, license_info),
    }
    if servers:
        document["servers"] = servers
    document["paths"] = _path_items(operations, builder, by_template=True)
    webhook_items = _path_items(hooks, builder, by_template=False)
    components = _components(builder)
    if components:
        document["components"] = components
    if webhook_items:
        document["webhooks"] = webhook_items
    if tags:
        document["tags"] = tags
    if external_docs:
        document["externalDocs"] = external_docs
    described = OpenAPI(**document).model_dump(mode="json", by_alias=True, exclude_none=True)
    plain: dict[str, Any] = _without_none(described)
    return plain


def _without_none(value: Any) -> Any:
    """Plain JSON data without the members that are `null`, in what the models do not know as well."""
    if isinstance(value, dict):
        return {key: _without_none(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


def _path_items(routes: list[Operation], builder: DocumentBuilder, *, by_template: bool) -> dict[str, Any]:
    """The path items by path template, or by the name of a webhook, which is no path."""
    items: dict[str, Any] = {}
    for route in routes:
        item = builder.path_item(route)
        if item:
            items.setdefault(route.path_format if by_template else route.path, {}).update(item)
    return items


def _components(builder: DocumentBuilder) -> dict[str, Any]:
    schemas = dict(builder.registry.definitions)
    if builder.has_problems:
        from fastrapi.openapi.problems import PROBLEM_DEFINITIONS

        # Those of the application are what it means by these names.
        schemas = PROBLEM_DEFINITIONS | schemas
    # An application that has a model `ValidationError` documents validation errors itself.
    elif builder.has_validation_errors and "ValidationError" not in schemas:
        schemas.update(VALIDATION_ERROR_DEFINITIONS)
    components: dict[str, Any] = {}
    if schemas:
        components["schemas"] = {name: schemas[name] for name in sorted(schemas)}
    if builder.schemes.components:
        components["securitySchemes"] = builder.schemes.components
    return components
