"""One function middleware around hello, for BlackSheep on granian."""

from collections.abc import Awaitable, Callable

from blacksheep import Application, Request, Response, get, json

app = Application()


async def gate(request: Request, handler: Callable[[Request], Awaitable[Response]]) -> Response:
    if request.get_first_header(b"authorization") == b"Bearer revoked":
        return json({"detail": "revoked"}, status=403)
    response = await handler(request)
    response.add_header(b"Access-Control-Allow-Origin", b"*")
    return response


app.middlewares.append(gate)


@get("/hello")
async def hello() -> Response:
    return json({"message": "Hello, World!"})
