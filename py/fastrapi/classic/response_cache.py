"""`cache_resp=True` on path operations: the first answer is kept and given to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from fastrapi.dependencies.models import Dependant
from fastrapi.exceptions import FastAPIError
from fastrapi.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.routing.operation import Operation

_INPUTS = (
    "path_params",
    "query_params",
    "header_params",
    "cookie_params",
    "body_params",
    "dependencies",
    "request_param_name",
    "http_connection_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
)


def check_cacheable(operation: Operation) -> None:
    """Make sure that every request to an operation has the same answer.

    A dependency may be there to refuse some of them, so an operation with dependencies is not one.

    Raises:
        FastAPIError: the operation takes something from the request, or changes something.
    """
    dependant: Dependant = operation.dependant
    if operation.methods - {"GET", "HEAD"}:
        raise FastAPIError(f"cache_resp is for GET, not for {', '.join(sorted(operation.methods))}")
    if operation.yields_items:
        raise FastAPIError("cache_resp cannot keep a stream")
    taken = [name for name in _INPUTS if getattr(dependant, name)]
    if taken:
        raise FastAPIError(
            f"cache_resp needs a path operation that takes nothing from the request, but {operation.name!r} "
            f"has {', '.join(taken)}"
        )


class ResponseCache:
    """Keeps the first successful answer of an application, and repeats it.

    Args:
        app: the application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: list[Message] | None = None
        self._lock: anyio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._kept is None:
            # One call is enough for all that come at the same time.
            if self._lock is None:
                self._lock = anyio.Lock()
            async with self._lock:
                if self._kept is None:
                    await self._answer(scope, receive, send)
                    return
        for message in self._kept:
            await send(message)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent: list[Message] = []

        async def keeping_send(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self.app(scope, receive, keeping_send)
        is_complete = bool(sent) and sent[-1]["type"] == "http.response.body"
        if is_complete and sent[0].get("status") == 200 and not sent[-1].get("more_body", False):
            self._kept = sent
