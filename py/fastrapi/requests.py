"""The request and what it has in common with a WebSocket: a typed view of an ASGI scope."""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, NoReturn, cast

import anyio
from typing_extensions import TypeVar

from fastrapi._datastructures.connection import Address, State
from fastrapi._datastructures.form import FormData
from fastrapi._datastructures.headers import Headers
from fastrapi._datastructures.multidict import QueryParams
from fastrapi._datastructures.url import URL, url_from_scope
from fastrapi._header_options import parse_options_header
from fastrapi._utils import AwaitableOrContextManager, AwaitableOrContextManagerWrapper
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.formparsers import FormParser, MultiPartException, MultiPartParser
from fastrapi.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.applications import Starlette
    from fastrapi.compat.starlette.routing import Router

__all__ = ["ClientDisconnect", "HTTPConnection", "Request", "cookie_parser", "empty_receive", "empty_send"]

SERVER_PUSH_HEADERS_TO_COPY = {
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "user-agent",
}
"""Headers of the request that a pushed resource would be requested with."""


MEMORY_LIMIT_EXTENSION = "fastrapi.body_in_memory"
"""Key of the extension in which a server announces the most bytes of a body that is read as a whole."""
_TOO_LARGE = "Content Too Large"

_COOKIE_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)


def _unquote_cookie_value(value: str) -> str:
    """Undoes the quoting that Python's own `http.cookies` writes."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _COOKIE_ESCAPE.sub(lambda match: chr(int(match[1], 8)) if match[1] else match[2], value[1:-1])


def cookie_parser(cookie_string: str) -> dict[str, str]:
    """Parses a Cookie header as browsers write it, which is more than RFC 6265 allows.

    Chunks without an equals sign are values without a name; the last of several cookies of one name
    counts; nothing is an error.
    """
    cookies: dict[str, str] = {}
    for chunk in cookie_string.split(";"):
        name, equals, value = chunk.partition("=")
        if not equals:
            # https://bugzilla.mozilla.org/show_bug.cgi?id=169091
            name, value = "", name
        name, value = name.strip(), value.strip()
        if name or value:
            cookies[name] = _unquote_cookie_value(value)
    return cookies


class ClientDisconnect(Exception):
    """The client went away before its request was read or its response was sent."""


StateT = TypeVar("StateT", bound=Mapping[str, Any] | State, default=State)


class HTTPConnection(Mapping[str, Any], Generic[StateT]):
    """A view of an HTTP or WebSocket scope; also a mapping, namely the scope.

    Everything is parsed when it is first asked for, and kept.
    """

    scope: Scope
    _url: URL | None = None
    _base_url: URL | None = None
    _headers: Headers | None = None
    _query_params: QueryParams | None = None
    _cookies: dict[str, str] | None = None
    _state: StateT | None = None

    def __init__(self, scope: Scope, receive: Receive | None = None) -> None:
        assert scope["type"] in ("http", "websocket")
        self.scope = scope

    def __getitem__(self, key: str) -> Any:
        return self.scope[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope)

    def __len__(self) -> int:
        return len(self.scope)

    # Mapping compares by content; two connections are never the same one.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def app(self) -> Any:
        """The application that handles the connection."""
        return self.scope["app"]

    @property
    def url(self) -> URL:
        """The URL requested. Its authority is the Host header if that is valid, else the server's address."""
        if self._url is None:
            self._url = URL(scope=self.scope)
        return self._url

    @property
    def base_url(self) -> URL:
        """The URL of the application's root, with a slash at the end."""
        if self._base_url is None:
            scope = self.scope
            # Mounts add to root_path; app_root_path is what it was when the application began.
            root_path = scope.get("app_root_path", scope.get("root_path", ""))
            path = root_path if root_path.endswith("/") else f"{root_path}/"
            self._base_url = URL(url_from_scope(scope, path))
        return self._base_url

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers(scope=self.scope)
        return self._headers

    @property
    def query_params(self) -> QueryParams:
        if self._query_params is None:
            self._query_params = QueryParams(self.scope["query_string"])
        return self._query_params

    @property
    def path_params(self) -> dict[str, Any]:
        """The converted parameters of the path."""
        params: dict[str, Any] = self.scope.get("path_params", {})
        return params

    @property
    def cookies(self) -> dict[str, str]:
        if self._cookies is None:
            cookies: dict[str, str] = {}
            # HTTP/2 clients may split the header to compress it better (RFC 9113, section 8.2.3).
            for header in self.headers.getlist("cookie"):
                cookies.update(cookie_parser(header))
            self._cookies = cookies
        return self._cookies

    @property
    def client(self) -> Address | None:
        """The address of the client, if the server knows it."""
        address = self.scope.get("client")
        return None if address is None else Address(*address)

    def _from_middleware(self, key: str, middleware: str) -> Any:
        assert key in self.scope, f"{middleware} must be installed to access request.{key}"
        return self.scope[key]

    @property
    def session(self) -> dict[str, Any]:
        """The session that `SessionMiddleware` keeps."""
        session: dict[str, Any] = self._from_middleware("session", "SessionMiddleware")
        # What depends on the session varies by cookie. A plain dict in its place cannot tell.
        mark_accessed = getattr(session, "mark_accessed", None)
        if mark_accessed is not None:
            mark_accessed()
        return session

    @property
    def auth(self) -> Any:
        """The credentials that `AuthenticationMiddleware` found."""
        return self._from_middleware("auth", "AuthenticationMiddleware")

    @property
    def user(self) -> Any:
        """The user that `AuthenticationMiddleware` found."""
        return self._from_middleware("user", "AuthenticationMiddleware")

    @property
    def state(self) -> StateT:
        """Values for this connection; begins with those that the lifespan yielded."""
        if self._state is None:
            # The scope holds the values, so that every view of it sees what another one sets.
            self._state = cast(StateT, State(self.scope.setdefault("state", {})))
        return self._state

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """The absolute URL of a route.

        Args:
            name: The name of the route.
            **path_params: Its path parameters.

        Raises:
            NoMatchFound: There is no route with this name and these parameters.
        """
        provider: Router | Starlette | None = self.scope.get("router") or self.scope.get("app")
        if provider is None:
            raise RuntimeError(
                "The `url_for` method can only be used inside a Starlette application or with a router."
            )
        url_path = provider.url_path_for(name, **path_params)
        return url_path.make_absolute_url(base_url=self.base_url)


async def empty_receive() -> NoReturn:
    """Stands for the receive channel of a request that has none."""
    raise RuntimeError("Receive channel has not been made available")


async def empty_send(message: Message) -> NoReturn:
    """Stands for the send channel of a request that has none."""
    raise RuntimeError("Send channel has not been made available")


class Request(HTTPConnection[StateT]):
    """An HTTP request.

    Args:
        scope: The ASGI scope.
        receive: The channel that the body comes from.
        send: The channel for early hints and server push.
    """

    _form: FormData | None

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        assert scope["type"] == "http"
        self.scope = scope
        self._receive = receive
        self._send = send
        self._stream_consumed = False
        self._is_disconnected = False
        self._form = None

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def receive(self) -> Receive:
        """The channel that the body comes from."""
        return self._receive

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in the pieces in which it arrives, and an empty one at the end.

        Raises:
            RuntimeError: The body was streamed before.
            ClientDisconnect: The client went away.
        """
        if hasattr(self, "_body"):
            yield self._body
            yield b""
            return
        if self._stream_consumed:
            raise RuntimeError("Stream consumed")
        while not self._stream_consumed:
            message = await self._receive()
            if message["type"] == "http.request":
                body = message.get("body", b"")
                if not message.get("more_body", False):
                    self._stream_consumed = True
                if body:
                    yield body
            elif message["type"] == "http.disconnect":  # pragma: no branch
                self._is_disconnected = True
                raise ClientDisconnect()
        yield b""

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            HTTPException: 413, it is larger than the server lets a body in memory be. Read larger ones with
                `stream`, or set a `max_body_size`, which then counts instead.
        """
        if not hasattr(self, "_body"):
            limit = self._memory_limit()
            if limit != math.inf:
                length = self.headers.get("content-length", "")
                if length.isdecimal() and int(length[:18]) > limit:
                    raise HTTPException(status_code=413, detail=_TOO_LARGE)
            chunks: list[bytes] = []
            size = 0
            async with aclosing(self.stream()) as stream:
                async for chunk in stream:
                    size += len(chunk)
                    if size > limit:
                        raise HTTPException(status_code=413, detail=_TOO_LARGE)
                    chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    def _memory_limit(self) -> float:
        """The most bytes of a body in memory, as the server announces it."""
        announced = (self.scope.get("extensions") or {}).get(MEMORY_LIMIT_EXTENSION)
        if announced is None or "starlette.max_body_size" in self.scope:
            return math.inf
        limit: float = announced["limit"]
        return limit

    async def json(self) -> Any:
        """The body parsed as JSON.

        Raises:
            json.JSONDecodeError: It is no JSON.
            UnicodeDecodeError: It is not UTF-8, UTF-16 or UTF-32.
        """
        if not hasattr(self, "_json"):
            self._json = json.loads(await self.body())
        return self._json

    async def _parse_form(self, max_files: float, max_fields: float, max_part_size: int) -> FormData:
        media_type, _ = parse_options_header(self.headers.get("content-type"))
        if media_type == b"multipart/form-data":
            async with aclosing(self.stream()) as stream:
                return await MultiPartParser(
                    self.headers,
                    stream,
                    max_files=max_files,
                    max_fields=max_fields,
                    max_part_size=max_part_size,
                ).parse()
        if media_type == b"application/x-www-form-urlencoded":
            async with aclosing(self.stream()) as stream:
                return await FormParser(
                    self.headers, stream, max_fields=max_fields, max_part_size=max_part_size
                ).parse()
        return FormData()

    async def _get_form(
        self,
        *,
        max_files: float = 1000,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> FormData:
        if self._form is None:
            try:
                self._form = await self._parse_form(max_files, max_fields, max_part_size)
            except MultiPartException as error:
                if "app" in self.scope:
                    raise HTTPException(status_code=400, detail=error.message) from error
                raise
        return self._form

    def form(
        self,
        *,
        max_files: float = 1000,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> AwaitableOrContextManager[FormData]:
        """The form in the body, to be awaited or entered; empty if the body is of another media type.

        Args:
            max_files: The most files allowed.
            max_fields: The most fields allowed, files not counted.
            max_part_size: The most bytes allowed for a field that is no file.

        Raises:
            HTTPException: Status 400, the form is malformed or exceeds a limit.
            MultiPartException: The same, outside of an application.
        """
        return AwaitableOrContextManagerWrapper(
            self._get_form(max_files=max_files, max_fields=max_fields, max_part_size=max_part_size)
        )

    async def close(self) -> None:
        """Closes the files of the form."""
        if self._form is not None:
            await self._form.close()

    async def is_disconnected(self) -> bool:
        """Whether the client has gone away; does not wait."""
        if not self._is_disconnected:
            message: Message = {}
            # A message that has arrived is taken; waiting for one is cancelled at once.
            with anyio.CancelScope() as scope:
                scope.cancel()
                message = await self._receive()
            if message.get("type") == "http.disconnect":
                self._is_disconnected = True
        return self._is_disconnected

    def _has_extension(self, name: str) -> bool:
        return name in self.scope.get("extensions", {})

    async def send_push_promise(self, path: str) -> None:
        """Announces that `path` will be pushed; nothing if the server cannot."""
        if self._has_extension("http.response.push"):
            headers = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name in SERVER_PUSH_HEADERS_TO_COPY
                for value in self.headers.getlist(name)
            ]
            await self._send({"type": "http.response.push", "path": path, "headers": headers})

    async def send_early_hints(self, link: str, /, *additional_links: str) -> None:
        """Sends an interim response 103 (RFC 8297); nothing if the server cannot.

        Args:
            link: The value of a Link header (RFC 8288).
            *additional_links: Further ones.
        """
        if self._has_extension("http.response.early_hint"):
            links = [value.encode("latin-1") for value in (link, *additional_links)]
            await self._send({"type": "http.response.early_hint", "links": links})
