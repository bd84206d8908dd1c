"""The functions that declare parameters and dependencies: `Query()`, `Body()`, `Depends()`, ...

They are typed as returning `Any`, so that they can stand as the default value of a parameter
of any type.
"""

from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import Unpack

from fastrapi import params
from fastrapi._signatures import expands
from fastrapi.params import BodyOptions, FieldOptions, FileOptions, FormOptions, HeaderOptions, Undefined
from fastrapi.types import DependencyScope


@expands(FieldOptions)
def Path(default: Any = ..., **options: Unpack[FieldOptions]) -> Any:
    """Declare a path parameter. It is always required, so `default` can only be `...`."""
    return params.Path(default, **options)


@expands(FieldOptions)
def Query(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any:
    """Declare a query parameter."""
    return params.Query(default, **options)


@expands(HeaderOptions)
def Header(default: Any = Undefined, **options: Unpack[HeaderOptions]) -> Any:
    """Declare a header parameter."""
    return params.Header(default, **options)


@expands(FieldOptions)
def Cookie(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any:
    """Declare a cookie parameter."""
    return params.Cookie(default, **options)


@expands(BodyOptions)
def Body(default: Any = Undefined, **options: Unpack[BodyOptions]) -> Any:
    """Declare a parameter in the request body."""
    return params.Body(default, **options)


@expands(FormOptions)
def Form(default: Any = Undefined, **options: Unpack[FormOptions]) -> Any:
    """Declare a form field."""
    return params.Form(default, **options)


@expands(FileOptions)
def File(default: Any = Undefined, **options: Unpack[FileOptions]) -> Any:
    """Declare an uploaded file."""
    return params.File(default, **options)


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: DependencyScope | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a dependency.

    Args:
        dependency: What to call; without it, the type of the annotated parameter.
        use_cache: Whether one call per request serves all who declare the same dependency.
        scope: For dependencies with `yield`, whether they are left before the response is sent
            ("function") or after ("request", the default). With "lifespan", the dependency is called
            once when the application starts, shared by all requests, and left when it ends.
        max_concurrency: How many executions of this declaration may be in progress at a time.

    Raises:
        ValueError: `max_concurrency` is not a positive integer.
    """
    return params.Depends(
        dependency=dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency
    )


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
) -> Any:
    """Declare a dependency that requires OAuth2 scopes.

    Args:
        dependency: What to call; without it, the type of the annotated parameter.
        scopes: The scopes, as they appear in OpenAPI and in `SecurityScopes`.
        use_cache: Whether one call per request serves all who declare the same dependency.
    """
    return params.Security(dependency=dependency, scopes=scopes, use_cache=use_cache)
