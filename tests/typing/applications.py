"""What type checkers accept and infer for applications: middleware, handlers, lifespan, classic names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypedDict, assert_type

import fastrapi
from fastrapi import APIRouter, FastAPI, FastrAPI, Request, Response, WebSocket
from fastrapi.compat.starlette.routing import BaseRoute, Mount, Route
from fastrapi.datastructures import State, URLPath
from fastrapi.encoders import jsonable_encoder
from fastrapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastrapi.middleware import Middleware
from fastrapi.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from fastrapi.middleware.cors import CORSMiddleware
from fastrapi.middleware.trustedhost import TrustedHostMiddleware
from fastrapi.responses import JSONResponse, PlainTextResponse
from fastrapi.staticfiles import StaticFiles
from fastrapi.templating import Jinja2Templates
from fastrapi.types import ASGIApp, Receive, Scope, Send


class LifespanState(TypedDict):
    pool: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[LifespanState]:
    yield {"pool": 1}


@asynccontextmanager
async def plain_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    yield


class Added:
    def __init__(self, app: ASGIApp, level: int) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def on_error(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse(jsonable_encoder({"error": str(exc)}), status_code=500)


async def on_invalid(request: Request, exc: RequestValidationError) -> Response:
    return PlainTextResponse(str(exc.errors()), status_code=400)


app = FastAPI(
    title="An application",
    lifespan=lifespan,
    middleware=[Middleware(CORSMiddleware, allow_origins=["*"]), Middleware(Added, level=1)],
    exception_handlers={404: on_error, RequestValidationError: on_invalid},
    docs_url=None,
    responses={422: {"description": "Invalid"}},
    redirect_slashes=False,
)
FastAPI(lifespan=plain_lifespan, webhooks=APIRouter(), background_errors="isolate")
FastAPI(titel="An application")  # type: ignore[call-arg]
FastAPI(docs_url=1)  # type: ignore[arg-type]
FastAPI(background_errors="ignore")  # type: ignore[arg-type]
Middleware(Added, level="1")  # type: ignore[arg-type]

assert_type(app.routes, list[BaseRoute])
assert_type(app.state, State)
assert_type(app.openapi(), dict[str, Any])
assert_type(app.url_path_for("read", item=1), URLPath)
assert_type(app.dependency_overrides, dict[Callable[..., Any], Callable[..., Any]])
asgi: ASGIApp = app

app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.com"])
app.add_middleware(Added, level=2)
app.add_middleware(Added, depth=2)  # type: ignore[call-arg]


@app.middleware("http")
async def measured(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    assert_type(response, Response)
    return response


class Dispatching(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


app.add_middleware(Dispatching)


@app.exception_handler(KeyError)
async def on_key_error(request: Request, exc: KeyError) -> Response:
    return PlainTextResponse(str(exc), status_code=400)


@app.exception_handler(WebSocketRequestValidationError)
async def on_invalid_message(websocket: WebSocket, exc: WebSocketRequestValidationError) -> None:
    await websocket.close(1008)


assert_type(on_key_error.__name__, str)
app.add_exception_handler(500, on_error)
app.exception_handler("500")  # type: ignore[arg-type]

app.mount("/static", StaticFiles(directory="static", html=True), name="static")
app.mount("/other", FastrAPI())
app.mount("/none", None)  # type: ignore[arg-type]
app.add_route("/plain", on_error)  # type: ignore[arg-type]

templates = Jinja2Templates(directory="templates")


@app.get("/page", response_class=Response)
def page(request: Request) -> Response:
    return templates.TemplateResponse(request, "page.html", {"a": 1}, status_code=200)


routes: list[BaseRoute] = [Route("/", page), Mount("/m", app=app)]


# The names of the original FastrAPI.
@app.const_get("/constant")
def constant() -> str:
    return ""


@app.on_startup
async def started() -> None: ...


@app.fallback
async def otherwise() -> Response:
    return Response(status_code=404)


assert_type(constant(), str)
assert_type(app.nest("/v2", APIRouter()), None)
served: Callable[..., None] = app.serve

status: int = fastrapi.status.HTTP_200_OK
assert_type(fastrapi.__version__, str)
