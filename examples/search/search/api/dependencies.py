"""What the endpoints ask for: the store, the settings, and a bearer with the right scopes."""

from typing import Annotated

from fastrapi import Depends, HTTPException
from fastrapi.requests import HTTPConnection
from fastrapi.security import OAuth2PasswordBearer, SecurityScopes
from search.accounts import SCOPES
from search.settings import Settings
from search.stores import Store
from search.tokens import Bearer, InvalidToken, TokenIssuer

_bearer_token = OAuth2PasswordBearer(tokenUrl="token", scopes=SCOPES)


def get_store(connection: HTTPConnection) -> Store:
    store: Store = connection.app.state.store
    return store


def get_settings(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def get_tokens(connection: HTTPConnection) -> TokenIssuer:
    tokens: TokenIssuer = connection.app.state.tokens
    return tokens


StoreDependency = Annotated[Store, Depends(get_store)]
SettingsDependency = Annotated[Settings, Depends(get_settings)]
TokensDependency = Annotated[TokenIssuer, Depends(get_tokens)]


def authorized(
    needed: SecurityScopes, token: Annotated[str, Depends(_bearer_token)], tokens: TokensDependency
) -> Bearer:
    """The bearer of a valid token that carries the scopes an endpoint needs (RFC 6750, section 3)."""
    challenge = f'Bearer scope="{needed.scope_str}"'
    try:
        bearer = tokens.verify(token)
    except InvalidToken as error:
        headers = {"WWW-Authenticate": f'{challenge}, error="invalid_token"'}
        raise HTTPException(401, "The token is not valid or has expired", headers) from error
    missing = [scope for scope in needed.scopes if scope not in bearer.scopes]
    if missing:
        headers = {"WWW-Authenticate": f'{challenge}, error="insufficient_scope"'}
        raise HTTPException(403, f"The token lacks the scope {', '.join(missing)}", headers)
    return bearer
