"""Calling ASGI applications without a server or a client in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import anyio
import pytest

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Call(Protocol):
    """Calls an application with a scope and messages, and gives the messages it sent."""

    async def __call__(
        self, app: App, /, *received: Message, headers: Iterable[tuple[bytes, bytes]] = (), **scope: Any
    ) -> list[Message]: ...


@pytest.fixture
def call() -> Call:
    async def call_app(
        app: App, /, *received: Message, headers: Iterable[tuple[bytes, bytes]] = (), **scope: Any
    ) -> list[Message]:
        incoming = list(received)
        sent: list[Message] = []

        async def receive() -> Message:
            if incoming:
                return incoming.pop(0)
            await anyio.sleep_forever()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        full_scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": list(headers),
            **scope,
        }
        await app(full_scope, receive, send)
        return sent

    return call_app


def body_of(sent: list[Message]) -> bytes:
    """The whole body among the messages of a response."""
    return b"".join(message["body"] for message in sent if message["type"] == "http.response.body")


def headers_of(sent: list[Message]) -> dict[str, str]:
    """The headers among the messages of a response."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
