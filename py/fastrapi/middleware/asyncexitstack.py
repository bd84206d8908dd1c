"""Gives each connection an exit stack."""

from __future__ import annotations

from contextlib import AsyncExitStack

from fastrapi.types import ASGIApp, Receive, Scope, Send


class AsyncExitStackMiddleware:
    """Puts an exit stack into the scope, which is closed when the application has ended.

    Args:
        app: The application.
        context_name: The key of the stack in the scope.
    """

    def __init__(self, app: ASGIApp, context_name: str = "fastapi_middleware_astack") -> None:
        self.app = app
        self.context_name = context_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            scope[self.context_name] = stack
            await self.app(scope, receive, send)
