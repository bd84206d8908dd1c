"""The transport that httpx2 sends the test client's requests through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from anyio.from_thread import BlockingPortal

from fastrapi.testclient.application import ASGI3App, Executor
from fastrapi.testclient.exchange import HTTPExchange
from fastrapi.testclient.http_library import httpx
from fastrapi.testclient.scope import build_scope
from fastrapi.testclient.websocket import WebSocketTestSession
from fastrapi.types import Scope

PortalFactory = Callable[[], AbstractContextManager[BlockingPortal]]

SESSION_EXTENSION = "fastrapi.websocket_session"
"""The response extension that holds the session of a WebSocket handshake."""


class ResponseStream(httpx.SyncByteStream):
    """The body of a response whose application may still run; closing it ends the application."""

    def __init__(self, exchange: HTTPExchange, *, raise_server_exceptions: bool) -> None:
        self._exchange = exchange
        self._resources = ExitStack()
        self._raise_server_exceptions = raise_server_exceptions
        self.response: httpx.Response | None = None

    def keep(self, resources: ExitStack) -> None:
        """Keeps what is to be closed after the application has ended."""
        self._resources = resources

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._exchange.chunks():
            self.publish_debug_info()
            yield chunk
        self.publish_debug_info()
        self._finish(cancel=False)

    def close(self) -> None:
        self._finish(cancel=False)

    def cancel(self) -> None:
        """Ends the application even if the response is complete."""
        self._finish(cancel=True)

    def _finish(self, *, cancel: bool) -> None:
        with self._resources.pop_all():
            try:
                self._exchange.finish(cancel=cancel)
            except Exception:
                if self._raise_server_exceptions:
                    raise

    def publish_debug_info(self) -> None:
        """Adds what the application sent by the debug extension, as far as it has, to the response."""
        info = self._exchange.debug_info
        if info is not None and self.response is not None:
            self.response.extensions["http.response.debug"] = info
            if "template" in info and "context" in info:
                self.response.template = info["template"]  # type: ignore[attr-defined]
                self.response.context = info["context"]  # type: ignore[attr-defined]


class ASGITransport(httpx.BaseTransport):
    """Answers requests by running the application, in the portal that `portal_factory` gives.

    Args:
        app: The application.
        executor: Who runs HTTP requests; see `executor_for`.
        portal_factory: Returns a context manager with the portal to the event loop.
        raise_server_exceptions: Whether the client raises what the application raises.
        root_path: The ASGI root path.
        client: Host and port of the client.
        app_state: The lifespan's state; each request gets a shallow copy.
    """

    def __init__(
        self,
        app: ASGI3App,
        executor: Executor,
        portal_factory: PortalFactory,
        *,
        raise_server_exceptions: bool,
        root_path: str,
        client: tuple[str, int],
        app_state: dict[str, Any],
    ) -> None:
        self.app = app
        self.executor = executor
        self.portal_factory = portal_factory
        self.raise_server_exceptions = raise_server_exceptions
        self.root_path = root_path
        self.client = client
        self.app_state = app_state
        self._open: set[ResponseStream] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        scope = build_scope(
            request, root_path=self.root_path, client=self.client, state=self.app_state.copy()
        )
        if scope["type"] == "websocket":
            session = WebSocketTestSession(self.app, scope, self.portal_factory)
            return httpx.Response(101, extensions={SESSION_EXTENSION: session}, request=request)
        return self._exchange(request, scope)

    def _exchange(self, request: httpx.Request, scope: Scope) -> httpx.Response:
        with ExitStack() as resources:
            portal = resources.enter_context(self.portal_factory())
            exchange = HTTPExchange(portal, self.executor, scope, request.read)
            stream = ResponseStream(exchange, raise_server_exceptions=self.raise_server_exceptions)
            if exchange.status is None:
                stream.close()
                assert not self.raise_server_exceptions, "TestClient did not receive any response."
                return httpx.Response(500, stream=httpx.ByteStream(b""), request=request)
            self._open.add(stream)
            resources.callback(self._open.discard, stream)
            stream.keep(resources.pop_all())
        extensions = {} if exchange.trailers is None else {"http.response.trailers": exchange.trailers}
        response = httpx.Response(
            exchange.status, headers=exchange.headers, stream=stream, request=request, extensions=extensions
        )
        stream.response = response
        stream.publish_debug_info()
        return response

    def close(self) -> None:
        """Cancels the application for every response that was not closed."""
        with ExitStack() as streams:
            for stream in tuple(self._open):
                streams.callback(stream.cancel)
