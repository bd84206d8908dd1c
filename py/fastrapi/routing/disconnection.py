"""`cancel_on_disconnect=`: a path operation is cancelled when nobody waits for its answer any more."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

_AHEAD = 8
"""Parts of the body that may wait for the application to read them. While there are more, nobody
listens for the end."""

CLIENT_CLOSED_REQUEST = 499
"""The status for logs and middleware, after nginx. The client does not see it."""


class CancelOnDisconnect:
    """Cancels the application when the client goes before it has its whole answer.

    What runs after the answer, such as background tasks, is not cancelled. A function in a thread cannot
    be: it runs to its end, and its result is dropped.

    Args:
        app: The application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(receive, send)
        failure: Exception | None = None
        with exchange:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(exchange.watch, tasks.cancel_scope)
                try:
                    await self._app(scope, exchange.receive, exchange.send)
                except Exception as error:  # raised below: the task group would put it into a group
                    failure = error
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if exchange.is_cancelled and not exchange.is_started:
            # Servers may refuse what is sent to nobody by an OSError (ASGI, "Disconnected Client").
            with suppress(OSError):
                await send({"type": "http.response.start", "status": CLIENT_CLOSED_REQUEST, "headers": []})
                await send({"type": "http.response.body", "body": b""})


class _Exchange:
    """The messages of one request, read ahead so that its end is seen.

    Attributes:
        is_started: Whether the answer has begun.
        is_cancelled: Whether the application has been cancelled.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._server_receive = receive
        self._server_send = send
        self._incoming: MemoryObjectSendStream[Message | Exception]
        self._read: MemoryObjectReceiveStream[Message | Exception]
        self._incoming, self._read = anyio.create_memory_object_stream(_AHEAD)
        self._is_complete = False
        self.is_started = False
        self.is_cancelled = False

    def __enter__(self) -> None: ...

    def __exit__(self, *failure: object) -> None:
        self._incoming.close()
        self._read.close()

    async def watch(self, running: anyio.CancelScope) -> None:
        """Pass messages on until the client has gone, and cancel the application then."""
        message: Any = None
        while message is None or message["type"] != "http.disconnect":
            try:
                message = await self._server_receive()
            except Exception as error:
                # It is for who reads the body: a limit, for example.
                await self._incoming.send(error)
                return
            await self._pass_on(message, running)

    async def _pass_on(self, message: Message, running: anyio.CancelScope) -> None:
        if message["type"] == "http.disconnect" and not self._is_complete:
            self.is_cancelled = True
            running.cancel()
        else:
            await self._incoming.send(message)

    async def receive(self) -> Message:
        """The next message, as the server's `receive` gives it or fails."""
        message = await self._read.receive()
        if isinstance(message, Exception):
            raise message
        if message["type"] == "http.disconnect":
            # It may be asked for again and again.
            self._incoming.send_nowait(message)
        return message

    async def send(self, message: Message) -> None:
        """Send a message. With the last one of the answer, nobody has to wait any more."""
        kind = message["type"]
        self.is_started = self.is_started or kind == "http.response.start"
        if kind == "http.response.pathsend" or (
            kind == "http.response.body" and not message.get("more_body", False)
        ):
            self._is_complete = True
        await self._server_send(message)
