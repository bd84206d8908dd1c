"""Applications with middleware that only Python can run."""

import asyncio
import contextvars
from typing import Any

from effects import leave
from fastapi import BackgroundTasks, Body, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from middleware_app import CORS, GZIP, HOSTS, SESSIONS, application
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

seen = contextvars.ContextVar("seen", default="nothing")


def noted(call: Any) -> str:
    """What the handler or the middleware set before."""
    before, _ = seen.get(), seen.set(call)
    return before


async def held(request: Request) -> Any:
    leave("enter")
    try:
        yield request.headers.get("x-added", "none")
    except Exception as error:
        leave(f"sees {type(error).__name__}")
        raise
    finally:
        leave("exit")


class Own(StreamingResponse):
    """A response that sends itself, beside a task of its own."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            await super().__call__(scope, receive, send)


class Rendered(JSONResponse):
    """A response whose rendering sets a context variable."""

    def render(self, content: Any) -> bytes:
        return super().render([content, noted("rendering")])


class TranslatedError(Exception):
    pass


def chunks() -> Any:
    yield "one "
    yield "two"


def with_routes(*middleware: Middleware) -> FastAPI:
    app = application(*middleware)

    @app.get("/context")
    async def context(value: str) -> Any:
        return noted(value)

    @app.get("/context-sync")
    def context_sync(value: str) -> Any:
        return noted(value)

    @app.get("/seen/{item}")
    async def seen_by_handler(item: int, request: Request) -> Any:
        return {
            "item": item,
            "state": getattr(request.state, "set", None),
            "user": request.scope.get("user"),
            "added": request.headers.get("x-added"),
            "query": dict(request.query_params),
            "url": str(request.url_for("seen_by_handler", item=item)),
        }

    @app.post("/body")
    async def body(data: dict[str, int] = Body()) -> Any:
        return data

    @app.post("/raw")
    async def raw(request: Request) -> Any:
        return (await request.body()).decode()

    @app.get("/held/{action}")
    async def with_held(action: str, tasks: BackgroundTasks, value: str = Depends(held)) -> Any:
        tasks.add_task(leave, "task")
        if action == "error":
            raise HTTPException(409, "conflict", headers={"X-Reason": "held"})
        if action == "crash":
            raise ValueError("held")
        if action == "unencodable":
            return object()
        return value

    @app.get("/rendered", response_class=Rendered)
    def rendered() -> Any:
        return "rendered"

    @app.get("/translated")
    async def translated() -> Any:
        raise TranslatedError

    @app.post("/translated")
    def translated_body(data: dict[str, int] = Body()) -> Any:
        raise TranslatedError

    @app.exception_handler(TranslatedError)
    async def in_other_words(request: Request, error: TranslatedError) -> Response:
        raise HTTPException(402, "in other words") from error

    @app.get("/own")
    async def own() -> Response:
        return Own(chunks())

    @app.get("/slow")
    async def slow() -> Any:
        async with asyncio.timeout(5):
            await asyncio.sleep(0.1)
        leave("slow is done")
        return "slow"

    @app.get("/timeout")
    async def timeout() -> Any:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(5)
        except TimeoutError:
            return "timed out"

    return app


def described(request: Request) -> str:
    """What the application has told of its routing."""
    route, endpoint = request.scope.get("route"), request.scope.get("endpoint")
    params = sorted(request.scope.get("path_params", {}).items())
    return f"{getattr(route, 'path', None)} {getattr(endpoint, '__name__', None)} {params}"


async def plain(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    response.headers["X-Route"] = described(request)
    response.headers.append("X-Plain", "1")
    return response


async def catching(request: Request, call_next: Any) -> Any:
    try:
        return await call_next(request)
    except Exception as error:
        return JSONResponse({"caught": type(error).__name__, "text": str(error)}, 500)


async def again(body: Any) -> Any:
    async for chunk in body:
        yield chunk
        yield b" again"


async def by_query(request: Request, call_next: Any) -> Any:
    """Does what the query parameter `do` asks for."""
    match request.query_params.get("do"):
        case "path":
            request.scope["path"] = "/pure"
        case "method":
            request.scope["method"] = "GET"
        case "query":
            request.scope["query_string"] = b"value=changed&q=7"
        case "header":
            request.scope["headers"].append((b"x-added", b"yes"))
        case "headers":
            request.scope["headers"] = [(b"host", b"other")]
        case "root_path":
            request.scope["root_path"] = "/seen"
        case "user":
            request.scope["user"] = request.state.set = "me"
        case "body":
            request.state.set = (await request.body()).decode()
        case "stream":
            request.state.set = str([len(chunk) async for chunk in request.stream()])
        case "short":
            return PlainTextResponse("short", 203)
        case "raise":
            raise HTTPException(400, "from the middleware")
        case "discard":
            discarded = await call_next(request)
            return PlainTextResponse(f"instead of {discarded.status_code}")
        case "twice":
            await call_next(request)
        case "fail":
            await call_next(request)
            raise ValueError("after the response")
        case "once":
            response = await call_next(request)
            response.raw_headers = (pair for pair in response.raw_headers if pair[0] != b"content-length")
            return response
        case "context":
            before = seen.get()
            response = await call_next(request)
            response.headers["X-Context"] = f"{before} {seen.get()}"
            return response
        case "wait":
            try:
                return await asyncio.wait_for(call_next(request), 0.03)
            except TimeoutError:
                return PlainTextResponse("too slow", 504)
        case "iterate":
            response = await call_next(request)
            body = b"".join([chunk async for chunk in response.body_iterator])
            return Response(body.upper(), response.status_code, {"X-Length": str(len(body))})
        case "replace":
            response = await call_next(request)
            response.body_iterator = again(response.body_iterator)
            del response.headers["content-length"]
            return response
        case "lengthless":
            response = await call_next(request)
            del response.headers["content-length"]
            return response
        case "status":
            response = await call_next(request)
            response.status_code = 299
            response.set_cookie("by", "middleware")
            return response
        case "background":
            tasks = BackgroundTasks()
            tasks.add_task(leave, "middleware's task")
            response = await call_next(request)
            response.background = tasks
            return response
    return await call_next(request)


class Asgi:
    """Changes what passes by, as `X-Do` of the request asks for."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        do = dict(scope["headers"]).get(b"x-do", b"").decode()

        async def sender(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"x-asgi", do.encode())]
                message = {**message, "headers": headers}
            await send(message)

        async def receiver() -> Any:
            message = await receive()
            return {**message, "body": b'{"replaced": 1}'} if message["type"] == "http.request" else message

        if do == "copy":
            scope = {**scope, "path": "/pure"}
        elif do == "same":
            scope = dict(scope)
        elif do == "nested":
            scope = {**scope, "app": None}
        try:
            await self.app(scope, receiver if do == "body" else receive, sender)
        except ValueError as error:
            if do != "catch":
                raise
            await PlainTextResponse(f"caught {error}", 500)(scope, receive, send)


def function(call: Any) -> Middleware:
    return Middleware(BaseHTTPMiddleware, dispatch=call)


one = with_routes(function(plain))
meddling = with_routes(function(by_query))
caught = with_routes(function(catching))
asgi = with_routes(Middleware(Asgi))
mixed = with_routes(CORS, function(plain), GZIP, function(by_query), Middleware(Asgi), HOSTS, SESSIONS)
inner_asgi = with_routes(function(by_query), Middleware(Asgi))


@mixed.exception_handler(ValueError)
async def handled(request: Request, error: ValueError) -> PlainTextResponse:
    return PlainTextResponse(f"{error} of {request.url.path}", 500)
