"""The lifespan of the application under test."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal

from fastrapi.testclient.application import ASGI3App
from fastrapi.types import Message


class LifespanRunner:
    """Runs an application's lifespan in one task, whose startup and shutdown the client waits for.

    Args:
        app: The application.
        portal: The portal to the event loop.
        state: The lifespan's state, which the application fills.
    """

    def __init__(self, app: ASGI3App, portal: BlockingPortal, state: dict[str, Any]) -> None:
        self._app = app
        self._portal = portal
        self._state = state
        self._task: Future[None]

    def startup(self) -> None:
        """Waits for the startup.

        Raises:
            Exception: What the application raised.
            RuntimeError: The application reported that its startup failed.
        """
        self._portal.call(self._open)
        self._task = self._portal.start_task_soon(self._run)
        try:
            self._step("startup")
        except BaseException:
            self._portal.call(self._close)
            raise

    def shutdown(self) -> None:
        """Waits for the shutdown and the application's end; raises as `startup` does."""
        try:
            self._step("shutdown")
            self._task.result()
        finally:
            self._portal.call(self._close)

    def _step(self, phase: str) -> None:
        message = self._portal.call(self._advance, f"lifespan.{phase}")
        if message is None:
            self._task.result()  # the application has ended: raise its error
        elif message["type"] == f"lifespan.{phase}.failed":
            self._task.result()
            raise RuntimeError(message.get("message", "") or f"The application's {phase} failed.")
        else:
            assert message["type"] == f"lifespan.{phase}.complete", f"Unexpected message {message['type']!r}."

    async def _open(self) -> None:
        self._to_app, self._app_input = anyio.create_memory_object_stream[Message](2)
        self._app_output, self._from_app = anyio.create_memory_object_stream[Message](2)

    async def _close(self) -> None:
        for stream in (self._to_app, self._app_input, self._app_output, self._from_app):
            stream.close()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "state": self._state}
        with self._app_output:
            await self._app(scope, self._app_input.receive, self._app_output.send)

    async def _advance(self, event: str) -> Message | None:
        """Sends an event and returns the answer; None if the application has ended."""
        await self._to_app.send({"type": event})
        try:
            return await self._from_app.receive()
        except anyio.EndOfStream:
            return None
