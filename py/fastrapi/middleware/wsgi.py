"""Runs a WSGI application (PEP 3333) inside an ASGI application."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread

from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning
from fastrapi.types import Message, Receive, Scope, Send

warnings.warn(
    "starlette.middleware.wsgi is deprecated and will be removed in a future release. "
    "Please refer to https://github.com/abersheeran/a2wsgi as a replacement.",
    StarletteDeprecationWarning,
    stacklevel=2,
)

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def _native(text: str) -> str:
    """Text as WSGI wants it: its UTF-8 bytes, each as one character."""
    return text.encode("utf-8").decode("latin-1")


def build_environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request."""
    script_name, path_info = scope.get("root_path", ""), scope["path"]
    # The root path is a prefix of the path only at the end of a segment.
    if path_info.startswith(script_name) and (
        script_name.endswith("/") or path_info[len(script_name) : len(script_name) + 1] in ("", "/")
    ):
        path_info = path_info[len(script_name) :]
    server_name, server_port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _native(script_name),
        "PATH_INFO": _native(path_info),
        "QUERY_STRING": scope["query_string"].decode("ascii"),
        "SERVER_NAME": server_name,
        "SERVER_PORT": server_port,
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stdout,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        if name not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            name = f"HTTP_{name}"
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    return environ


class WSGIMiddleware:
    """An ASGI application that runs a WSGI application, in a thread for each request.

    Args:
        app: The WSGI application.
    """

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await WSGIResponder(self.app, scope)(receive, send)


class WSGIResponder:
    """Runs a WSGI application for one request.

    Args:
        app: The WSGI application.
        scope: The request's ASGI scope.
    """

    def __init__(self, app: WSGIApp, scope: Scope) -> None:
        self.app = app
        self.scope = scope
        self._start: Message | None = None
        self._started = False
        self._error: BaseException | None = None
        self._send: Send

    async def __call__(self, receive: Receive, send: Send) -> None:
        body = bytearray()
        more_body = True
        while more_body:
            message = await receive()
            body += message.get("body", b"")
            more_body = message.get("more_body", False)
        self._send = send
        await anyio.to_thread.run_sync(self._run, build_environ(self.scope, bytes(body)))
        if self._error is not None:
            raise self._error

    def _run(self, environ: dict[str, Any]) -> None:
        """Runs the application; in a thread."""
        chunks = self.app(environ, self.start_response)
        try:
            for chunk in chunks:
                self._write(chunk)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        self._write(b"", more_body=False)

    def start_response(
        self, status: str, response_headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """WSGI's `start_response`. An error given to it is raised after the response was sent."""
        if exc_info is not None:
            self._error = exc_info[1]
        if not self._started:
            self._start = {
                "type": "http.response.start",
                "status": int(status.split(" ", 1)[0]),
                "headers": [
                    (name.strip().lower().encode("latin-1"), value.strip().encode("latin-1"))
                    for name, value in response_headers
                ],
            }
        return self._write

    async def _forward(self, message: Message) -> None:
        await self._send(message)

    def _write(self, chunk: bytes, more_body: bool = True) -> None:
        if not chunk and more_body:
            return  # PEP 3333: headers are not sent before there is a body
        if not self._started:
            if self._start is None:
                raise RuntimeError("The WSGI application did not call start_response.")
            self._started = True
            anyio.from_thread.run(self._forward, self._start)
        body = {"type": "http.response.body", "body": chunk, "more_body": more_body}
        anyio.from_thread.run(self._forward, body)
