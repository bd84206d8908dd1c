"""OpenID Connect, by the address of its discovery document."""

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.openapi.security_models import OpenIdConnect as OpenIdConnectModel
from fastrapi.requests import HTTPConnection
from fastrapi.security.base import SecurityBase
from fastrapi.status import HTTP_401_UNAUTHORIZED


class OpenIdConnect(SecurityBase):
    """The scheme's outline: the dependency's value is the whole `Authorization` header.

    Args:
        openIdConnectUrl: the address of the discovery document.
    """

    model: OpenIdConnectModel

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = OpenIdConnectModel(openIdConnectUrl=openIdConnectUrl, description=description)
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for a missing header; override it to answer differently."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        authorization: str | None = request.headers.get("Authorization")
        if authorization:
            return authorization
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None
