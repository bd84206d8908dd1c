"""Applications that differ in what they answer where no route does."""

from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.sessions import SessionMiddleware


def application(**options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.get("/pure")
    async def pure() -> Any:
        return "pure"

    @app.api_route("/several/{name}", methods=["PUT", "GET"])
    async def several(name: str) -> Any:
        return name

    @app.get("/slashed/")
    async def slashed() -> Any:
        return "slashed"

    @app.post("/form")
    async def form(request: Request) -> Any:
        return len(await request.form())

    @app.get("/number/{value:int}")
    async def number(value: int) -> Any:
        return value

    @app.delete("/number/{value:int}")
    async def delete_number(value: int) -> Any:
        return value

    @app.get("/raise/{status}")
    async def fail(status: int) -> Any:
        raise HTTPException(status)

    @app.post("/routes/{name}")
    async def add_route(name: str) -> Any:
        app.add_api_route(f"/{name}", pure, methods=["GET", "POST"])

    router = APIRouter(prefix="/included")

    @router.patch("/{rest:path}")
    async def included(rest: str) -> Any:
        return rest

    app.include_router(router)
    return app


plain = application()
growing = application()
layered = application()
layered.add_middleware(SessionMiddleware, secret_key="differential")
layered.add_middleware(GZipMiddleware, minimum_size=10)
layered.add_middleware(
    CORSMiddleware,
    allow_origins=["https://a.example", "https://b.example"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    expose_headers=["X-A"],
    allow_credentials=True,
)
layered.add_middleware(TrustedHostMiddleware, allowed_hosts=["testserver", "*.example"])

outer_gzip = application()
outer_gzip.add_middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"])
outer_gzip.add_middleware(GZipMiddleware, minimum_size=1)

inner_function = application()


@inner_function.middleware("http")
async def mark(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    response.headers["X-Marked"] = "yes"
    return response


inner_function.add_middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_methods=["*"])
inner_function.add_middleware(TrustedHostMiddleware, allowed_hosts=["testserver"])

handled = application()


@handled.exception_handler(404)
async def lost(request: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse(f"lost {request.url.path}", 404)


handled_class = application()


@handled_class.exception_handler(StarletteHTTPException)
async def worded(request: Request, error: StarletteHTTPException) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {error.detail}", error.status_code)


problems = application(problem_details=True)
unslashed = application(redirect_slashes=False)
undocumented = application(openapi_url=None)
