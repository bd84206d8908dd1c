"""Requests of the test client with the plans that serve them in production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastrapi._core import Plans
from fastrapi.plan import compile_application
from fastrapi.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI


class DirectExecutor:
    """Runs the application, whose router runs the plan of a request if there is one, as behind the server.

    The plans are compiled again whenever the application has changed.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._plans: Plans | None = None
        self._version: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["root_path"]:
            version = self._application_version()
            if self._plans is None or version != self._version:
                self._plans = Plans(compile_application(self.app, fixes_answers=False))
                self._version = version
            self._plans.announce(
                scope, scope["method"], scope["raw_path"], scope["query_string"], scope["headers"]
            )
        await self.app(scope, receive, send)

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
