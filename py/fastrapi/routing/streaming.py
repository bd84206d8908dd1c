"""Path operations that `yield`: JSON Lines, server-sent events, and raw chunks."""

from __future__ import annotations

import json
import math
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

import anyio
from anyio.lowlevel import checkpoint
from pydantic import BaseModel

from fastrapi._compat import ModelField, lenient_issubclass
from fastrapi.concurrency import iterate_in_threadpool
from fastrapi.dependencies.exit_stacks import stack_for
from fastrapi.encoders import jsonable_encoder
from fastrapi.exceptions import EndpointContext, ResponseValidationError
from fastrapi.responses import Response, StreamingResponse
from fastrapi.routing.responses import DumpOptions
from fastrapi.sse import EventSourceResponse, ServerSentEvent, format_sse_event, with_keep_alive
from fastrapi.types import Scope

if TYPE_CHECKING:
    from fastrapi.dependencies.solving import SolvedDependency

_STREAM_ORIGINS = frozenset({AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator})
"""What a function that yields may be annotated to return."""


def get_stream_item_type(annotation: Any) -> Any | None:
    """The type of the items of a stream; `None` if the annotation is not one of a stream.

    An annotation that does not say what it is a stream of, such as `Iterable`, gives `Any`.
    """
    if (get_origin(annotation) or annotation) not in _STREAM_ORIGINS:
        return None
    arguments = get_args(annotation)
    return arguments[0] if arguments else Any


@dataclass(frozen=True, slots=True)
class ItemEncoder:
    """Writes the items of a stream as JSON.

    Attributes:
        field: The type of the items; without one, anything that `jsonable_encoder` takes.
        options: What of a model is written.
        context: Where the function is defined, for error messages.
    """

    field: ModelField | None
    options: DumpOptions
    context: EndpointContext

    def encode(self, item: Any) -> str:
        """The item as JSON text.

        Raises:
            ResponseValidationError: The item is not of the declared type.
        """
        if self.field is None:
            return json_text(item)
        value, errors = self.field.validate(item, loc=("response",))
        if errors:
            raise ResponseValidationError(errors, body=item, endpoint_ctx=self.context)
        return self.field.serialize_json(value, **self.options).decode()

    def line(self, item: Any) -> bytes:
        """The item as a line of JSON Lines."""
        return self.encode(item).encode() + b"\n"

    def event(self, item: Any) -> bytes:
        """The item as a server-sent event."""
        if not isinstance(item, ServerSentEvent):
            return format_sse_event(data_str=self.encode(item))
        # The declared type is that of plain items; an event says by itself what it contains.
        data = item.raw_data
        if data is None and item.data is not None:
            # A model is in charge of its own JSON, as it would be if it were declared.
            data = item.data.model_dump_json() if isinstance(item.data, BaseModel) else json_text(item.data)
        return format_sse_event(
            data_str=data, event=item.event, id=item.id, retry=item.retry, comment=item.comment
        )


def json_text(value: Any) -> str:
    """Any value as JSON; numbers that JSON does not have become `null`, as pydantic writes them."""
    data = jsonable_encoder(value)
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(data), allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {_finite_key(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return data


def _finite_key(key: Any) -> Any:
    # As `json.dumps()` would write the key; but with `allow_nan=False` it refuses to.
    return json.dumps(key) if isinstance(key, float) and not math.isfinite(key) else key


async def _encoded(items: AsyncIterator[Any], encode: Callable[[Any], Any] | None) -> AsyncIterator[Any]:
    async for item in items:
        yield item if encode is None else encode(item)
        # A generator that never awaits could not be cancelled otherwise.
        await checkpoint()


async def stream_response(
    items: Any,
    *,
    scope: Scope,
    encoder: ItemEncoder,
    response_class: type[Response],
    is_json_stream: bool,
    status_code: int | None,
    solved: SolvedDependency,
) -> Response:
    """The streaming response for the generator that a path operation returned.

    Args:
        items: The generator.
        scope: The scope of the request.
        encoder: How items are written.
        response_class: The response class; one for events, or one that takes the items as they are.
        is_json_stream: Whether the items are written as JSON Lines instead.
        status_code: The declared status.
        solved: What the dependencies set.
    """
    source = items if hasattr(items, "__aiter__") else iterate_in_threadpool(items)
    is_sse = lenient_issubclass(response_class, EventSourceResponse)
    encode = encoder.line if is_json_stream else encoder.event if is_sse else None
    content = _encoded(source, encode)
    if is_sse:
        content = await _kept_alive(content, scope)
    if solved.response is not None and solved.response.status_code:
        status_code = solved.response.status_code
    arguments: dict[str, Any] = {"background": solved.background_tasks}
    if status_code is not None:
        arguments["status_code"] = status_code
    if is_json_stream:
        response: Response = StreamingResponse(content, media_type="application/jsonl", **arguments)
    else:
        response = response_class(content, **arguments)
    if is_sse:
        response.headers["Cache-Control"] = "no-cache"
        # For nginx, which would hold the events back.
        response.headers["X-Accel-Buffering"] = "no"
    if solved.response is not None:
        response.headers.raw.extend(solved.response.headers.raw)
    return response


async def _kept_alive(events: AsyncIterator[bytes], scope: Scope) -> AsyncIterator[bytes]:
    from fastrapi import routing

    stack = stack_for(scope, "request")
    task_group = await stack.enter_async_context(anyio.create_task_group())
    # Runs before the group is left: if the client has gone, the generator is not waited for.
    stack.callback(task_group.cancel_scope.cancel)
    return with_keep_alive(events, interval=vars(routing)["_PING_INTERVAL"], task_group=task_group)
