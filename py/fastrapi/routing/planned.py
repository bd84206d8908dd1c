"""Requests whose route a server has found already, together with its compiled plan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from fastrapi.concurrency import run_in_threadpool
from fastrapi.requests import Request
from fastrapi.routing.bodies import body_bytes
from fastrapi.types import Message, Receive, Scope, Send

PLAN_EXTENSION = "fastrapi.plan"
"""The ASGI extension that holds a `PlannedCall`."""

LAST_MESSAGE = "fastrapi.last"
"""A key in the message after which nothing is left to be done."""


class PlannedCall(Protocol):
    """One request with its plan (`fastrapi.plan`)."""

    @property
    def takes_body(self) -> bool:
        """Whether `run` needs the body."""

    @property
    def takes_request(self) -> bool:
        """Whether `run` needs the request object."""

    @property
    def is_task(self) -> bool:
        """Whether `run` returns a coroutine in its tuple."""

    @property
    def may_block(self) -> bool:
        """Whether `run_in_thread` has to be called in the place of `run`."""

    def holds(self, scope: Scope, /) -> bool:
        """Whether the scope still leads to the route, and nothing has routed it."""

    def run(self, scope: Scope, body: bytes, request: Request | None, /) -> tuple[Any] | None:
        """Call the plan's function. `None`: it does not fit the request, and nothing was called."""

    def run_in_thread(self, scope: Scope, body: bytes, request: Request | None, /) -> tuple[Any] | None:
        """As `run`, on a thread of a pool."""

    def answer(self, result: Any, /) -> tuple[Any, Message | None, Callable[[], Awaitable[None]] | None]:
        """The two messages of the answer, or a response that sends itself and `None`; then what to await
        once it is sent, or `None`."""

    def leave(self, result: Any, error: BaseException, /) -> Awaitable[None]:
        """Ends the dependencies, which see the error. The error that is left is raised, now or later."""


async def run_plan(planned: PlannedCall, scope: Scope, receive: Receive, send: Send) -> Receive | None:
    """Answers a request by its plan.

    Returns:
        None, or the receive channel that the application has to answer with: the plan does not fit.
    """
    if not planned.holds(scope):
        return receive
    request, body = None, b""
    if planned.takes_body:
        request = Request(scope, receive, send)
        body = await body_bytes(request)
        receive = _replay(body, receive)
    elif planned.takes_request:
        request = Request(scope, receive, send)
    if planned.may_block:
        taken = await run_in_threadpool(planned.run_in_thread, scope, body, request)
    else:
        taken = planned.run(scope, body, request)
    if taken is None:
        await _own_task(planned)
        return receive
    result = await taken[0] if planned.is_task else taken[0]
    try:
        response, content, finish = planned.answer(result)
        if content is None:
            await _own_task(planned)
            await response(scope, receive, send)
        else:
            if finish is None:
                content[LAST_MESSAGE] = True
            await send(response)
            await send(content)
    except BaseException as error:
        await planned.leave(result, error)
        raise
    if finish is not None:
        await finish()
    return None


async def _own_task(planned: PlannedCall) -> None:
    """Lets a middleware that has begun with the request without a task give it one."""
    if not planned.is_task:
        await asyncio.sleep(0)


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` as it was before the body was read."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
