"""Requests whose route a server has found already, together with its compiled plan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from fastrapi._datastructures.headers import RawHeaders
from fastrapi._exception_handler import wrap_app_handling_exceptions
from fastrapi.concurrency import run_in_threadpool
from fastrapi.requests import Request
from fastrapi.routing.bodies import body_bytes
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

PLAN_EXTENSION = "fastrapi.plan"
"""The ASGI extension that holds a `PlannedCall`."""

LAST_MESSAGE = "fastrapi.last"
"""A key in the message after which nothing is left to be done."""


PlannedAnswer = tuple[Any, bytes | None, Callable[[], Awaitable[None]] | None]
"""Status and headers, then the body; or a response that sends itself, then None. At last what to await once
it is sent, or None."""

WholeAnswer = tuple[int, RawHeaders, bytes]
"""Status, headers and body."""


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

    def holds_at_once(self, scope: Scope, /) -> bool:
        """Whether it `holds`, and `run` needs no body, does not block and returns no coroutine."""

    def run(self, scope: Scope, body: bytes, request: Request | None, /) -> tuple[Any] | None:
        """Call the plan's function. `None`: it does not fit the request, and nothing was called."""

    def run_in_thread(self, scope: Scope, body: bytes, request: Request | None, /) -> tuple[Any] | None:
        """As `run`, on a thread of a pool."""

    def answer(self, result: Any, /) -> PlannedAnswer:
        """The answer to a request for what `run` has led to."""

    def leave(self, result: Any, error: BaseException, /) -> Awaitable[None]:
        """Ends the dependencies, which see the error. The error that is left is raised, now or later."""

    def deliver(self, send: Send, status: int, headers: RawHeaders, body: bytes, /) -> bool:
        """Sends a whole response at once, if the channel is the server's own and the headers have a length.

        Raises:
            Exception: What `send` would, given the messages.
        """


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
    left: ASGIApp
    try:
        if planned.may_block:
            taken = await run_in_threadpool(planned.run_in_thread, scope, body, request)
        else:
            taken = planned.run(scope, body, request)
        if taken is None:
            await _own_task(planned)
            return receive
        result = await taken[0] if planned.is_task else taken[0]
    except Exception as error:
        left = _raising(error)
    else:
        complete = _answered(planned, result)
        if isinstance(complete, tuple):
            await _send_whole(complete, send)
            return None
        left = complete
    await _own_task(planned)
    # The handlers of exceptions that a route has around it.
    handled = wrap_app_handling_exceptions(left, request or Request(scope, receive, send))
    await handled(scope, receive, send)
    return None


def evaluate(planned: PlannedCall, scope: Scope, request: Request | None) -> WholeAnswer | ASGIApp | None:
    """Runs a plan that `holds_at_once`.

    Returns:
        The answer; or, if more has to be done, the application that does it, or that raises what the plan has
        raised; or None: the plan does not fit the request, and nothing was done.
    """
    try:
        taken = planned.run(scope, b"", request)
    except BaseException as error:
        return _raising(error)
    if taken is None:
        return None
    return _answered(planned, taken[0])


def _answered(planned: PlannedCall, result: Any) -> WholeAnswer | ASGIApp:
    """The answer for a result, or the application that does what is left to be done."""
    try:
        head, body, finish = planned.answer(result)
    except BaseException as error:
        return _leaving(planned, result, error)
    if body is not None and finish is None:
        status, headers = head
        return status, headers, body

    async def send_answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if body is None:
                await head(scope, receive, send)
            else:
                await send({"type": "http.response.start", "status": head[0], "headers": head[1]})
                await send({"type": "http.response.body", "body": body})
        except BaseException as error:
            await planned.leave(result, error)
            raise
        if finish is not None:
            await finish()

    return send_answer


def _raising(error: BaseException) -> ASGIApp:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal error
        try:
            raise error
        finally:
            del error  # its traceback leads here

    return fail


def _leaving(planned: PlannedCall, result: Any, error: BaseException) -> ASGIApp:
    async def leave(scope: Scope, receive: Receive, send: Send) -> None:
        await planned.leave(result, error)
        raise error

    return leave


async def _send_whole(answer: WholeAnswer, send: Send) -> None:
    status, headers, body = answer
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, LAST_MESSAGE: True})


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
