"""What may be declared about a parameter of a path operation: the classes behind `Query()` and friends.

The keyword lists are in `FieldOptions` and the lists derived from it, and nowhere else.
"""

import re
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, TypedDict

from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import Unpack, deprecated

from fastrapi._signatures import Initial, expands
from fastrapi.datastructures import Default, DefaultPlaceholder
from fastrapi.dependencies.concurrency import DependencyConcurrency
from fastrapi.exceptions import FastAPIDeprecationWarning
from fastrapi.openapi.example import Example
from fastrapi.types import DependencyScope

Undefined: Any = PydanticUndefined
_Unset: Any = Default(None)
"""Tells a keyword that was not given from one that was given as `None`."""


class ParamTypes(Enum):
    """The places of a request, other than the body, that a parameter can come from."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class FieldOptions(TypedDict, total=False):
    """What can be said about every parameter; most of it is pydantic's `Field()`."""

    default_factory: Annotated[Callable[[], Any] | None, Initial(_Unset)]
    alias: Annotated[str | None, Initial(_Unset)]
    alias_priority: Annotated[int | None, Initial(_Unset)]
    validation_alias: Annotated[str | AliasPath | AliasChoices | None, Initial(_Unset)]
    serialization_alias: Annotated[str | None, Initial(_Unset)]
    title: Annotated[str | None, Initial(_Unset)]
    description: Annotated[str | None, Initial(_Unset)]
    gt: Annotated[float | None, Initial(None)]
    ge: Annotated[float | None, Initial(None)]
    lt: Annotated[float | None, Initial(None)]
    le: Annotated[float | None, Initial(None)]
    min_length: Annotated[int | None, Initial(None)]
    max_length: Annotated[int | None, Initial(None)]
    pattern: Annotated[str | re.Pattern[str] | None, Initial(None)]
    regex: Annotated[str | None, Initial(None)]
    """Deprecated in favour of `pattern`."""
    discriminator: Annotated[str | Discriminator | None, Initial(_Unset)]
    strict: Annotated[bool | None, Initial(_Unset)]
    validate_default: Annotated[bool | None, Initial(_Unset)]
    union_mode: Annotated[Literal["smart", "left_to_right"] | None, Initial(_Unset)]
    fail_fast: Annotated[bool | None, Initial(_Unset)]
    multiple_of: Annotated[float | None, Initial(_Unset)]
    allow_inf_nan: Annotated[bool | None, Initial(_Unset)]
    max_digits: Annotated[int | None, Initial(_Unset)]
    decimal_places: Annotated[int | None, Initial(_Unset)]
    examples: Annotated[list[Any] | None, Initial(_Unset)]
    example: Annotated[Any | None, Initial(_Unset)]
    """Deprecated in favour of `examples`."""
    openapi_examples: Annotated[dict[str, Example] | None, Initial(None)]
    deprecated: Annotated[deprecated | str | bool | None, Initial(_Unset)]
    include_in_schema: Annotated[bool, Initial(True)]
    json_schema_extra: Annotated[dict[str, Any] | Callable[[dict[str, Any]], None] | None, Initial(_Unset)]


class HeaderOptions(FieldOptions, total=False):
    """What can be said about a header."""

    convert_underscores: Annotated[bool, Initial(True)]
    """Take the header's name from the parameter's with `-` for `_`, unless there is an alias."""


class BodyOptions(FieldOptions, total=False):
    """What can be said about a parameter in a JSON body."""

    embed: Annotated[bool | None, Initial(None)]
    """Expect the value under the parameter's name even if it is the only one in the body."""
    media_type: Annotated[str, Initial("application/json")]


class FormOptions(FieldOptions, total=False):
    """What can be said about a form field."""

    media_type: Annotated[str, Initial("application/x-www-form-urlencoded")]


class FileOptions(FieldOptions, total=False):
    """What can be said about an uploaded file."""

    media_type: Annotated[str, Initial("multipart/form-data")]


class _Annotation(TypedDict, total=False):
    annotation: Annotated[Any | None, Initial(None)]


class _FieldInit(_Annotation, FieldOptions, total=False):
    pass


class _HeaderInit(_Annotation, HeaderOptions, total=False):
    pass


class _BodyInit(_Annotation, BodyOptions, total=False):
    pass


class _FormInit(_Annotation, FormOptions, total=False):
    pass


class _FileInit(_Annotation, FileOptions, total=False):
    pass


def _warn_deprecated(message: str) -> None:
    # The caller's line is the first one outside this package, however deep the class hierarchy is.
    level, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("fastrapi."):
        frame, level = frame.f_back, level + 1  # type: ignore[assignment]
    warnings.warn(message, category=FastAPIDeprecationWarning, stacklevel=level)


class _RequestField(FieldInfo):  # type: ignore[misc]  # final by declaration only
    """A pydantic field that knows how it is documented in OpenAPI.

    Attributes:
        example: The deprecated single example, or the placeholder `_Unset`.
        include_in_schema: Whether the parameter is in the OpenAPI document.
        openapi_examples: OpenAPI's own named examples.
    """

    def __init__(self, default: Any, options: FieldOptions) -> None:
        keywords: dict[str, Any] = {
            name: value for name, value in options.items() if not isinstance(value, DefaultPlaceholder)
        }
        self.example = keywords.pop("example", _Unset)
        if self.example is not _Unset:
            _warn_deprecated("`example` has been deprecated, please use `examples` instead")
        self.include_in_schema: bool = keywords.pop("include_in_schema", True)
        self.openapi_examples: dict[str, Example] | None = keywords.pop("openapi_examples", None)
        regex = keywords.pop("regex", None)
        if regex is not None:
            _warn_deprecated("`regex` has been deprecated, please use `pattern` instead")
            keywords["pattern"] = keywords.get("pattern") or regex
        # An alias is one name for both directions, unless one of them has its own. `None` is
        # passed on too: it takes back what a `Field()` beside it in `Annotated` says.
        if "alias" in keywords and keywords.get("validation_alias") is None:
            keywords["validation_alias"] = keywords["alias"]
        if keywords.get("alias") is not None and keywords.get("serialization_alias") is None:
            keywords["serialization_alias"] = keywords["alias"]
        if default is not Undefined and default is not ...:
            keywords["default"] = default
        super().__init__(**keywords)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


class Param(_RequestField):  # type: ignore[misc]  # final by declaration only
    """A parameter outside the body; as such, one in the query string."""

    in_: ParamTypes

    @expands(_FieldInit)
    def __init__(self, default: Any = Undefined, **options: Unpack[_FieldInit]) -> None:
        super().__init__(default, options)


class Path(Param):  # type: ignore[misc]  # final by declaration only
    """A parameter in the path. It cannot have a default value."""

    in_ = ParamTypes.path

    @expands(_FieldInit)
    def __init__(self, default: Any = ..., **options: Unpack[_FieldInit]) -> None:
        assert default is ..., "Path parameters cannot have a default value"
        super().__init__(default, **options)


class Query(Param):  # type: ignore[misc]  # final by declaration only
    """A parameter in the query string."""

    in_ = ParamTypes.query


class Header(Param):  # type: ignore[misc]  # final by declaration only
    """A parameter in a header."""

    in_ = ParamTypes.header

    @expands(_HeaderInit)
    def __init__(self, default: Any = Undefined, **options: Unpack[_HeaderInit]) -> None:
        self.convert_underscores = options.pop("convert_underscores", True)
        super().__init__(default, **options)  # type: ignore[misc]  # just popped


class Cookie(Param):  # type: ignore[misc]  # final by declaration only
    """A parameter in a cookie."""

    in_ = ParamTypes.cookie


class Body(_RequestField):  # type: ignore[misc]  # final by declaration only
    """A parameter in the body."""

    _media_type: ClassVar[str] = "application/json"

    @expands(_BodyInit)
    def __init__(self, default: Any = Undefined, **options: Unpack[_BodyInit]) -> None:
        self.embed = options.pop("embed", None)
        self.media_type = options.pop("media_type", self._media_type)
        super().__init__(default, options)


class Form(Body):  # type: ignore[misc]  # final by declaration only
    """A form field."""

    _media_type = "application/x-www-form-urlencoded"

    @expands(_FormInit)
    def __init__(self, default: Any = Undefined, **options: Unpack[_FormInit]) -> None:
        super().__init__(default, **options)


class File(Form):  # type: ignore[misc]  # final by declaration only
    """An uploaded file."""

    _media_type = "multipart/form-data"

    @expands(_FileInit)
    def __init__(self, default: Any = Undefined, **options: Unpack[_FileInit]) -> None:
        super().__init__(default, **options)


@dataclass(frozen=True)
class Depends:
    """A dependency, as declared.

    Attributes:
        dependency: The callable; `None` means the annotated type.
        use_cache: Call it once per request and share the result.
        scope: Leave a `yield` dependency before ("function") or after ("request") the response is sent,
            or call any dependency once when the application starts, for all requests ("lifespan").
        max_concurrency: How many executions of this declaration may be in progress at a time in
            one event loop, counted until the dependency has been left.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: DependencyScope | None = None
    _: KW_ONLY
    max_concurrency: int | None = None
    _concurrency: DependencyConcurrency | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        limit = self.max_concurrency
        if limit is None:
            object.__setattr__(self, "_concurrency", None)
            return
        if type(limit) is not int or limit < 1:
            raise ValueError("max_concurrency must be a positive integer or None")
        # A copy made with `dataclasses.replace()` shares the counter of its original.
        if self._concurrency is None or self._concurrency.limit != limit:
            object.__setattr__(self, "_concurrency", DependencyConcurrency(limit))


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that requires OAuth2 scopes.

    Attributes:
        scopes: The scopes, beyond those required by what depends on this.
    """

    scopes: Sequence[str] | None = None
