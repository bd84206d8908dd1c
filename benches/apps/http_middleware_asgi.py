"""One function middleware around hello, for FastAPI and, word for word, for ours."""

from collections.abc import Awaitable, Callable

try:
    from fastrapi import FastrAPI as FastAPI
    from fastrapi import Request, Response
    from fastrapi.responses import JSONResponse
except ImportError:
    from fastapi import FastAPI, Request, Response  # type: ignore[no-redef]
    from fastapi.responses import JSONResponse  # type: ignore[no-redef]

app = FastAPI()


@app.middleware("http")
async def gate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    if request.headers.get("authorization") == "Bearer revoked":
        return JSONResponse({"detail": "revoked"}, status_code=403)
    response = await call_next(request)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
