"""Accounts and their passwords. Run as a program it prints the setting that creates an account."""

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import os
from typing import Final

from pydantic import BaseModel, ConfigDict

SCOPES: Final[dict[str, str]] = {
    "documents:write": "Add, replace and delete documents.",
    "index:rebuild": "Index the corpus again.",
}

# One of OWASP's profiles for scrypt, the one with 32 MiB of memory: about 0.2 s a guess.
_COST: Final = {"n": 2**15, "r": 8, "p": 3, "maxmem": 64 * 1024 * 1024}


class Account(BaseModel):
    """A user who may ask for a token, and the scopes that the token may carry."""

    model_config = ConfigDict(frozen=True)

    password_hash: str
    scopes: frozenset[str] = frozenset()


def hash_password(password: str) -> str:
    """Return `<salt>$<digest>`, both in base64."""
    salt = os.urandom(16)
    return f"{_encode(salt)}${_encode(hashlib.scrypt(password.encode(), salt=salt, **_COST))}"


def verify_password(password: str, password_hash: str) -> bool:
    """Compare in constant time; takes as long as `hash_password`, so call it off the event loop."""
    salt, _, digest = password_hash.partition("$")
    actual = hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), **_COST)
    return hmac.compare_digest(actual, base64.b64decode(digest))


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m search.accounts", description=__doc__)
    parser.add_argument("username")
    parser.add_argument("--scope", action="append", choices=sorted(SCOPES), default=[])
    arguments = parser.parse_args()
    account = Account(
        password_hash=hash_password(getpass.getpass()),
        scopes=frozenset(arguments.scope or SCOPES),
    )
    accounts = {arguments.username: account.model_dump(mode="json")}
    print(f"export SEARCH_ACCOUNTS='{json.dumps(accounts)}'")


if __name__ == "__main__":
    main()
