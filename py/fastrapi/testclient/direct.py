"""Requests of the test client on the direct lane, by the code that serves them in production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastrapi._core import PlannedCall, Plans
from fastrapi.concurrency import run_in_threadpool
from fastrapi.plan import compile_application
from fastrapi.plan.errors import EXCEPTION
from fastrapi.plan.outcome import Outcome
from fastrapi.requests import Request
from fastrapi.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI


class DirectExecutor:
    """Runs requests whose route has a plan as the server would, and hands all others to the application.

    The plans are compiled again whenever the application has changed.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._plans: Plans | None = None
        self._version: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._find(scope)
        if call is None:
            await self.app(scope, receive, send)
            return
        body = b""
        if call.takes_body:
            body, complete = await _read(receive)
            receive = _replay(body, receive)
            if not complete:
                await self.app(scope, receive, send)
                return
        own_scope = dict(scope)
        call.extend_scope(own_scope)
        request = Request(own_scope, receive, send)
        try:
            taken = await _run(call, body, request)
            if taken is not None:
                answer = await _answer(call, taken[0])
        except Exception as error:
            await call.on_error({**own_scope, EXCEPTION: error}, receive, send)
            return
        if taken is None:
            await self.app(scope, receive, send)
        else:
            await _send(answer, own_scope, receive, send)

    def _find(self, scope: Scope) -> PlannedCall | None:
        if scope["type"] != "http" or scope["root_path"]:
            return None
        version = self._application_version()
        if version != self._version:
            plan = compile_application(self.app)
            # The server's layers are around a socket; here the application's own middleware is.
            self._plans = None if plan.layers else Plans(plan)
            self._version = version
        if self._plans is None:
            return None
        return self._plans.find(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])

    def _application_version(self) -> tuple[Any, ...]:
        app = self.app
        return (
            app.router._get_routes_version(),
            len(app.user_middleware),
            tuple(app.exception_handlers.items()),
            app.root_path,
            app.max_body_size,
            app.debug,
        )


async def _answer(call: PlannedCall, result: Any) -> tuple[Any, ...]:
    try:
        return call.answer(result)
    except Exception as error:
        if isinstance(result, Outcome) and result.exits is not None:
            await result.fail(error)
        raise


async def _run(call: PlannedCall, body: bytes, request: Request) -> tuple[Any] | None:
    if call.is_sync:
        return await run_in_threadpool(call.run, body, request)
    taken = call.run(body, request)
    return (await taken[0],) if taken is not None and call.is_task else taken


async def _send(answer: tuple[Any, ...], scope: Scope, receive: Receive, send: Send) -> None:
    if len(answer) == 2:
        response, finish = answer
        await response(scope, receive, send)
    else:
        status, headers, body, finish = answer
        length = (b"content-length", b"%d" % len(body))
        has_length = status >= 200 and status not in (204, 304)
        headers = [*headers, length] if has_length else headers
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    if finish is not None:
        await finish()


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """The body, and whether all of it came."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(chunks), False
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks), True


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` as it was before the body was read."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
