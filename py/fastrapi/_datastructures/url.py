"""URLs: immutable, parsed on demand, built from a string, from components or from an ASGI scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self
from urllib.parse import SplitResult, parse_qsl, quote_from_bytes, urlencode, urlsplit

from fastrapi._datastructures.multidict import MultiDict
from fastrapi._host import parse_host_header
from fastrapi.types import Scope

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# Characters that would end the path, start an authority in browsers, or be dropped by parsers; all others
# pass as they came.
_PATH_ESCAPES = str.maketrans({char: f"%{ord(char):02X}" for char in "?#\\\t\n\r"})
_ASCII = bytes(range(128))


def quote_path(path: str, *, has_authority: bool) -> str:
    """A decoded ASGI path as the path of a URL, such that no part of it is read as anything else."""
    path = path.translate(_PATH_ESCAPES)
    if has_authority:
        return path if not path or path[0] == "/" else f"/{path}"
    # RFC 3986, section 3.3: without an authority, a path must not begin with two slashes.
    return f"/%2F{path[2:]}" if path.startswith("//") else path


def _scope_authority(scope: Scope) -> str:
    """The authority a request was sent to: its Host header if valid, else the server's own address."""
    for name, value in scope["headers"]:
        if name == b"host":
            parsed = parse_host_header(value.decode("latin-1"))
            if parsed is not None and parsed.is_valid_port:
                return parsed.authority
            break
    host, port = scope.get("server") or ("", None)
    if port is None:
        # The path of a Unix socket, which is no host.
        return ""
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    if port == _DEFAULT_PORTS.get(scope.get("scheme", "http")):
        return str(host)
    return f"{host}:{port}"


def url_from_scope(scope: Scope, path: str, query: str = "") -> str:
    """The URL of `path` on the authority that the request of `scope` was sent to."""
    authority = _scope_authority(scope)
    url = quote_path(path, has_authority=bool(authority))
    if authority:
        url = f"{scope.get('scheme', 'http')}://{authority}{url}"
    return f"{url}?{query}" if query else url


def _decode_query(query: bytes) -> str:
    """A query string as text; bytes that are no UTF-8, which no client should send, percent-encoded."""
    try:
        return query.decode()
    except UnicodeDecodeError:
        return quote_from_bytes(query, safe=_ASCII)


def _split_userinfo_and_host(netloc: str) -> tuple[str | None, str | None, str, str | None]:
    """Username, password, host (IP literals bracketed) and port of an authority, as written."""
    userinfo, at, hostport = netloc.rpartition("@")
    username: str | None = None
    password: str | None = None
    if at:
        username, colon, rest = userinfo.partition(":")
        password = rest if colon else None
    bracket = hostport.rfind("]")
    host, colon, port = hostport.partition(":")
    if bracket != -1:
        host, rest = hostport[: bracket + 1], hostport[bracket + 1 :]
        colon, port = rest[:1], rest[1:]
    return username, password, host, port if colon else None


class URL:
    """A URL.

    Args:
        url: The URL as text. Not together with the others.
        scope: An ASGI scope to build the URL of the request from. Not together with the others.
        **components: Components as `replace()` takes them.
    """

    __slots__ = ("_components", "_url")

    _url: str
    _components: SplitResult

    def __init__(self, url: str = "", scope: Scope | None = None, **components: Any) -> None:
        if scope is not None:
            assert not url, 'Cannot set both "url" and "scope".'
            assert not components, 'Cannot set both "scope" and "**components".'
            url = url_from_scope(scope, scope["path"], _decode_query(scope.get("query_string", b"")))
        elif components:
            assert not url, 'Cannot set both "url" and "**components".'
            url = URL("").replace(**components)._url
        self._url = url

    @property
    def components(self) -> SplitResult:
        """The URL as `urllib.parse` splits it."""
        try:
            return self._components
        except AttributeError:
            self._components = urlsplit(self._url)
            return self._components

    @property
    def scheme(self) -> str:
        return self.components.scheme

    @property
    def netloc(self) -> str:
        """User information, host and port as written."""
        return self.components.netloc

    @property
    def path(self) -> str:
        return self.components.path

    @property
    def query(self) -> str:
        return self.components.query

    @property
    def fragment(self) -> str:
        return self.components.fragment

    @property
    def username(self) -> str | None:
        return self.components.username

    @property
    def password(self) -> str | None:
        return self.components.password

    @property
    def hostname(self) -> str | None:
        """The host in lower case, IP literals without brackets."""
        return self.components.hostname

    @property
    def port(self) -> int | None:
        """The port if the URL names one.

        Raises:
            ValueError: It is not a number from 0 to 65535.
        """
        return self.components.port

    @property
    def is_secure(self) -> bool:
        """Whether the scheme means TLS."""
        return self.scheme in ("https", "wss")

    def replace(self, **kwargs: Any) -> URL:
        """A copy with other components: scheme, netloc, path, query, fragment, username, password,
        hostname, port. `None` removes the part of the authority it is given for."""
        if not kwargs.keys().isdisjoint(("username", "password", "hostname", "port")):
            username, password, host, port = _split_userinfo_and_host(self.netloc)
            username = kwargs.pop("username", username)
            password = kwargs.pop("password", password)
            port = kwargs.pop("port", port)
            if "hostname" in kwargs:
                replacement = kwargs.pop("hostname")
                if replacement is not None:
                    # A bare IPv6 address has two colons at least; "host:port" has one.
                    is_bare_ipv6 = replacement.count(":") > 1 and not replacement.startswith("[")
                    host = f"[{replacement}]" if is_bare_ipv6 else replacement
            netloc = host if port is None else f"{host}:{port}"
            if username is not None:
                userinfo = username if password is None else f"{username}:{password}"
                netloc = f"{userinfo}@{netloc}"
            kwargs["netloc"] = netloc
        return type(self)(self.components._replace(**kwargs).geturl())

    def _with_query_params(self, params: MultiDict) -> URL:
        return self.replace(query=urlencode(params.multi_items()))

    def include_query_params(self, **kwargs: Any) -> URL:
        """A copy in which each of these query parameters has this one value."""
        params = MultiDict(parse_qsl(self.query, keep_blank_values=True))
        params.update({str(key): str(value) for key, value in kwargs.items()})
        return self._with_query_params(params)

    def replace_query_params(self, **kwargs: Any) -> URL:
        """A copy with these query parameters and no others."""
        return self.replace(query=urlencode([(key, str(value)) for key, value in kwargs.items()]))

    def remove_query_params(self, keys: str | Sequence[str]) -> URL:
        """A copy without these query parameters."""
        params = MultiDict(parse_qsl(self.query, keep_blank_values=True))
        for key in [keys] if isinstance(keys, str) else keys:
            params.pop(key, None)
        return self._with_query_params(params)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    # Equal to its text, but not hashed like it: as in the API this one follows, URLs are no dict keys.
    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        # The password must not reach a log.
        shown = self.replace(password="********") if self.password else self
        return f"{type(self).__name__}({str(shown)!r})"


class URLPath(str):
    """A path built from a route name, with what the route says about protocol and host.

    Args:
        path: The path, percent-encoded.
        protocol: "http", "websocket", or "" if the route does not say.
        host: The host of a `Host` route, or "".
    """

    protocol: str
    host: str

    def __new__(cls, path: str, protocol: Literal["http", "websocket", ""] = "", host: str = "") -> Self:
        assert protocol in ("http", "websocket", "")
        self = super().__new__(cls, path)
        self.protocol = protocol
        self.host = host
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        return type(self), (str(self), self.protocol, self.host)

    def make_absolute_url(self, base_url: str | URL) -> URL:
        """The URL of this path below `base_url`, with the scheme that fits the protocol."""
        base = URL(base_url) if isinstance(base_url, str) else base_url
        scheme = base.scheme
        if self.protocol:
            scheme = {"http": ("http", "https"), "websocket": ("ws", "wss")}[self.protocol][base.is_secure]
        netloc = self.host or base.netloc
        path = base.path.rstrip("/") + str(self)
        if path.startswith("//"):
            path = f"/%2F{path[2:]}"
        return URL(f"{scheme}://{netloc}{path}")
