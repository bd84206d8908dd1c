"""One middleware around hello, for Litestar on granian; its middleware is plain ASGI."""

from typing import Any

from litestar import Litestar, get
from litestar.datastructures import MutableScopeHeaders
from litestar.response.base import ASGIResponse


def gate(app: Any) -> Any:
    async def around(scope: Any, receive: Any, send: Any) -> None:
        if (b"authorization", b"Bearer revoked") in scope["headers"]:
            await ASGIResponse(body=b'{"detail":"revoked"}', status_code=403)(scope, receive, send)
            return

        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)["Access-Control-Allow-Origin"] = "*"
            await send(message)

        await app(scope, receive, send_with_header)

    return around


@get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


app = Litestar([hello], middleware=[gate], openapi_config=None)
