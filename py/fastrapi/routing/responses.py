"""From what a path operation returns to the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from fastrapi._compat import DumpOptions as DumpOptions
from fastrapi._compat import ModelField
from fastrapi._json_safe import sendable
from fastrapi.concurrency import run_in_threadpool
from fastrapi.datastructures import DefaultPlaceholder
from fastrapi.encoders import jsonable_encoder
from fastrapi.exceptions import EndpointContext, ResponseValidationError
from fastrapi.json_codecs import JSONCodec
from fastrapi.responses import JSONResponse, Response
from fastrapi.types import IncEx
from fastrapi.utils import is_body_allowed_for_status_code

if TYPE_CHECKING:
    from fastrapi.dependencies.solving import SolvedDependency
    from fastrapi.routing.operation import Operation


@dataclass(frozen=True, slots=True)
class ResponseBuilder:
    """Makes the response of one path operation from what its function returns.

    Attributes:
        field: The response model; without one, anything that `jsonable_encoder` takes is sent.
        options: What of the model is sent.
        status_code: The declared status.
        response_class: The class of the response.
        direct: Whether the model is written as JSON by pydantic itself, because nobody chose a
            response class that could want to see plain data.
        operation: The path operation, of which error messages say where it is defined.
        codec: What writes plain data as JSON, if it is not `JSONResponse`.
    """

    field: ModelField | None
    options: DumpOptions
    status_code: int | None
    response_class: type[Response]
    direct: bool
    operation: Operation
    codec: JSONCodec | None = None

    @property
    def context(self) -> EndpointContext:
        """Where the function is defined, for error messages."""
        return self.operation.context

    def content(self, result: Any) -> Any:
        """The result as JSON text if `direct`, else as plain data.

        Raises:
            ResponseValidationError: The result does not fit the response model.
        """
        if self.field is None:
            return untyped_content(result)
        value, errors = self.field.validate(result, loc=("response",))
        if errors:
            raise ResponseValidationError(errors, body=result, endpoint_ctx=self.context)
        if self.direct:
            return self.field.serialize_json(value, **self.options)
        return self.field.serialize(value, **self.options)

    def response(self, content: Any, solved: SolvedDependency) -> Response:
        """The response with the content, and with what the dependencies set."""
        status_code = self.status_code
        if solved.response is not None and solved.response.status_code:
            status_code = solved.response.status_code
        arguments: dict[str, Any] = {"background": solved.background_tasks}
        if status_code is not None:
            arguments["status_code"] = status_code
        if self.direct:
            response = Response(content=content, media_type="application/json", **arguments)
        else:
            response = self._of_class(content, arguments)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
            # Status 205 has a length all the same (RFC 9110, section 15.3.6): that of no content.
            if "content-length" in response.headers:
                response.headers["content-length"] = "0"
        if solved.response is not None:
            response.headers.raw.extend(solved.response.headers.raw)
        return response

    def _of_class(self, content: Any, arguments: dict[str, Any]) -> Response:
        if self.response_class is not JSONResponse:
            return self.response_class(content, **arguments)
        try:
            return self._json(content, arguments)
        except ValueError:
            return self._json(sendable(content), arguments)

    def _json(self, content: Any, arguments: dict[str, Any]) -> Response:
        if self.codec is None:
            return JSONResponse(content, **arguments)
        return Response(self.codec.dumps(content), media_type="application/json", **arguments)


def untyped_content(result: Any) -> Any:
    """A result without a response model, as plain data."""
    try:
        return jsonable_encoder(result)
    except UnicodeEncodeError:
        # pydantic refuses lone surrogates in keys of untyped dictionaries.
        if not isinstance(result, BaseModel):
            raise
        return jsonable_encoder(sendable(result.model_dump(by_alias=True)))


async def serialize_response(
    *,
    field: ModelField | None = None,
    response_content: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    is_coroutine: bool = True,
    endpoint_ctx: EndpointContext | None = None,
    dump_json: bool = False,
) -> Any:
    """What a function returned, as plain data. For packages: path operations use `ResponseBuilder`.

    Args:
        field: The response model. Without one the options do not count.
        response_content: What the function returned.
        include: The fields that are written.
        exclude: Those that are not.
        by_alias: Whether they are written under their aliases.
        exclude_unset: Whether fields that were not set are left out.
        exclude_defaults: Whether fields that have their default value are left out.
        exclude_none: Whether fields that are `None` are left out.
        is_coroutine: Whether the function is asynchronous. If not, validation runs in a thread too.
        endpoint_ctx: Where the function is defined, for error messages.
        dump_json: Return JSON text instead of plain data, if there is a field.

    Raises:
        ResponseValidationError: The content does not fit the response model.
    """
    if field is None:
        return untyped_content(response_content)
    if is_coroutine:
        value, errors = field.validate(response_content, loc=("response",))
    else:
        value, errors = await run_in_threadpool(field.validate, response_content, loc=("response",))
    if errors:
        raise ResponseValidationError(errors, body=response_content, endpoint_ctx=endpoint_ctx)
    options: DumpOptions = {
        "include": include,
        "exclude": exclude,
        "by_alias": by_alias,
        "exclude_unset": exclude_unset,
        "exclude_defaults": exclude_defaults,
        "exclude_none": exclude_none,
    }
    return field.serialize_json(value, **options) if dump_json else field.serialize(value, **options)


def actual_response_class(response_class: type[Response] | DefaultPlaceholder) -> type[Response]:
    """The class itself, if it is a default one."""
    if isinstance(response_class, DefaultPlaceholder):
        default: type[Response] = response_class.value
        return default
    return response_class


def is_default_json(response_class: type[Response] | DefaultPlaceholder) -> bool:
    """Whether nobody chose the response class, and it is the one for JSON."""
    return isinstance(response_class, DefaultPlaceholder) and response_class.value is JSONResponse
