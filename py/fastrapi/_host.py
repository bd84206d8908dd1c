"""The authority of a URL: parsing of the Host header (RFC 9110, section 7.2; RFC 3986, section 3.2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

# reg-name and IPv4address are one alternative: the first contains the second.
_REG_NAME = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=-]+")
_IP_FUTURE = re.compile(r"v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+")
_PORT = re.compile(r"[0-9]+")
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class ParsedHost:
    """A Host header taken apart.

    Attributes:
        host: The host as sent; an IP literal keeps its brackets.
        port: The digits of the port as sent, or `None`.
    """

    host: str
    port: str | None

    @property
    def authority(self) -> str:
        """Host and port as they belong into a URL."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def is_valid_port(self) -> bool:
        """Whether the port, if there is one, is at most 65535."""
        if self.port is None:
            return True
        digits = self.port.lstrip("0")
        # The length is compared first: int() of a very long digit string is slow, and an error past 4300.
        return len(digits) <= 5 and int(digits or "0") <= _MAX_PORT


def _split_port(header: str) -> tuple[str, str | None] | None:
    if header.startswith("["):
        end = header.find("]") + 1
        host, rest = header[:end], header[end:]
    else:
        host, colon, digits = header.partition(":")
        rest = colon + digits
    if not rest:
        return host, None
    if rest[0] != ":" or _PORT.fullmatch(rest, 1) is None:
        return None
    return host, rest[1:]


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return _REG_NAME.fullmatch(host) is not None
    literal = host[1:-1]
    if _IP_FUTURE.fullmatch(literal) is not None:
        return True
    try:
        # A zone identifier has a meaning on one machine only, so it is not legal in a Host header.
        return IPv6Address(literal).scope_id is None
    except AddressValueError:
        return False


@lru_cache(maxsize=256)
def parse_host_header(host_header: str | None) -> ParsedHost | None:
    """Parses a Host header; `None` if there is none or it is not a valid `host [":" port]`.

    The range of the port is not checked here, see `ParsedHost.is_valid_port`. A server sees few distinct
    Host headers, so results are cached.
    """
    if not host_header:
        return None
    parts = _split_port(host_header)
    if parts is None or not _is_host(parts[0]):
        return None
    return ParsedHost(*parts)
