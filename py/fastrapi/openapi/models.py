"""The OpenAPI 3.1 document as pydantic models.

The models only describe and clean a document on its way out, so their validators are built on
first use (`defer_build`): importing this module, or an application that is never asked for its
document, does not pay for them.
"""

from enum import Enum
from importlib.util import find_spec
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, AnyUrl, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic import EmailStr as _CheckedEmailStr
from typing_extensions import deprecated as typing_deprecated

from fastrapi.logger import logger
from fastrapi.openapi.example import Example as Example
from fastrapi.openapi.security_models import *  # noqa: F403  # all of them are part of this module, too
from fastrapi.openapi.security_models import BaseModelWithConfig, SecurityScheme


def validate(value: str) -> str:
    """Accept an address that cannot be checked, and say so in the log."""
    logger.warning(
        "email-validator not installed, email fields will be treated as str.\n"
        "To install, run: pip install email-validator"
    )
    return value


def _email_type() -> Any:
    """The type for e-mail addresses: checked where the optional `email-validator` is installed."""
    if find_spec("email_validator") is not None:
        return _CheckedEmailStr
    return Annotated[str, AfterValidator(validate), WithJsonSchema({"type": "string", "format": "email"})]


EmailStr = _email_type()


class _ClosedModel(BaseModel):
    """An OpenAPI object without specification extensions."""

    model_config = ConfigDict(defer_build=True)


class Contact(BaseModelWithConfig):
    name: str | None = None
    url: AnyUrl | None = None
    email: EmailStr | None = None  # type: ignore[valid-type]  # chosen at import time


class License(BaseModelWithConfig):
    name: str
    identifier: str | None = None
    url: AnyUrl | None = None


class Info(BaseModelWithConfig):
    title: str
    summary: str | None = None
    description: str | None = None
    termsOfService: str | None = None
    contact: Contact | None = None
    license: License | None = None
    version: str


class ServerVariable(BaseModelWithConfig):
    enum: Annotated[list[str] | None, Field(min_length=1)] = None
    default: str
    description: str | None = None


class Server(BaseModelWithConfig):
    url: AnyUrl | str
    description: str | None = None
    variables: dict[str, ServerVariable] | None = None


class Reference(_ClosedModel):
    ref: str = Field(alias="$ref")


class Discriminator(_ClosedModel):
    propertyName: str
    mapping: dict[str, str] | None = None


class XML(BaseModelWithConfig):
    name: str | None = None
    namespace: str | None = None
    prefix: str | None = None
    attribute: bool | None = None
    wrapped: bool | None = None


class ExternalDocumentation(BaseModelWithConfig):
    description: str | None = None
    url: AnyUrl


SchemaType = Literal["array", "boolean", "integer", "null", "number", "object", "string"]

_Count = Annotated[int | None, Field(ge=0)]


class Schema(BaseModelWithConfig):
    """A JSON Schema 2020-12 object, with the keywords that OpenAPI 3.1 adds."""

    # JSON Schema Core
    schema_: str | None = Field(default=None, alias="$schema")
    vocabulary: str | None = Field(default=None, alias="$vocabulary")
    id: str | None = Field(default=None, alias="$id")
    anchor: str | None = Field(default=None, alias="$anchor")
    dynamicAnchor: str | None = Field(default=None, alias="$dynamicAnchor")
    ref: str | None = Field(default=None, alias="$ref")
    dynamicRef: str | None = Field(default=None, alias="$dynamicRef")
    defs: dict[str, "SchemaOrBool"] | None = Field(default=None, alias="$defs")
    comment: str | None = Field(default=None, alias="$comment")
    # Applicators
    allOf: list["SchemaOrBool"] | None = None
    anyOf: list["SchemaOrBool"] | None = None
    oneOf: list["SchemaOrBool"] | None = None
    not_: Union["SchemaOrBool", None] = Field(default=None, alias="not")
    if_: Union["SchemaOrBool", None] = Field(default=None, alias="if")
    then: Union["SchemaOrBool", None] = None
    else_: Union["SchemaOrBool", None] = Field(default=None, alias="else")
    dependentSchemas: dict[str, "SchemaOrBool"] | None = None
    prefixItems: list["SchemaOrBool"] | None = None
    items: Union["SchemaOrBool", None] = None
    contains: Union["SchemaOrBool", None] = None
    properties: dict[str, "SchemaOrBool"] | None = None
    patternProperties: dict[str, "SchemaOrBool"] | None = None
    additionalProperties: Union["SchemaOrBool", None] = None
    propertyNames: Union["SchemaOrBool", None] = None
    unevaluatedItems: Union["SchemaOrBool", None] = None
    unevaluatedProperties: Union["SchemaOrBool", None] = None
    # Validation
    type: SchemaType | list[SchemaType] | None = None
    enum: list[Any] | None = None
    const: Any | None = None
    multipleOf: float | None = Field(default=None, gt=0)
    maximum: float | None = None
    exclusiveMaximum: float | None = None
    minimum: float | None = None
    exclusiveMinimum: float | None = None
    maxLength: _Count = None
    minLength: _Count = None
    pattern: str | None = None
    maxItems: _Count = None
    minItems: _Count = None
    uniqueItems: bool | None = None
    maxContains: _Count = None
    minContains: _Count = None
    maxProperties: _Count = None
    minProperties: _Count = None
    required: list[str] | None = None
    dependentRequired: dict[str, set[str]] | None = None
    format: str | None = None
    # Contents of strings
    contentEncoding: str | None = None
    contentMediaType: str | None = None
    contentSchema: Union["SchemaOrBool", None] = None
    # Annotations
    title: str | None = None
    description: str | None = None
    default: Any | None = None
    deprecated: bool | None = None
    readOnly: bool | None = None
    writeOnly: bool | None = None
    examples: list[Any] | None = None
    # OpenAPI's own vocabulary
    discriminator: Discriminator | None = None
    xml: XML | None = None
    externalDocs: ExternalDocumentation | None = None
    example: Annotated[
        Any | None,
        typing_deprecated("OpenAPI 3.1.0 (JSON Schema 2020-12) has `examples`, a list, in its place."),
    ] = None


SchemaOrBool = Schema | bool
"""JSON Schema 2020-12 allows `true` and `false` wherever a schema may stand."""


class ParameterInType(Enum):
    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class Encoding(BaseModelWithConfig):
    contentType: str | None = None
    headers: dict[str, Union["Header", Reference]] | None = None
    style: str | None = None
    explode: bool | None = None
    allowReserved: bool | None = None


class MediaType(BaseModelWithConfig):
    schema_: Schema | Reference | None = Field(default=None, alias="schema")
    example: Any | None = None
    examples: dict[str, Example | Reference] | None = None
    encoding: dict[str, Encoding] | None = None


class ParameterBase(BaseModelWithConfig):
    """What parameters and response headers have in common."""

    description: str | None = None
    required: bool | None = None
    deprecated: bool | None = None
    style: str | None = None
    explode: bool | None = None
    allowReserved: bool | None = None
    schema_: Schema | Reference | None = Field(default=None, alias="schema")
    example: Any | None = None
    examples: dict[str, Example | Reference] | None = None
    content: dict[str, MediaType] | None = None


class Parameter(ParameterBase):
    name: str
    in_: ParameterInType = Field(alias="in")


class Header(ParameterBase):
    pass


class RequestBody(BaseModelWithConfig):
    description: str | None = None
    content: dict[str, MediaType]
    required: bool | None = None


class Link(BaseModelWithConfig):
    operationRef: str | None = None
    operationId: str | None = None
    parameters: dict[str, Any | str] | None = None
    requestBody: Any | str | None = None
    description: str | None = None
    server: Server | None = None


class Response(BaseModelWithConfig):
    description: str
    headers: dict[str, Header | Reference] | None = None
    content: dict[str, MediaType] | None = None
    links: dict[str, Link | Reference] | None = None


class Operation(BaseModelWithConfig):
    tags: list[str] | None = None
    summary: str | None = None
    description: str | None = None
    externalDocs: ExternalDocumentation | None = None
    operationId: str | None = None
    parameters: list[Parameter | Reference] | None = None
    requestBody: RequestBody | Reference | None = None
    # `Any` keeps extensions (`x-...`) that stand beside the status codes.
    responses: dict[str, Response | Any] | None = None
    callbacks: dict[str, dict[str, "PathItem"] | Reference] | None = None
    deprecated: bool | None = None
    security: list[dict[str, list[str]]] | None = None
    servers: list[Server] | None = None


class PathItem(BaseModelWithConfig):
    ref: str | None = Field(default=None, alias="$ref")
    summary: str | None = None
    description: str | None = None
    get: Operation | None = None
    put: Operation | None = None
    post: Operation | None = None
    delete: Operation | None = None
    options: Operation | None = None
    head: Operation | None = None
    patch: Operation | None = None
    trace: Operation | None = None
    servers: list[Server] | None = None
    parameters: list[Parameter | Reference] | None = None


class Components(BaseModelWithConfig):
    schemas: dict[str, Schema | Reference] | None = None
    responses: dict[str, Response | Reference] | None = None
    parameters: dict[str, Parameter | Reference] | None = None
    examples: dict[str, Example | Reference] | None = None
    requestBodies: dict[str, RequestBody | Reference] | None = None
    headers: dict[str, Header | Reference] | None = None
    securitySchemes: dict[str, SecurityScheme | Reference] | None = None
    links: dict[str, Link | Reference] | None = None
    callbacks: dict[str, dict[str, PathItem] | Reference | Any] | None = None
    pathItems: dict[str, PathItem | Reference] | None = None


class Tag(BaseModelWithConfig):
    name: str
    description: str | None = None
    externalDocs: ExternalDocumentation | None = None


class OpenAPI(BaseModelWithConfig):
    openapi: str
    info: Info
    jsonSchemaDialect: str | None = None
    servers: list[Server] | None = None
    # `Any` keeps extensions (`x-...`) that stand beside the paths.
    paths: dict[str, PathItem | Any] | None = None
    webhooks: dict[str, PathItem | Reference] | None = None
    components: Components | None = None
    security: list[dict[str, list[str]]] | None = None
    tags: list[Tag] | None = None
    externalDocs: ExternalDocumentation | None = None
