"""Who makes a request, and what they may do: the vocabulary of `AuthenticationMiddleware`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec
from urllib.parse import urlencode

from fastrapi._utils import is_async_callable
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.requests import HTTPConnection, Request
from fastrapi.responses import RedirectResponse
from fastrapi.websockets import WebSocket

__all__ = [
    "AuthCredentials",
    "AuthenticationBackend",
    "AuthenticationError",
    "BaseUser",
    "SimpleUser",
    "UnauthenticatedUser",
    "has_required_scope",
    "requires",
]

_P = ParamSpec("_P")


def has_required_scope(conn: HTTPConnection, scopes: Sequence[str]) -> bool:
    """Whether the connection's credentials have all these scopes."""
    return all(scope in conn.auth.scopes for scope in scopes)


class _Guard:
    """Decides for each call of an endpoint whether it may go on."""

    def __init__(
        self, func: Callable[..., Any], scopes: Sequence[str], status_code: int, redirect: str | None
    ) -> None:
        self._scopes = scopes
        self._status_code = status_code
        self._redirect = redirect
        for index, name in enumerate(inspect.signature(func).parameters):
            if name in ("request", "websocket"):
                self.name, self._index = name, index
                return
        raise TypeError(f'No "request" or "websocket" argument on function "{func}"')

    def connection(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The connection among the arguments of a call."""
        conn = kwargs.get(self.name, args[self._index] if self._index < len(args) else None)
        expected = Request if self.name == "request" else WebSocket
        assert isinstance(conn, expected), (
            f"Parameter with name {self.name!r} is required to be of type {expected.__name__!r}"
            f" not {type(conn).__name__!r}"
        )
        return conn

    def allows(self, conn: HTTPConnection) -> bool:
        return has_required_scope(conn, self._scopes)

    def refuse(self, request: Request) -> RedirectResponse:
        """The redirect for a request that may not go on, or the error."""
        if self._redirect is None:
            raise HTTPException(status_code=self._status_code)
        query = urlencode({"next": str(request.url)})
        return RedirectResponse(url=f"{request.url_for(self._redirect)}?{query}", status_code=303)


def requires(
    scopes: str | Sequence[str], status_code: int = 403, redirect: str | None = None
) -> Callable[[Callable[_P, Any]], Callable[_P, Any]]:
    """Lets only callers with these scopes reach an endpoint.

    Args:
        scopes: One scope or several, of which all are needed.
        status_code: The HTTP status for others; a WebSocket is closed.
        redirect: The name of a route to send them to instead, with the URL they wanted in `next`.
    """
    scopes_list = [scopes] if isinstance(scopes, str) else list(scopes)

    def decorator(func: Callable[_P, Any]) -> Callable[_P, Any]:
        guard = _Guard(func, scopes_list, status_code, redirect)

        if guard.name == "websocket":

            @functools.wraps(func)
            async def websocket_wrapper(*args: _P.args, **kwargs: _P.kwargs) -> None:
                websocket = guard.connection(args, kwargs)
                if guard.allows(websocket):
                    await func(*args, **kwargs)
                else:
                    await websocket.close()

            return websocket_wrapper

        if is_async_callable(func):

            @functools.wraps(func)
            async def async_wrapper(*args: _P.args, **kwargs: _P.kwargs) -> Any:
                request = guard.connection(args, kwargs)
                return await func(*args, **kwargs) if guard.allows(request) else guard.refuse(request)

            return async_wrapper

        @functools.wraps(func)
        def sync_wrapper(*args: _P.args, **kwargs: _P.kwargs) -> Any:
            request = guard.connection(args, kwargs)
            return func(*args, **kwargs) if guard.allows(request) else guard.refuse(request)

        return sync_wrapper

    return decorator


class AuthenticationError(Exception):
    """The credentials of a request are invalid; raised by backends."""


class AuthenticationBackend:
    """Finds out who makes a request; to be subclassed."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """The credentials and the user, or `None` if the request carries none.

        Raises:
            AuthenticationError: It carries invalid ones.
        """
        raise NotImplementedError()


class AuthCredentials:
    """What a caller may do.

    Args:
        scopes: The names of the permissions.
    """

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = [] if scopes is None else list(scopes)


class BaseUser:
    """Who makes a request; to be subclassed."""

    @property
    def is_authenticated(self) -> bool:
        raise NotImplementedError()

    @property
    def display_name(self) -> str:
        raise NotImplementedError()

    @property
    def identity(self) -> str:
        raise NotImplementedError()


class SimpleUser(BaseUser):
    """A user who is known by name."""

    def __init__(self, username: str) -> None:
        self.username = username

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.username

    @property
    def identity(self) -> str:
        return self.username


class UnauthenticatedUser(BaseUser):
    """Whoever makes a request without credentials."""

    @property
    def is_authenticated(self) -> bool:
        return False

    @property
    def display_name(self) -> str:
        return ""

    @property
    def identity(self) -> str:
        return ""
