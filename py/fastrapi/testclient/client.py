"""The test client."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urljoin

from anyio.from_thread import BlockingPortal, start_blocking_portal

from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning
from fastrapi.testclient.application import as_asgi3, executor_for
from fastrapi.testclient.http_library import httpx
from fastrapi.testclient.lifespan import LifespanRunner
from fastrapi.testclient.transport import SESSION_EXTENSION, ASGITransport
from fastrapi.testclient.websocket import WebSocketTestSession
from fastrapi.types import ASGIApp

if TYPE_CHECKING:
    from httpx2._types import CookieTypes

_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class TestClient(httpx.Client):
    """Sends requests to an application in the same process; otherwise a client of httpx2.

    As a context manager it runs the application's lifespan, and all requests on the lifespan's event
    loop; else each request has its own loop.

    Args:
        app: The application, by ASGI 3 or ASGI 2.
        base_url: The URL that relative URLs are added to.
        raise_server_exceptions: Whether to raise what the application raises, instead of a 500 response.
        root_path: The ASGI root path.
        backend: The library whose event loop is used.
        backend_options: Its options for anyio.
        cookies: Cookies of all requests.
        headers: Headers of all requests.
        follow_redirects: Whether redirects are followed.
        client: Host and port of the client.
    """

    __test__ = False

    portal: BlockingPortal | None = None

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        backend: Literal["asyncio", "trio"] = "asyncio",
        backend_options: dict[str, Any] | None = None,
        cookies: CookieTypes | None = None,
        headers: dict[str, str] | None = None,
        follow_redirects: bool = True,
        client: tuple[str, int] = ("testclient", 50000),
    ) -> None:
        self.app = as_asgi3(app)
        self.app_state: dict[str, Any] = {}
        self._backend = backend
        self._backend_options = backend_options or {}
        super().__init__(
            base_url=base_url,
            headers={"user-agent": "testclient", **{k.lower(): v for k, v in (headers or {}).items()}},
            cookies=cookies,
            follow_redirects=follow_redirects,
            transport=ASGITransport(
                self.app,
                executor_for(self.app, backend),
                self._portal_factory,
                raise_server_exceptions=raise_server_exceptions,
                root_path=root_path,
                client=client,
                app_state=self.app_state,
            ),
        )

    @contextlib.contextmanager
    def _portal_factory(self) -> Iterator[BlockingPortal]:
        """The lifespan's portal, or one of its own for a request outside of the lifespan."""
        if self.portal is not None:
            yield self.portal
        else:
            with start_blocking_portal(self._backend, self._backend_options) as portal:
                yield portal

    def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """Sends a request; the options are those of `httpx2.Client.request`."""
        if options.get("timeout", httpx.USE_CLIENT_DEFAULT) is not httpx.USE_CLIENT_DEFAULT:
            warnings.warn(
                "You should not use the 'timeout' argument with the TestClient. "
                "See https://github.com/Kludex/starlette/issues/1108 for more information.",
                StarletteDeprecationWarning,
                stacklevel=2,
            )
        return super().request(method, url, **options)

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] | None = None, **options: Any
    ) -> WebSocketTestSession:
        """A WebSocket session, to be used in a `with` block.

        Args:
            url: The URL; one without a host is on the base URL's.
            subprotocols: The subprotocols to offer.
            **options: Those of `httpx2.Client.request`.

        Raises:
            WebSocketDisconnect: On entering, if the application refuses the connection.
            WebSocketDenialResponse: On entering, if it does so with a response.
        """
        origin = self.base_url.copy_with(
            scheme=_WEBSOCKET_SCHEMES.get(self.base_url.scheme, self.base_url.scheme), raw_path=b"/"
        )
        headers = httpx.Headers(options.pop("headers", None))
        headers.setdefault("connection", "upgrade")
        headers.setdefault("sec-websocket-key", "testserver==")
        headers.setdefault("sec-websocket-version", "13")
        if subprotocols is not None:
            headers.setdefault("sec-websocket-protocol", ", ".join(subprotocols))
        response = self.request("GET", urljoin(str(origin), url), headers=headers, **options)
        session = response.extensions.get(SESSION_EXTENSION)
        if not isinstance(session, WebSocketTestSession):
            raise RuntimeError("Expected WebSocket upgrade")
        return session

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            portal = resources.enter_context(start_blocking_portal(self._backend, self._backend_options))
            self.portal = portal
            resources.callback(setattr, self, "portal", None)
            lifespan = LifespanRunner(self.app, portal, self.app_state)
            lifespan.startup()
            resources.callback(lifespan.shutdown)
            resources.callback(self._transport.close)  # responses left open end before the lifespan
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._resources.close()
