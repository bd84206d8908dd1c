"""OAuth2 (RFC 6749): the flows as documented schemes, and the password flow's form."""

from functools import cached_property
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any

from fastrapi.exceptions import HTTPException
from fastrapi.param_functions import Form
from fastrapi.requests import HTTPConnection
from fastrapi.security.base import SecurityBase
from fastrapi.security.scopes import SecurityScopes as SecurityScopes
from fastrapi.security.utils import get_authorization_scheme_param
from fastrapi.status import HTTP_401_UNAUTHORIZED

if TYPE_CHECKING:
    from fastrapi.openapi.security_models import OAuth2 as OAuth2Model
    from fastrapi.openapi.security_models import OAuthFlows as OAuthFlowsModel

    Flows = OAuthFlowsModel | dict[str, dict[str, Any]]
else:
    # Without the model, which would have to be imported for who only reads the signature.
    Flows = dict[str, dict[str, Any]]

_NO_FLOWS: dict[str, dict[str, Any]] = {}
_REQUIRED_URLS = {
    "implicit": {"authorizationUrl"},
    "password": {"tokenUrl"},
    "clientCredentials": {"tokenUrl"},
    "authorizationCode": {"authorizationUrl", "tokenUrl"},
}


def __getattr__(name: str) -> Any:
    """The document's models are part of this module, but imported only for who names them."""
    if name not in ("OAuth2Model", "OAuthFlowsModel"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fastrapi.openapi import security_models

    return getattr(security_models, name.removesuffix("Model"))


class OAuth2PasswordRequestForm:
    """The form of the password flow (RFC 6749, section 4.3.2), as a dependency.

    The RFC requires `grant_type` to be `password`; this class also accepts requests without it,
    `OAuth2PasswordRequestFormStrict` does not. Clients should send `client_id` and
    `client_secret` with HTTP Basic, but may put them here.

    Attributes:
        scopes: the words of the form's `scope` field.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The password flow's form with a `grant_type` that must be there and be `password`."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(SecurityBase):
    """OAuth2 with any flows; the dependency's value is the whole `Authorization` header.

    Args:
        flows: the flows, as a model or as the mapping that OpenAPI describes.
    """

    def __init__(
        self,
        *,
        flows: Flows = _NO_FLOWS,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        vars(self).pop("model", None)
        if isinstance(flows, dict) and _is_valid(flows, description):
            self._declared: dict[str, Any] = {"flows": _copy(flows), "description": description}
        else:
            # Says what is wrong, if something is, to who made the mistake.
            self._declared = {"flows": flows, "description": description}
            self.model  # noqa: B018
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    if TYPE_CHECKING:
        model: OAuth2Model
    else:

        @cached_property
        def model(self):
            """The scheme's description. Only the document needs it, and what it takes to import."""
            from fastrapi.openapi.security_models import OAuth2

            return OAuth2.model_validate(self._declared)

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for missing credentials; override it to answer differently.

        OAuth2 names no challenge of its own. Bearer tokens are what it is used with, so theirs
        (RFC 6750, section 3) goes with the 401.
        """
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        authorization: str | None = request.headers.get("Authorization")
        if not authorization:
            self._reject()
        return authorization or None

    def _reject(self) -> None:
        if self.auto_error:
            raise self.make_not_authenticated_error()

    def _bearer_token(self, request: HTTPConnection) -> str | None:
        """The token of an `Authorization: Bearer` header, or `None` after `_reject`."""
        scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme.lower() != "bearer":
            self._reject()
            return None
        return token


class OAuth2PasswordBearer(OAuth2):
    """The password flow; the dependency's value is the bearer token.

    Args:
        tokenUrl: where the token is issued, usually a path operation of the same application
            that takes `OAuth2PasswordRequestForm`.
        scopes: the scopes that exist, with a description each.
        refreshUrl: where a token is refreshed.
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        super().__init__(
            flows={"password": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._bearer_token(request)


class OAuth2AuthorizationCodeBearer(OAuth2):
    """The authorization code flow; the dependency's value is the bearer token.

    Args:
        authorizationUrl: where the resource owner is asked.
        tokenUrl: where the code is exchanged for a token.
        refreshUrl: where a token is refreshed.
        scopes: the scopes that exist, with a description each.
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes or {},
        }
        super().__init__(
            flows={"authorizationCode": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._bearer_token(request)


def _is_valid(flows: dict[Any, Any], description: Any) -> bool:
    """Whether the model can be made of these for sure: nothing but the known keys, with text."""

    def is_flow(name: Any, flow: Any) -> bool:
        urls = _REQUIRED_URLS.get(name)
        return (
            urls is not None
            and type(flow) is dict
            and urls <= flow.keys() <= {*urls, "refreshUrl", "scopes"}
            and all(type(flow[url]) is str for url in urls)
            and type(flow.get("refreshUrl")) in (str, NoneType)
            and type(scopes := flow.get("scopes", {})) is dict
            and all(type(text) is str for scope in scopes.items() for text in scope)
        )

    return type(description) in (str, NoneType) and all(is_flow(name, flow) for name, flow in flows.items())


def _copy(flows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the caller changes later is not meant: the model would have its own copy, too."""
    return {
        name: {key: dict(value) if isinstance(value, dict) else value for key, value in flow.items()}
        for name, flow in flows.items()
    }
