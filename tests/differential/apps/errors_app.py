"""Errors and who answers for them."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from effects import leave, router
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError, ResponseValidationError, WebSocketException
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException


class Item(BaseModel):
    a: int


class CustomError(Exception):
    pass


class DerivedError(CustomError):
    pass


class RaisingError(Exception):
    pass


class TranslatedError(Exception):
    pass


class Strange(BaseException):
    pass


def invalid() -> Any:
    raise ResponseValidationError([])


def model_error() -> Any:
    return Item(a="x")  # type: ignore[arg-type]


RAISED: dict[str, Any] = {
    "400": lambda: HTTPException(400),
    "404": lambda: HTTPException(404, "gone é"),
    "detail": lambda: HTTPException(422, {"a": [1, None]}),
    "headers": lambda: HTTPException(401, "no", {"WWW-Authenticate": "Basic", "X-Error": "1"}),
    "204": lambda: HTTPException(204),
    "304": lambda: HTTPException(304, headers={"ETag": '"x"'}),
    "418": lambda: HTTPException(418, "tea"),
    "299": lambda: HTTPException(599, "odd"),
    "500": lambda: HTTPException(500, "mine"),
    "starlette": lambda: StarletteHTTPException(409, "conflict"),
    "unencodable": lambda: HTTPException(400, {"a": float("nan")}),
    "custom": lambda: CustomError("x"),
    "derived": lambda: DerivedError("y"),
    "raising": RaisingError,
    "translated": TranslatedError,
    "value": lambda: ValueError("unhandled"),
    "key": lambda: KeyError("unhandled"),
    "request": lambda: RequestValidationError([{"type": "own", "loc": ("a",), "msg": "m", "input": 1}]),
    "websocket": lambda: WebSocketException(1008, "closed"),
    "stop": lambda: StopIteration("stop"),
    "stop-async": lambda: StopAsyncIteration("stop"),
    "group": lambda: ExceptionGroup("group", [HTTPException(404), ValueError("x")]),
    "assertion": lambda: AssertionError("failed"),
    "recursion": lambda: RecursionError("deep"),
    "memory": MemoryError,
    "os": lambda: FileNotFoundError(2, "missing", "/x"),
    "timeout": TimeoutError,
}


def add_routes(app: FastAPI) -> None:
    @app.get("/sync/{name}")
    def sync(name: str) -> Any:
        raise RAISED[name]()

    @app.get("/task/{name}")
    async def task(name: str) -> Any:
        raise RAISED[name]()

    @app.get("/model/{name}")
    async def model(name: str) -> Item:
        return {"missing": {}, "wrong": {"a": "x"}, "none": None, "list": [1]}[name]  # type: ignore[return-value,dict-item]

    @app.get("/validation")
    def validation() -> Any:
        return model_error()

    @app.get("/invalid")
    async def invalid_response() -> Any:
        return invalid()

    @app.get("/params")
    def params(q: int, flag: bool = False) -> Any:
        return q

    @app.post("/body")
    def body(item: Item) -> Any:
        return item

    @app.get("/pure-error")
    async def pure_error(q: int = 0):
        return {"value": 1 / q if q else 1 // q}

    @app.get("/unbound")
    async def unbound(flag: bool = False):
        if flag:
            value = 1
        return value

    def dependency(name: str) -> str:
        leave("dependency")
        if name in RAISED:
            raise RAISED[name]()
        return name

    async def async_dependency(name: str) -> str:
        return dependency(name)

    @app.get("/dependency/{name}")
    def in_dependency(value: Annotated[str, Depends(dependency)]) -> Any:
        leave("handler")
        return value

    @app.get("/async-dependency/{name}")
    async def in_async_dependency(value: Annotated[str, Depends(async_dependency)]) -> Any:
        leave("handler")
        return value

    def before(name: str) -> Iterator[str]:
        leave("enter")
        if name == "before":
            raise CustomError("before")
        yield name
        leave("exit")
        if name == "after":
            raise CustomError("after")

    async def async_before(name: str) -> AsyncIterator[str]:
        for value in before(name):
            yield value

    def catching(name: str) -> Iterator[str]:
        leave("enter catching")
        try:
            yield name
        except HTTPException:
            leave("caught HTTP")
            if name != "swallowed-404":
                raise
        except CustomError as error:
            leave("caught custom")
            raise HTTPException(418, "replaced") from error
        except Exception as error:
            leave(f"caught {type(error).__name__}")
            if name != "swallow":
                raise
        finally:
            leave("finally")

    async def async_catching(name: str) -> AsyncIterator[str]:
        leave("enter async")
        try:
            yield name
        except HTTPException:
            leave("async caught HTTP")
            if name != "swallowed-404":
                raise
        except Exception as error:
            leave(f"async caught {type(error).__name__}")
            if name != "swallow":
                raise
        finally:
            leave("async finally")

    def work(name: str) -> Any:
        leave("handler")
        if name in RAISED:
            raise RAISED[name]()
        if name == "swallow":
            raise ValueError("swallowed")
        if name == "swallowed-404":
            raise HTTPException(404)
        return {"name": name}

    @app.get("/yield/{name}")
    def yielded(name: str, value: Annotated[str, Depends(before)]) -> Any:
        return work(name)

    @app.get("/async-yield/{name}")
    async def async_yielded(name: str, value: Annotated[str, Depends(async_before)]) -> Any:
        return work(name)

    @app.get("/catching/{name}")
    def caught(name: str, value: Annotated[str, Depends(catching)]) -> Any:
        return work(name)

    @app.get("/async-catching/{name}")
    async def async_caught(
        name: str, a: Annotated[str, Depends(catching)], b: Annotated[str, Depends(async_catching)]
    ) -> Any:
        return work(name)

    @app.get("/catching-model/{name}", response_model=Item)
    async def caught_model(name: str, value: Annotated[str, Depends(catching)]) -> Any:
        leave("handler")
        return {"b": 1}

    @app.get("/catching-stream/{name}")
    async def caught_stream(
        name: str, value: Annotated[str, Depends(catching)], tasks: BackgroundTasks
    ) -> Any:
        def parts() -> Iterator[bytes]:
            leave("stream")
            yield b"part"
            # What was not sent when a stream breaks off is lost.
            time.sleep(0 if name == "fine" else 0.1)
            if name in RAISED:
                raise RAISED[name]()
            if name == "swallow":
                raise ValueError("swallowed")

        tasks.add_task(leave, "task")
        return StreamingResponse(parts(), 203)

    @app.get("/catching-task/{name}")
    async def caught_task(name: str, value: Annotated[str, Depends(catching)], tasks: BackgroundTasks) -> Any:
        tasks.add_task(work, name)
        return PlainTextResponse(name) if name.startswith("4") else {"name": name}

    @app.get("/catching-class/{name}", response_class=StreamingResponse)
    async def caught_class(name: str, value: Annotated[str, Depends(catching)]) -> Any:
        leave("handler")
        return iter([name])

    @app.get("/function-scope/{name}")
    def function_scope(name: str, value: Annotated[str, Depends(catching, scope="function")]) -> Any:
        return work(name)

    def empty() -> Iterator[str]:
        yield from ()

    def twice() -> Iterator[str]:
        yield "a"
        leave("between")
        yield "b"

    @app.get("/empty-generator")
    def empty_generator(value: Annotated[str, Depends(empty)]) -> Any:
        return value

    @app.get("/twice-generator")
    def twice_generator(value: Annotated[str, Depends(twice)]) -> Any:
        return value


handled = FastAPI()
handled.include_router(router)
add_routes(handled)


@handled.exception_handler(CustomError)
async def custom(request: Request, error: CustomError) -> Response:
    leave(f"handled {request.url.path}")
    return JSONResponse({"custom": str(error), "route": request.scope["route"].path}, 418, {"X-Handled": "1"})


@handled.exception_handler(RaisingError)
def raising(request: Request, error: RaisingError) -> Response:
    raise RuntimeError("in the handler")


@handled.exception_handler(TranslatedError)
def translated(request: Request, error: TranslatedError) -> Response:
    raise HTTPException(402, "in other words") from error


@handled.exception_handler(RequestValidationError)
async def request_invalid(request: Request, error: RequestValidationError) -> Response:
    response = await request_validation_exception_handler(request, error)
    response.headers["X-Body"] = ascii(error.body)
    return response


@handled.exception_handler(ResponseValidationError)
def response_invalid(request: Request, error: ResponseValidationError) -> Response:
    return PlainTextResponse(f"{len(error.errors())} errors, {error.body!r}", 502)


@handled.exception_handler(StarletteHTTPException)
async def http_error(request: Request, error: StarletteHTTPException) -> Response:
    response = await http_exception_handler(request, error)
    response.headers["X-Status"] = f"{error.status_code} {request.method}"
    return response


@handled.exception_handler(404)
def not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"nothing at {request.url.path}: {error}", 404)


@handled.exception_handler(500)
async def last(request: Request, error: Exception) -> Response:
    return JSONResponse({"last": type(error).__name__, "path": request.url.path}, 500)


unhandled = FastAPI()
unhandled.include_router(router)
add_routes(unhandled)


@unhandled.exception_handler(ValidationError)
def not_valid(request: Request, error: ValidationError) -> Response:
    return JSONResponse(error.error_count(), 400)


debugging = FastAPI(debug=True)
debugging.include_router(router)


@debugging.get("/error/{code}")
async def error(code: int) -> Any:
    raise HTTPException(code)


@debugging.get("/result")
async def result(q: int) -> Any:
    return {"q": q}
