"""Signed tokens (JSON Web Tokens, RFC 7519): who the bearer is, and what the bearer may do."""

import os
import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import jwt

_ALGORITHM: Final = "HS256"


class InvalidToken(Exception):
    """The token was not signed with our key, has been changed, or has expired."""


class Bearer(NamedTuple):
    username: str
    scopes: frozenset[str]


class TokenIssuer:
    """Signs and checks tokens with one key."""

    def __init__(self, key: bytes, lifetime: timedelta) -> None:
        self._key = key
        self.lifetime = lifetime

    @classmethod
    def from_key_file(cls, path: Path, lifetime: timedelta) -> "TokenIssuer":
        """Read the key, creating it on first use. All workers of a machine share the file."""
        if not path.exists():
            _create_key(path)
        return cls(path.read_bytes(), lifetime)

    def issue(self, username: str, scopes: Collection[str]) -> str:
        now = datetime.now(UTC)
        claims = {"sub": username, "scope": " ".join(sorted(scopes)), "iat": now, "exp": now + self.lifetime}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def verify(self, token: str) -> Bearer:
        """Raises `InvalidToken`."""
        try:
            # The algorithm is ours to name: a token that names its own ("none") must not be believed.
            required = ["sub", "scope", "exp"]
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM], options={"require": required})
        except jwt.InvalidTokenError as error:
            raise InvalidToken(str(error)) from error
        return Bearer(claims["sub"], frozenset(claims["scope"].split()))


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_bytes(secrets.token_bytes(32))
    try:
        # Linking is atomic and never replaces: one worker wins, and none reads a half-written key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
