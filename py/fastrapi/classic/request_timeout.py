"""`request_timeout=` of the application: an answer that has not begun in time is a 408."""

from __future__ import annotations

import anyio

from fastrapi._utils import create_collapsing_task_group
from fastrapi.problem_details import too_late
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send


class RequestTimeoutMiddleware:
    """Gives up on requests (RFC 9110, section 15.5.9).

    The handler is cancelled. A function in a thread cannot be: the client has its answer in time
    all the same, and the thread is free when the function returns.

    Args:
        app: the application inside.
        timeout: seconds until the first byte of the answer.
    """

    def __init__(self, app: ASGIApp, timeout: float) -> None:
        self.app = app
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        settled = anyio.Event()
        is_late = False

        async def timely_send(message: Message) -> None:
            if not is_late:
                settled.set()
                await send(message)

        async def run() -> None:
            try:
                await self.app(scope, receive, timely_send)
            finally:
                settled.set()

        async with create_collapsing_task_group() as tasks:
            tasks.start_soon(run)
            with anyio.move_on_after(self._timeout):
                await settled.wait()
            if not settled.is_set():
                is_late = True
                await too_late(scope, "Request Timeout")(scope, receive, send)
                tasks.cancel_scope.cancel()
