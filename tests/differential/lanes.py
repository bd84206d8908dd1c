"""The same application behind both lanes, and what may differ between their answers."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from calls import Call, get
from itsdangerous import TimestampSigner
from server_process import Server
from wire import Answer, Connection

SESSION_SECRET = "differential"
"""The secret of every application with sessions."""
_SESSION = re.compile(r"(?P<name>session\w*)=(?P<value>[^;]+\.[^;]+\.[^;]+)(?P<rest>;.*)")


def _cookie(value: str) -> str:
    """A session's cookie without the time in it, once the signature is checked."""
    match = _SESSION.fullmatch(value)
    if match is None:
        return value
    payload = TimestampSigner(SESSION_SECRET).unsign(match["value"]).decode()
    return f"{match['name']}={payload}{match['rest']}"


def _boundary(value: str) -> str | None:
    """The random boundary of several ranges."""
    match = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", value)
    return match and match[1]


def _decoded(answer: Answer) -> bytes:
    coding = answer.header("content-encoding")
    if coding == ["gzip"]:
        return gzip.decompress(answer.body)
    if coding == ["deflate"]:
        return zlib.decompress(answer.body)
    assert coding == [], coding
    return answer.body


def comparable(answer: Answer) -> dict[str, Any]:
    """The answer with all that must be equal, and no more."""
    headers = []
    body = _decoded(answer)
    for name, value in answer.headers:
        if name == "date":
            parsedate_to_datetime(value)
            value = ""
        elif name == "set-cookie":
            value = _cookie(value)
        elif name == "content-length" and answer.header("content-encoding"):
            # Two compressors may differ in size.
            continue
        elif name == "content-type" and (boundary := _boundary(value)):
            value = value.replace(boundary, "boundary")
            body = body.replace(boundary.encode(), b"boundary")
        headers.append((name, value))
    return {
        "status": answer.status,
        "reason": answer.reason,
        "headers": Counter(headers),
        "body": body,
        "complete": answer.complete,
    }


@dataclass(frozen=True)
class Lanes:
    """Two servers of one application: every request on the general lane, and the direct lane in use."""

    general: Server
    direct: Server
    connections: tuple[Connection, Connection]

    def exchange(self, call: Call) -> tuple[Answer, Answer]:
        """The answers of the general and of the direct lane."""
        for connection in self.connections:
            connection.send(call.encode())
        general, direct = (connection.receive(call.method) for connection in self.connections)
        return general, direct

    def compare(self, call: Call) -> Answer:
        """Fails unless both lanes answer alike; returns an answer."""
        general, direct = self.exchange(call)
        assert comparable(direct) == comparable(general)
        if call.effects:
            general_effects, direct_effects = self.exchange(get(f"/effects/{call.effects}"))
            assert direct_effects.body == general_effects.body
        return direct
