"""Signed values with a time stamp, in the format of itsdangerous' `TimestampSigner`.

The format is kept so that sessions survive a move from or to an application that uses itsdangerous:
`value.timestamp.signature`, HMAC-SHA1 under a key derived by SHA-1 from a salt and the secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

_SALT = b"itsdangerous.Signer"


class BadSignature(Exception):
    """A value was not signed with this key, or too long ago."""


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


class TimestampSigner:
    """Signs values and tells when they were signed.

    Args:
        secret_key: The secret.
    """

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha1(_SALT + b"signer" + secret_key.encode("utf-8")).digest()  # noqa: S324

    def _signature(self, value: bytes) -> bytes:
        return _encode(hmac.digest(self._key, value, "sha1"))

    def sign(self, value: bytes) -> bytes:
        """The value with the current time and a signature."""
        now = int(time.time())
        stamped = value + b"." + _encode(now.to_bytes((now.bit_length() + 7) // 8, "big"))
        return stamped + b"." + self._signature(stamped)

    def unsign(self, signed: bytes, max_age: int | None) -> bytes:
        """The value that was signed.

        Args:
            signed: What `sign` returned.
            max_age: For how many seconds signatures are valid; None for ever.

        Raises:
            BadSignature: The signature does not match, or is too old or of the future.
        """
        stamped, _, signature = signed.rpartition(b".")
        if not hmac.compare_digest(signature, self._signature(stamped)):
            raise BadSignature("the signature does not match")
        value, separator, stamp = stamped.rpartition(b".")
        try:
            signed_at = int.from_bytes(_decode(stamp), "big")
        except binascii.Error:
            raise BadSignature("the time stamp is malformed") from None
        if not separator:
            raise BadSignature("there is no time stamp")
        if max_age is not None and not 0 <= int(time.time()) - signed_at <= max_age:
            raise BadSignature("the signature has expired")
        return value
