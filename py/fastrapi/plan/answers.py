"""From what a planned function returned to its answer, where a server does not encode it itself.

There are as many of these objects as routes, so they hold little, and the rest is made when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from fastrapi._json_safe import sendable
from fastrapi.dependencies.solving import SolvedDependency
from fastrapi.plan.models import Shapes, field_shapes
from fastrapi.responses import JSONResponse, Response
from fastrapi.routing.effective import EFFECTIVE_ROUTE, EffectiveAPIRoute
from fastrapi.routing.handlers import response_builder
from fastrapi.routing.responses import untyped_content
from fastrapi.utils import is_body_allowed_for_status_code

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI
    from fastrapi.routing.operation import Operation
    from fastrapi.routing.responses import ResponseBuilder
    from fastrapi.routing.route import APIRoute

_NOTHING_ELSE = SolvedDependency(
    values={}, errors=[], background_tasks=None, response=None, dependency_cache={}
)


class Responder:
    """Turns a result into a `Response`."""

    __slots__ = ("_builder", "_operation")

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._builder: ResponseBuilder | None = None

    @property
    def builder(self) -> ResponseBuilder:
        """The builder of the operation's responses, kept from its first use."""
        if self._builder is None:
            self._builder = response_builder(self._operation)
        return self._builder

    def __call__(self, result: Any) -> Response:
        builder = self.builder
        return builder.response(builder.content(result), _NOTHING_ELSE)


class ScopePart:
    """What the router adds to the ASGI scope."""

    __slots__ = ("_app", "_operation", "_original")

    def __init__(self, app: FastAPI, operation: Operation, original: APIRoute) -> None:
        self._app = app
        self._operation = operation
        self._original = original

    def __call__(self) -> dict[str, Any]:
        app, operation = self._app, self._operation
        scope = {
            "app": app,
            "router": app.router,
            "endpoint": operation.endpoint,
            "route": self._original,
        }
        if isinstance(operation, EffectiveAPIRoute):
            scope["fastapi"] = {EFFECTIVE_ROUTE: operation}
        return scope


class _ModelEncoder:
    """The content by pydantic's compiled parts."""

    __slots__ = ("_options", "_responder", "_serializer", "_validator")

    def __init__(self, adapter: TypeAdapter[Any], options: dict[str, Any], responder: Responder) -> None:
        self._validator = adapter.validator
        self._serializer = adapter.serializer
        self._options = options
        self._responder = responder

    def __call__(self, result: Any) -> bytes:
        try:
            value = self._validator.validate_python(result, from_attributes=True)
        except ValidationError:
            # Raises, in the framework's words.
            return self._responder.builder.content(result)  # type: ignore[no-any-return]
        return self._serializer.to_json(value, **self._options)


class _PlainEncoder:
    """The content of a response model in a response class that was chosen, as JSON."""

    __slots__ = ("_responder",)

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    def __call__(self, result: Any) -> bytes:
        return _rendered(self._responder.builder.content(result))


# `render` uses nothing of the instance: an empty one saves making a response for each result.
_render: Callable[[Any], bytes] = JSONResponse.__new__(JSONResponse).render


def _rendered(content: Any) -> bytes:
    try:
        return _render(content)
    except ValueError:
        return _render(sendable(content))


def _encode_untyped(result: Any) -> bytes:
    return _rendered(untyped_content(result))


def encoder(builder: ResponseBuilder, responder: Responder) -> Callable[[Any], bytes] | None:
    """The JSON text of a result, where the response is nothing but that."""
    if builder.status_code is not None and not is_body_allowed_for_status_code(builder.status_code):
        return None
    if builder.direct:
        assert builder.field is not None, "only a response model is written by pydantic"
        return _ModelEncoder(builder.field.type_adapter, _chosen_options(builder), responder)
    if builder.response_class is not JSONResponse:
        return None
    return _encode_untyped if builder.field is None else _PlainEncoder(responder)


_BY_ALIAS: dict[str, Any] = {"by_alias": True}


def _chosen_options(builder: ResponseBuilder) -> dict[str, Any]:
    chosen = {name: value for name, value in builder.options.items() if value not in (None, False)}
    return _BY_ALIAS if chosen == _BY_ALIAS else chosen


def written_shapes(builder: ResponseBuilder) -> Shapes | None:
    """The shapes of a response model that is written whole."""
    if not builder.direct or builder.field is None or _chosen_options(builder) is not _BY_ALIAS:
        return None
    return field_shapes(builder.field, "write")
