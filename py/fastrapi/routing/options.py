"""The keywords of path operations and inclusions: each list once, for all methods that take it."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from fastrapi._form_limits import FormLimits
from fastrapi._signatures import Initial, keyword_defaults
from fastrapi.compat.starlette.routing import BaseRoute
from fastrapi.datastructures import Default
from fastrapi.params import Depends
from fastrapi.responses import JSONResponse, Response
from fastrapi.types import IncEx
from fastrapi.utils import generate_unique_id

if TYPE_CHECKING:
    from fastrapi.routing.route import APIRoute

UniqueIdFunction = Callable[["APIRoute"], str]


class OperationOptions(TypedDict, total=False):
    """A path operation, whatever its method: `app.get()`, `router.post()`, ..."""

    response_model: Annotated[Any, Initial(Default(None))]
    """The type to validate, filter and document the answer with; the return annotation by default."""
    status_code: Annotated[int | None, Initial(None)]
    tags: Annotated[list[str | Enum] | None, Initial(None)]
    dependencies: Annotated[Sequence[Depends] | None, Initial(None)]
    """Dependencies whose result the function does not need."""
    summary: Annotated[str | None, Initial(None)]
    description: Annotated[str | None, Initial(None)]
    """By default the function's docstring."""
    response_description: Annotated[str, Initial("Successful Response")]
    responses: Annotated[dict[int | str, dict[str, Any]] | None, Initial(None)]
    """Further responses for the documentation, by status."""
    deprecated: Annotated[bool | None, Initial(None)]
    operation_id: Annotated[str | None, Initial(None)]
    response_model_include: Annotated[IncEx | None, Initial(None)]
    response_model_exclude: Annotated[IncEx | None, Initial(None)]
    response_model_by_alias: Annotated[bool, Initial(True)]
    response_model_exclude_unset: Annotated[bool, Initial(False)]
    response_model_exclude_defaults: Annotated[bool, Initial(False)]
    response_model_exclude_none: Annotated[bool, Initial(False)]
    include_in_schema: Annotated[bool, Initial(True)]
    response_class: Annotated[type[Response], Initial(Default(JSONResponse))]
    name: Annotated[str | None, Initial(None)]
    """The name for `url_for`; by default the function's."""
    callbacks: Annotated[list[BaseRoute] | None, Initial(None)]
    openapi_extra: Annotated[dict[str, Any] | None, Initial(None)]
    generate_unique_id_function: Annotated[UniqueIdFunction, Initial(Default(generate_unique_id))]
    max_body_size: Annotated[int | None, Initial(None)]
    """The most bytes of a request body."""
    form_limits: Annotated[FormLimits | None, Initial(None)]
    cache_resp: Annotated[bool, Initial(False)]
    """Keep the first answer and give it to everybody; only for what takes nothing from the request."""
    rate_limit: Annotated[float | None, Initial(None)]
    """The most requests per second of each client; those beyond it are answered with 429."""
    cancel_on_disconnect: Annotated[bool | None, Initial(None)]
    """Whether it is cancelled when its client has gone; by default as the application says."""


class MethodsOption(TypedDict, total=False):
    """The HTTP methods, where they are not in the function's name. By default GET."""

    methods: Annotated[set[str] | list[str] | None, Initial(None)]


class StrictnessOption(TypedDict, total=False):
    """Whether a JSON body has to come with a JSON content type."""

    strict_content_type: Annotated[bool, Initial(Default(True))]


class APIRouteOptions(OperationOptions, MethodsOption, total=False):
    """`api_route()`."""


class AddAPIRouteOptions(APIRouteOptions, StrictnessOption, total=False):
    """`APIRouter.add_api_route()`."""

    route_class_override: Annotated["type[APIRoute] | None", Initial(None)]


class RouteInit(APIRouteOptions, StrictnessOption, total=False):
    """`APIRoute()`."""

    dependency_overrides_provider: Annotated[Any | None, Initial(None)]


_OWN_OPTIONS = frozenset({"cache_resp", "rate_limit", "cancel_on_disconnect"})


def passed_on(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options to call a method with that users may have overridden.

    Overrides list the keywords that FastAPI calls them with, often without `**keywords`. They get
    those that FastAPI does not have only where they were given.
    """
    defaults = keyword_defaults(OperationOptions)
    return {
        name: value
        for name, value in options.items()
        if name not in _OWN_OPTIONS or value is not defaults[name]
    }


class IncludeOptions(TypedDict, total=False):
    """`include_router()`."""

    prefix: Annotated[str, Initial("")]
    tags: Annotated[list[str | Enum] | None, Initial(None)]
    dependencies: Annotated[Sequence[Depends] | None, Initial(None)]
    default_response_class: Annotated[type[Response], Initial(Default(JSONResponse))]
    responses: Annotated[dict[int | str, dict[str, Any]] | None, Initial(None)]
    callbacks: Annotated[list[BaseRoute] | None, Initial(None)]
    deprecated: Annotated[bool | None, Initial(None)]
    include_in_schema: Annotated[bool, Initial(True)]
    generate_unique_id_function: Annotated[UniqueIdFunction, Initial(Default(generate_unique_id))]
    max_body_size: Annotated[int | None, Initial(None)]
    form_limits: Annotated[FormLimits | None, Initial(None)]
