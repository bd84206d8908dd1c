"""What a compiled route is made of: plain data that a server reads once, before it listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastrapi.plan.models import Shapes
from fastrapi.types import ASGIApp

Source = Literal["path", "query", "header", "cookie", "body", "request"]
Conversion = Literal["str", "int", "float", "bool", "json", "bearer", "validator"]
Placement = Literal["pure", "sync", "task"]

ANY_PATH = "/{path:path}"
"""The template of a route of which only the application knows what it matches."""


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One positional argument of a plan's function, and where a server finds it.

    `conversion` names a rule that a server may apply itself to the *plain* form of a value (an integer of up
    to 18 digits, a JSON body that pydantic takes as bytes, the token behind `Bearer`); every other form goes
    through `validate`. A value that `validate` refuses, and a missing required one, send the request to the
    ASGI application, which words the error.
    """

    source: Source
    name: str
    """The name on the wire; header names in lower case with hyphens. Empty for `body` and `request`."""
    conversion: Conversion
    required: bool
    default: object
    """Stands for an absent value; immutable, so that it may be shared between requests."""
    validate: Callable[[Any], Any] | None
    """Takes the text (`many`: the list of texts; `body`: the bytes) and returns the value or raises."""
    many: bool = False
    """All values of the name, as a list, instead of one."""
    shapes: Shapes | None = None
    """What a server may read from a JSON body without `validate`, where that is certain to take it."""


@dataclass(frozen=True, slots=True)
class FixedAnswer:
    """A whole answer that is the same for every request."""

    status_code: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """How a request to one route succeeds."""

    methods: tuple[str, ...]
    path: str
    name: str
    function: Callable[..., Any]
    """Takes the values of `parameters`; by position, or by `keywords` where those are given."""
    parameters: tuple[Parameter, ...]
    keywords: tuple[str, ...]
    placement: Placement
    """`pure`: calls nothing, may run on any thread; `sync`: may block its thread; `task`: a coroutine for the
    event loop."""
    is_coroutine: bool
    """Whether `function` returns a coroutine; one step finishes it if the placement is `pure`."""
    sync_calls: tuple[Callable[..., Any], ...]
    """What `function` calls in its own thread, if the placement is `sync`."""
    status_code: int
    encode: Callable[[Any], bytes] | None
    """The JSON body for a result, by the framework's own means. `None`: the result is turned into a response
    by `respond`."""
    builtin_json: bool
    """The result is untyped: a server may encode exact builtin types itself, byte for byte as `encode`
    does."""
    respond: Callable[[Any], Any]
    """A result of any other kind (also one that `encode` does not fit) to a `Response` object."""
    scope: Callable[[], dict[str, Any]]
    """Makes what the router adds to the ASGI scope: `app`, `router`, `endpoint`, `route`."""
    on_error: ASGIApp
    """An ASGI application that answers for what the function raised: `scope["fastrapi.exception"]`."""
    overrides: dict[Any, Any]
    """The application's `dependency_overrides`: while there are any, the plan does not hold."""
    shapes: Shapes | None = None
    """What a server may write as JSON without `encode`, where a result has exactly the types."""
    not_allowed: FixedAnswer | None = None
    """The answer to a method that no route with a matching path has, if this one is the first of them."""


@dataclass(frozen=True, slots=True)
class StaticPlan:
    """A mounted directory. A server may answer GET and HEAD of its existing regular files: whole, one range,
    or 304; every other answer is the ASGI application's."""

    path: str
    """The template, of which the parameter `path` is the file's path in the directory."""
    name: str
    directory: str
    follow_symlink: bool
    """Whether symbolic links may lead out of the directory."""
    content_type: Callable[[str], str]
    """The Content-Type of the file with this full path. Only the file name's extensions decide."""
    methods: tuple[str, ...] = ()
    """Empty, as the mount takes every method."""


@dataclass(frozen=True, slots=True)
class GeneralRoute:
    """A route that only the ASGI application can serve, and why."""

    methods: tuple[str, ...]
    path: str
    name: str
    reason: str
    not_allowed: FixedAnswer | None = None
    """As in `RoutePlan`."""


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """A middleware that a server may apply itself: the name of its class and the arguments, defaults
    included."""

    kind: str
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnmatchedPlan:
    """The answer to a path that no route has, with or without a slash at its end. It holds until routes are
    appended."""

    answer: FixedAnswer
    later_paths: tuple[str, ...]
    """The templates of what is tried after the routes: only the ASGI application can serve these."""


@dataclass(frozen=True, slots=True)
class ApplicationPlan:
    """The routes of an application, in the order in which they are tried."""

    routes: list[RoutePlan | StaticPlan | GeneralRoute]
    layers: list[LayerPlan]
    """The middleware around planned routes, the outermost first; empty where there is a `middleware`."""
    middleware: str | None
    """The first middleware that only Python can run, if there is one. The server then starts the ASGI
    application, whose router runs the plan."""
    reason: str | None
    """Why no request may take the direct lane, if so."""
    unmatched: UnmatchedPlan | None = None
    """What a server may answer where no route does."""
    preflight_layers: tuple[LayerPlan, ...] = ()
    """The middleware up to the one that answers the preflights of CORS, whatever is behind it; empty where a
    server cannot answer them."""


class Unplannable(Exception):
    """Raised while a plan is compiled: the route needs the ASGI application. The text is the reason shown to
    users."""
