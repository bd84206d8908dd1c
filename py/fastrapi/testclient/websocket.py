"""WebSocket connections of the test client."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Literal, Self

import anyio
import anyio.lowlevel
from anyio.from_thread import BlockingPortal

from fastrapi.testclient.application import ASGI3App
from fastrapi.testclient.http_library import httpx
from fastrapi.types import Message, Scope
from fastrapi.websockets import WebSocketDisconnect

_GRACE_TURNS = 100
"""Turns of the event loop that an application gets to end by itself once the client has closed."""

_ABNORMAL_CLOSURE = 1006


class WebSocketDenialResponse(httpx.Response, WebSocketDisconnect):  # type: ignore[misc]
    """The response with which an application refused a handshake, raised as an exception."""

    code = _ABNORMAL_CLOSURE
    reason = ""


class WebSocketTestSession:
    """A connection to a WebSocket endpoint. It is opened and closed by a `with` block.

    Attributes:
        scope: The connection's scope.
        accepted_subprotocol: The subprotocol that the application chose.
        extra_headers: The headers that it sent with its acceptance.
    """

    def __init__(
        self,
        app: ASGI3App,
        scope: Scope,
        portal_factory: Callable[[], AbstractContextManager[BlockingPortal]],
    ) -> None:
        self.app = app
        self.scope = scope
        self.portal_factory = portal_factory
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] | None = None
        self.portal: BlockingPortal
        self._task: Future[Any]
        self._was_failure_raised = False

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self.portal = resources.enter_context(self.portal_factory())
            self._task, _ = self.portal.start_task(self._run)
            resources.push(self._end)
            self.send({"type": "websocket.connect"})
            message = self.receive()
            self._raise_on_close(message)
            self.accepted_subprotocol = message.get("subprotocol")
            self.extra_headers = message.get("headers")
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._resources.__exit__(exc_type, exc, traceback)

    def _end(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the connection and waits for the application; raises what it raised, once."""
        self.close(1000)
        self.portal.call(self._end_application)
        failure = self._task.exception()
        if failure is not None and not self._was_failure_raised:
            raise failure

    async def _run(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        self._to_app, app_input = anyio.create_memory_object_stream[Message](math.inf)
        app_output, self._from_app = anyio.create_memory_object_stream[Message](math.inf)
        self._ended = anyio.Event()
        # The client's ends stay open until `_end_application`, so that it can still send and receive.
        with anyio.CancelScope() as self._cancel_scope, app_input, app_output:
            task_status.started()
            try:
                await self.app(self.scope, app_input.receive, app_output.send)
            finally:
                self._ended.set()

    async def _end_application(self) -> None:
        for _ in range(_GRACE_TURNS):
            if self._ended.is_set():
                break
            await anyio.lowlevel.checkpoint()
        self._cancel_scope.cancel()
        self._to_app.close()
        self._from_app.close()

    def _raise_on_close(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(code=message.get("code", 1000), reason=message.get("reason") or "")
        if message["type"] == "websocket.http.response.start":
            raise WebSocketDenialResponse(
                status_code=message["status"],
                headers=message.get("headers", []),
                content=self._denial_body(),
            )

    def _denial_body(self) -> bytes:
        body = bytearray()
        while True:
            message = self.receive()
            assert message["type"] == "websocket.http.response.body", f"Unexpected {message['type']!r}."
            body += message.get("body", b"")
            if not message.get("more_body", False):
                return bytes(body)

    def send(self, message: Message) -> None:
        """Sends an ASGI message to the application. Does nothing if it has ended."""
        self.portal.call(self._deliver, message)

    async def _deliver(self, message: Message) -> None:
        if not self._ended.is_set():
            self._to_app.send_nowait(message)

    def send_text(self, data: str) -> None:
        """Sends text."""
        self.send({"type": "websocket.receive", "text": data})

    def send_bytes(self, data: bytes) -> None:
        """Sends binary data."""
        self.send({"type": "websocket.receive", "bytes": data})

    def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Sends a value as JSON, in a text or a binary frame."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        if mode == "text":
            self.send_text(text)
        else:
            self.send_bytes(text.encode("utf-8"))

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Closes the connection from the client's side."""
        self.send({"type": "websocket.disconnect", "code": code, "reason": reason})

    def receive(self) -> Message:
        """Waits for the application's next ASGI message.

        Raises:
            Exception: What the application raised, if it sends no more.
            WebSocketDisconnect: It has ended without closing the connection; code 1006.
        """
        message = self.portal.call(self._next_message)
        if message is None:
            failure = self._task.exception()
            if failure is None:
                raise WebSocketDisconnect(code=_ABNORMAL_CLOSURE)
            self._was_failure_raised = True
            raise failure
        return message

    async def _next_message(self) -> Message | None:
        try:
            return await self._from_app.receive()
        except anyio.EndOfStream:
            return None

    def receive_text(self) -> str:
        """Waits for text. Raises `WebSocketDisconnect` if the application closes instead."""
        message = self.receive()
        self._raise_on_close(message)
        text: str = message["text"]
        return text

    def receive_bytes(self) -> bytes:
        """Waits for binary data. Raises `WebSocketDisconnect` if the application closes instead."""
        message = self.receive()
        self._raise_on_close(message)
        data: bytes = message["bytes"]
        return data

    def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Waits for a JSON value. Raises `WebSocketDisconnect` if the application closes instead."""
        return json.loads(self.receive_text() if mode == "text" else self.receive_bytes())
