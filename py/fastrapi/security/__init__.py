"""Security schemes: dependencies that read credentials and document themselves.

The core asks this package for `SecurityBase` and `SecurityScopes` in every application; the
schemes, and the OpenAPI models behind them, are imported when an application names one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastrapi.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
    from fastrapi.security.http import (
        HTTPAuthorizationCredentials,
        HTTPBasic,
        HTTPBasicCredentials,
        HTTPBearer,
        HTTPDigest,
    )
    from fastrapi.security.oauth2 import (
        OAuth2,
        OAuth2AuthorizationCodeBearer,
        OAuth2PasswordBearer,
        OAuth2PasswordRequestForm,
        OAuth2PasswordRequestFormStrict,
        SecurityScopes,
    )
    from fastrapi.security.open_id_connect_url import OpenIdConnect

__all__ = [
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPAuthorizationCredentials",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "OpenIdConnect",
    "SecurityScopes",
]

_SUBMODULES = frozenset({"api_key", "base", "http", "oauth2", "open_id_connect_url", "scopes", "utils"})


def _home(name: str) -> str:
    """The submodule that defines a public name; the names say which."""
    if name == "SecurityScopes":
        return "scopes"
    for prefix, module in (("APIKey", "api_key"), ("HTTP", "http"), ("OAuth2", "oauth2")):
        if name.startswith(prefix):
            return module
    return "open_id_connect_url"


def __getattr__(name: str) -> Any:
    if name in __all__:
        value = getattr(import_module(f"{__name__}.{_home(name)}"), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
