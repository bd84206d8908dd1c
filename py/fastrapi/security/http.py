"""The authentication schemes of HTTP's `Authorization` header: Basic, Bearer, Digest and others."""

import binascii
from base64 import b64decode

from pydantic import BaseModel

from fastrapi.exceptions import HTTPException
from fastrapi.openapi.security_models import HTTPBase as HTTPBaseModel
from fastrapi.openapi.security_models import HTTPBearer as HTTPBearerModel
from fastrapi.requests import HTTPConnection
from fastrapi.security.base import SecurityBase
from fastrapi.security.utils import get_authorization_scheme_param
from fastrapi.status import HTTP_401_UNAUTHORIZED


class HTTPBasicCredentials(BaseModel):
    """The value of an `HTTPBasic` dependency.

    Compare the password with `secrets.compare_digest`, which takes the same time for any input.
    """

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """The value of an `HTTPBearer` or `HTTPDigest` dependency: the header's two parts.

    For `Authorization: Bearer abc` the scheme is `Bearer`, as the client wrote it, and the
    credentials are `abc`.
    """

    scheme: str
    credentials: str


class HTTPBase(SecurityBase):
    """Any scheme of the `Authorization` header (RFC 9110, section 11).

    Args:
        scheme: the scheme's name, as it appears in the OpenAPI document.
    """

    model: HTTPBaseModel

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self._describe(HTTPBaseModel(scheme=scheme, description=description), scheme_name, auto_error)

    def _describe(self, model: HTTPBaseModel, scheme_name: str | None, auto_error: bool) -> None:
        self.model = model
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_authenticate_headers(self) -> dict[str, str]:
        """The challenge that goes with a 401 (RFC 9110, section 11.6.1)."""
        return {"WWW-Authenticate": self.model.scheme.title()}

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for missing or malformed credentials; override it to answer differently."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers=self.make_authenticate_headers(),
        )

    def _reject(self) -> None:
        if self.auto_error:
            raise self.make_not_authenticated_error()

    def _credentials(
        self, request: HTTPConnection, only_scheme: str | None = None
    ) -> HTTPAuthorizationCredentials | None:
        """The header's two parts, or `None` after `_reject`; schemes match in any case."""
        scheme, parameters = get_authorization_scheme_param(request.headers.get("Authorization"))
        if not (scheme and parameters) or (only_scheme is not None and scheme.lower() != only_scheme):
            self._reject()
            return None
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=parameters)

    # The value's type differs between schemes, so the base promises only what all of them share.
    async def __call__(self, request: HTTPConnection) -> BaseModel | None:
        return self._credentials(request)


class HTTPBasic(HTTPBase):
    """User name and password, encoded but not encrypted (RFC 7617).

    Credentials that cannot be decoded are answered with 401 also without `auto_error`.

    Args:
        realm: the protection space named in the challenge.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self._describe(HTTPBaseModel(scheme="basic", description=description), scheme_name, auto_error)
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        if self.realm:
            # A quoted string (RFC 9110, section 5.6.4).
            quoted = self.realm.replace("\\", "\\\\").replace('"', '\\"')
            return {"WWW-Authenticate": f'Basic realm="{quoted}"'}
        return {"WWW-Authenticate": "Basic"}

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        scheme, parameters = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme.lower() != "basic":
            self._reject()
            return None
        try:
            text = b64decode(parameters).decode("ascii")
        except (ValueError, UnicodeDecodeError, binascii.Error) as error:
            raise self.make_not_authenticated_error() from error
        username, colon, password = text.partition(":")
        if not colon:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(HTTPBase):
    """A bearer token (RFC 6750).

    Args:
        bearerFormat: a hint for the documentation, such as `JWT`.
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = HTTPBearerModel(bearerFormat=bearerFormat, description=description)
        self._describe(model, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._credentials(request, only_scheme="bearer")


class HTTPDigest(HTTPBase):
    """The scheme's outline only: the digest itself (RFC 7616) is not verified."""

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self._describe(HTTPBaseModel(scheme="digest", description=description), scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._credentials(request, only_scheme="digest")
