"""API keys in the query string, in a header or in a cookie."""

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.openapi.security_models import APIKey, APIKeyIn
from fastrapi.requests import HTTPConnection
from fastrapi.security.base import SecurityBase
from fastrapi.status import HTTP_401_UNAUTHORIZED


class APIKeyBase(SecurityBase):
    """What the three places for an API key have in common."""

    model: APIKey

    def __init__(
        self,
        location: APIKeyIn,
        name: str,
        description: str | None,
        scheme_name: str | None,
        auto_error: bool,
    ) -> None:
        self.auto_error = auto_error
        self.model = APIKey.model_validate({"in": location, "name": name, "description": description})
        self.scheme_name = scheme_name or type(self).__name__

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for a missing key; override it to answer differently.

        No authentication scheme is registered for API keys, but RFC 9110 (section 15.5.2) wants
        a challenge in every 401, so the conventional name `APIKey` is sent.
        """
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers={"WWW-Authenticate": "APIKey"},
        )

    def check_api_key(self, api_key: str | None) -> str | None:
        """Pass a key on; a missing or empty one is an error, or `None` without `auto_error`."""
        if api_key:
            return api_key
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class _NamedAPIKey(APIKeyBase):
    """An API key whose place is fixed by the class."""

    _location: APIKeyIn

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        """Describe the key.

        Args:
            name: the name of the query parameter, header or cookie.
        """
        super().__init__(self._location, name, description, scheme_name, auto_error)


class APIKeyQuery(_NamedAPIKey):
    """An API key in the query string; the dependency's value is the key."""

    _location = APIKeyIn.query

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.query_params.get(self.model.name))


class APIKeyHeader(_NamedAPIKey):
    """An API key in a header; the dependency's value is the key."""

    _location = APIKeyIn.header

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.headers.get(self.model.name))


class APIKeyCookie(_NamedAPIKey):
    """An API key in a cookie; the dependency's value is the key."""

    _location = APIKeyIn.cookie

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.cookies.get(self.model.name))
