"""`POST /token`: a password against a token."""

from functools import cache
from typing import Annotated

from fastrapi import APIRouter, Depends, HTTPException
from fastrapi.security import OAuth2PasswordRequestForm
from search.accounts import hash_password, verify_password
from search.api.dependencies import SettingsDependency, TokensDependency
from search.models import Token

router = APIRouter(tags=["token"])


# Not `async`: checking a password takes a tenth of a second of processor time, which belongs in a thread.
@router.post("/token")
def issue_token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    settings: SettingsDependency,
    tokens: TokensDependency,
) -> Token:
    """Issue a token with the scopes asked for, or with all of the account's if none were.

    RFC 6749, section 4.3.
    """
    account = settings.accounts.get(form.username)
    # An unknown name costs the same time as a wrong password, so that names cannot be guessed by the clock.
    matches = verify_password(form.password, account.password_hash if account else _nobodys_hash())
    if account is None or not matches:
        raise HTTPException(401, "Wrong user name or password", {"WWW-Authenticate": "Bearer"})
    refused = set(form.scopes) - account.scopes
    if refused:
        raise HTTPException(403, f"The account does not have the scope {', '.join(sorted(refused))}")
    scopes = frozenset(form.scopes) or account.scopes
    return Token(
        access_token=tokens.issue(form.username, scopes),
        expires_in=int(tokens.lifetime.total_seconds()),
        scope=" ".join(sorted(scopes)),
    )


@cache
def _nobodys_hash() -> str:
    return hash_password("")
