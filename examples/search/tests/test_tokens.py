import stat
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from search.accounts import hash_password, verify_password
from search.tokens import InvalidToken, TokenIssuer


def test_passwords() -> None:
    stored = hash_password("correct horse")
    assert verify_password("correct horse", stored)
    assert not verify_password("battery staple", stored)
    assert stored != hash_password("correct horse")


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token.key"
    token = TokenIssuer.from_key_file(path, timedelta(minutes=1)).issue("ada", ["a", "b"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    bearer = TokenIssuer.from_key_file(path, timedelta(minutes=1)).verify(token)
    assert bearer == ("ada", frozenset({"a", "b"}))


def test_expired_forged_and_unsigned_tokens_are_refused() -> None:
    issuer = TokenIssuer(b"k" * 32, timedelta(minutes=1))
    expired = TokenIssuer(b"k" * 32, timedelta(minutes=-1)).issue("ada", [])
    forged = TokenIssuer(b"x" * 32, timedelta(minutes=1)).issue("ada", [])
    unsigned = jwt.encode({"sub": "ada", "scope": "", "exp": 2**33}, None, algorithm="none")
    eternal = jwt.encode({"sub": "ada", "scope": ""}, b"k" * 32, algorithm="HS256")
    for token in (expired, forged, unsigned, eternal, "nonsense", ""):
        with pytest.raises(InvalidToken):
            issuer.verify(token)
