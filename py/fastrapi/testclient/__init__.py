"""A client that sends requests to an application in the same process, without a socket.

Needs httpx2, or httpx (deprecated).
"""

from fastrapi.testclient.application import ASGI2App, ASGI3App, ASGIInstance
from fastrapi.testclient.client import TestClient
from fastrapi.testclient.websocket import WebSocketDenialResponse, WebSocketTestSession

__all__ = [
    "ASGI2App",
    "ASGI3App",
    "ASGIInstance",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
]
