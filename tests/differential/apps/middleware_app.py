"""One application for each middleware, and one with all."""

from typing import Any

from effects import leave, router
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

SECRET = "differential"


def application(*middleware: Middleware) -> FastAPI:
    app = FastAPI(middleware=list(middleware))
    app.include_router(router)

    @app.get("/pure")
    async def pure(size: int = 1):
        return {"a": "x" * size}

    @app.get("/text/{size}")
    def text(size: int) -> PlainTextResponse:
        return PlainTextResponse("x" * size, headers={"Vary": "Cookie", "ETag": '"strong"'})

    @app.get("/encoded")
    def encoded() -> PlainTextResponse:
        return PlainTextResponse("x" * 2000, headers={"Content-Encoding": "identity"})

    @app.get("/events")
    def events() -> PlainTextResponse:
        return PlainTextResponse("x" * 2000, media_type="text/event-stream")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(("y" * 700 for _ in range(3)), media_type="text/plain")

    @app.api_route("/any", methods=["GET", "HEAD", "POST", "OPTIONS"])
    async def any_method(request: Request) -> Any:
        return {"method": request.method, "url": str(request.url)}

    @app.get("/error/{name}")
    async def error(name: str) -> Any:
        raise HTTPException(418, "x" * 1000) if name == "http" else ValueError(name)

    @app.get("/params")
    async def params(q: int) -> Any:
        return q

    @app.get("/tasks")
    async def tasks(tasks: BackgroundTasks) -> Any:
        tasks.add_task(leave, "task")
        return {"a": "x" * 1000}

    @app.get("/own-headers")
    async def own_headers() -> PlainTextResponse:
        return PlainTextResponse("x", headers={"Access-Control-Allow-Origin": "https://own", "Vary": "*"})

    @app.get("/session/{action}")
    async def session(action: str, request: Request) -> Any:
        if action == "set":
            request.session["user"] = {"name": "é", "n": 1}
        elif action == "large":
            request.session["user"] = "x" * 4000
        elif action == "clear":
            request.session.clear()
        elif action == "pop":
            request.session.pop("user", None)
        elif action == "unencodable":
            request.session["user"] = object()
        elif action == "error":
            request.session["user"] = 1
            raise HTTPException(400)
        elif action == "crash":
            request.session["user"] = 1
            raise ValueError("crash")
        elif action == "ignore":
            return "ignored"
        return dict(request.session)

    @app.get("/session-sync")
    def session_sync(request: Request) -> Any:
        request.session["count"] = request.session.get("count", 0) + 1
        return request.session["count"]

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    return app


ORIGINS = ["https://a.example", "https://b.example"]
CORS = Middleware(
    CORSMiddleware,
    allow_origins=ORIGINS,
    allow_origin_regex=r"https://.*\.c\.example",
    allow_methods=["GET", "POST"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-A", "X-B"],
    max_age=5,
)
GZIP = Middleware(GZipMiddleware, minimum_size=500, compresslevel=5)
HOSTS = Middleware(TrustedHostMiddleware, allowed_hosts=["testserver", "*.example.com", "www.redirected.org"])
SESSIONS = Middleware(
    SessionMiddleware,
    secret_key=SECRET,
    max_age=1000,
    same_site="strict",
    https_only=True,
    domain="d.example",
)

cors = application(CORS)
cors_all = application(
    Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
)
gzip = application(GZIP)
hosts = application(HOSTS)
https = application(Middleware(HTTPSRedirectMiddleware))
sessions = application(Middleware(SessionMiddleware, secret_key=SECRET))
combined = application(HOSTS, CORS, GZIP, SESSIONS)


@combined.exception_handler(ValueError)
async def handled(request: Request, error: ValueError) -> PlainTextResponse:
    return PlainTextResponse(f"{error} " * 200, 500)
