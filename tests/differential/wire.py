"""HTTP/1.1 to the byte, so that a request may be as odd as it likes."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass

from server_process import PATIENCE


@dataclass(frozen=True)
class Answer:
    """A response, its transfer coding undone."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order of their coming."""
    body: bytes
    complete: bool = True
    """Whether the body was not broken off."""

    def header(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found == name]


class Connection:
    """A connection that is opened again whenever the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)

    def receive(self, method: str) -> Answer:
        """Read the response to the request that was sent."""
        assert self._socket is not None
        response = http.client.HTTPResponse(self._socket, method=method)
        complete = True
        try:
            response.begin()
            body = response.read()
        except http.client.IncompleteRead as error:
            body, complete = error.partial, False
        except (http.client.HTTPException, OSError):
            self.close()
            raise
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        if response.will_close or not complete:
            self.close()
        response.close()
        return Answer(response.status, response.reason, headers, body, complete)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
