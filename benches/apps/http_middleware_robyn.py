"""A function before and one after hello, for Robyn, which has no middleware around a handler."""

import os

from robyn import Request, Response, Robyn

app = Robyn(__file__)


@app.before_request()
async def gate(request: Request) -> Request | Response:
    if request.headers.get("authorization") == "Bearer revoked":
        return Response(status_code=403, headers={}, description='{"detail":"revoked"}')
    return request


@app.after_request()
async def mark(response: Response) -> Response:
    response.headers.set("Access-Control-Allow-Origin", "*")
    return response


@app.get("/hello")
async def hello(request: Request) -> dict[str, str]:
    return {"message": "Hello, World!"}


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["WEBBENCH_PORT"]))
