"""Requests of the corpus."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Call:
    """One request. Texts are sent as Latin-1: every byte can be written."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    effects: int = 0
    """How many effects the request has; they are read from `/effects/{count}` and compared, too."""

    def __str__(self) -> str:
        """For messages."""
        sent = "" if self.body is None else " " + self.body[:24].decode("latin-1")
        extra = "".join(f" {name}:{value[:20]}" for name, value in self.headers if name != "Content-Type")
        return quote(f"{self.method} {self.target[:60]}{extra}{sent}", safe=" /?=&{}[]:,%+\"'")

    def encode(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        given = {name.lower() for name, _ in self.headers}
        if "host" not in given:
            lines.append("Host: testserver")
        if self.body is not None and "transfer-encoding" not in given:
            lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (self.body or b"")

    def having(self, effects: int) -> Call:
        return replace(self, effects=effects)


def _pairs(headers: dict[str, str]) -> Headers:
    return tuple((name.replace("_", "-"), value) for name, value in headers.items())


def call(method: str, target: str, **headers: str) -> Call:
    """A request without a body. Underscores in header names stand for hyphens."""
    return Call(method, target, _pairs(headers))


def get(target: str, **headers: str) -> Call:
    return call("GET", target, **headers)


def repeated(target: str, *headers: tuple[str, str], method: str = "GET") -> Call:
    """A request whose headers may repeat a name."""
    return Call(method, target, headers)


def raw(target: str, body: bytes | str, kind: str | None, method: str = "POST", **headers: str) -> Call:
    """A request with these bytes of this media type, or of none."""
    content_type: Headers = () if kind is None else (("Content-Type", kind),)
    encoded = body.encode() if isinstance(body, str) else body
    return Call(method, target, content_type + _pairs(headers), encoded)


def text(target: str, body: bytes | str, method: str = "POST", **headers: str) -> Call:
    """These bytes as JSON."""
    return raw(target, body, "application/json", method, **headers)


def post(target: str, value: object, **headers: str) -> Call:
    """A value in JSON."""
    return text(target, json.dumps(value, ensure_ascii=False), **headers)


def form(target: str, body: str, **headers: str) -> Call:
    """An URL-encoded form."""
    return raw(target, body, "application/x-www-form-urlencoded", **headers)


def grouped(corpus: Iterable[Call]) -> list[Any]:
    """The requests as parameters of a test: a list for each first segment of a path."""
    groups: dict[str, list[Call]] = {}
    for each in corpus:
        family = each.target.partition("?")[0].removeprefix("/").partition("/")[0]
        groups.setdefault(quote(family, safe=""), []).append(each)
    return [pytest.param(calls, id=name) for name, calls in groups.items()]


Part = tuple[str, str | None, str | None, bytes]
"""Name, file name, media type and content of one part."""


def multipart(target: str, *parts: Part) -> Call:
    """A form of parts."""
    body = b""
    for name, file, kind, content in parts:
        body += f'--frontier\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += b"" if file is None else f'; filename="{file}"'.encode()
        body += b"" if kind is None else f"\r\nContent-Type: {kind}".encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    return raw(target, body + b"--frontier--\r\n", "multipart/form-data; boundary=frontier")
