"""The same application behind both lanes, and what may differ between their answers."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from calls import Call, get
from cli_process import Project, wait_for_url
from itsdangerous import TimestampSigner
from server_process import Server
from wire import Answer, Connection

APPS = Path(__file__).parent / "apps"
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
    assert coding in ([], ["identity"]), coding
    return answer.body


def comparable(answer: Answer) -> dict[str, Any]:
    """The answer with all that must be equal, and no more."""
    headers: Counter[tuple[str, str]] = Counter()
    body = _decoded(answer)
    for name, sent in answer.headers:
        value = sent
        if name == "date":
            parsedate_to_datetime(sent)
            value = ""
        elif name == "set-cookie":
            value = _cookie(sent)
        elif name == "content-length" and answer.header("content-encoding"):
            # Two compressors may differ in size.
            continue
        elif name == "content-type" and (boundary := _boundary(sent)):
            value = sent.replace(boundary, "boundary")
            body = body.replace(boundary.encode(), b"boundary")
        headers[name, value] += 1
    return {
        "status": answer.status,
        "reason": answer.reason,
        "headers": headers,
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

    def compare(self, calls: Iterable[Call]) -> None:
        """Fail unless both lanes answer all requests alike."""
        different = [f"{call}\n{difference}" for call in calls if (difference := self.difference(call))]
        assert not different, "\n\n".join(different)

    def difference(self, call: Call) -> str:
        """How the answers and the effects of a request differ, if they do."""
        general, direct = (comparable(answer) for answer in self.exchange(call))
        lines = [
            f"  {part}: general {general[part]!r}, direct {direct[part]!r}"
            for part in general
            if general[part] != direct[part]
        ]
        if call.effects:
            answers = self.exchange(get(f"/effects/{call.effects}"))
            general_effects, direct_effects = (json.loads(answer.body) for answer in answers)
            if general_effects != direct_effects or len(general_effects) != call.effects:
                lines.append(f"  effects: general {general_effects}, direct {direct_effects}")
        return "\n".join(lines)


def start(application: str, stack: ExitStack) -> Lanes:
    """Start an application of the directory `apps` on both lanes."""
    project = Project(APPS)
    arguments = (
        "--app",
        application,
        "--port",
        "0",
        "--no-supervisor",
        "--log-level",
        "error",
        "--fastapi",
        "replace",
    )
    servers = [stack.enter_context(project.start(*arguments, "--lane", lane)) for lane in ("general", "auto")]
    for server in servers:
        wait_for_url(server)
    general, direct = servers
    general.wait_for("all requests on the general lane")
    direct.wait_for(r"[1-9]\d* on the direct lane")
    connections = (Connection(general.port), Connection(direct.port))
    for connection in connections:
        stack.callback(connection.close)
    return Lanes(general, direct, connections)
