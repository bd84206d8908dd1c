"""Response objects, streams, files, background tasks."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from effects import leave, router
from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, FastAPI, Request, Response
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.background import BackgroundTasks as Tasks

FILE = Path(__file__).with_name("numbers.txt")
app = FastAPI()
app.include_router(router)


class Shouting(JSONResponse):
    media_type = "application/shout+json"

    def render(self, content: Any) -> bytes:
        return super().render(content).upper()


class Sending(Response):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 207, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"own ", "more_body": True})
        await send({"type": "http.response.body", "body": b"way"})


class Item(BaseModel):
    name: str


def with_cookies() -> Response:
    response = Response("cookies", media_type="text/plain")
    response.set_cookie("a", "1")
    response.set_cookie(
        "b", "x y", max_age=5, path="/p", domain="example.com", secure=True, httponly=True, samesite="strict"
    )
    response.set_cookie("c", "", expires=datetime(2030, 1, 1, tzinfo=UTC))
    response.delete_cookie("d")
    response.headers.append("X-Twice", "1")
    response.headers.append("X-Twice", "2")
    return response


RESPONSES: dict[str, Any] = {
    "plain": lambda: PlainTextResponse("text é"),
    "html": lambda: HTMLResponse("<p>é</p>", 404),
    "json": lambda: JSONResponse({"é": [1, None]}, 202, {"X-A": "b"}),
    "json-type": lambda: JSONResponse([1], media_type="application/problem+json"),
    "response": Response,
    "bytes": lambda: Response(b"\x00\xff", media_type="application/octet-stream"),
    "memoryview": lambda: Response(memoryview(b"abc")),
    "text-type": lambda: Response("é", media_type="text/css"),
    "charset": lambda: Response("x", media_type="text/css; charset=latin-1"),
    "content-type": lambda: Response("x", headers={"Content-Type": "a/b", "X-Empty": "", "X-Latin": "\xe9"}),
    "204": lambda: Response(status_code=204),
    "204-content": lambda: Response("content", status_code=204),
    "304": lambda: Response(status_code=304, headers={"ETag": '"x"'}),
    "205": lambda: Response(status_code=205),
    "418": lambda: PlainTextResponse("tea", 418),
    "599": lambda: PlainTextResponse("", 599),
    "100": lambda: Response(status_code=100),
    "cookies": with_cookies,
    "shouting": lambda: Shouting({"a": "b"}),
    "own": Sending,
    "redirect": lambda: RedirectResponse("/path é?q=ü&r=%20#f"),
    "redirect-303": lambda: RedirectResponse("https://example.com/", 303, {"X-A": "b"}),
    "length-right": lambda: Response("abc", headers={"Content-Length": "3"}),
    "length-short": lambda: Response("abc", headers={"Content-Length": "2"}),
    "length-long": lambda: Response("abc", headers={"Content-Length": "4"}),
    "date": lambda: Response("x", headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "Server": "own"}),
    "connection": lambda: Response("x", headers={"Connection": "close"}),
    "header-injection": lambda: Response("x", headers={"X-A": "a\r\nX-B: c"}),
    "header-name": lambda: Response("x", headers={"X A": "b"}),
    "unencodable": lambda: JSONResponse({"a": float("nan")}),
    "large": lambda: PlainTextResponse("0123456789" * 20_000),
}


@app.get("/sync/{name}")
def sync(name: str) -> Any:
    return RESPONSES[name]()


@app.get("/task/{name}", status_code=201)
async def task(name: str):
    return RESPONSES[name]()


@app.get("/typed/{name}", response_model=Item)
async def typed(name: str) -> Any:
    return RESPONSES[name]()


@app.api_route("/any-method/{name}", methods=["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
async def any_method(name: str) -> Any:
    return RESPONSES[name]()


@app.api_route("/any-method-result", methods=["GET", "HEAD"])
async def any_method_result() -> dict[str, int]:
    return {"a": 1}


@app.api_route("/any-method-file", methods=["GET", "HEAD"])
async def any_method_file() -> Any:
    return FileResponse(FILE)


@app.get("/mixed/{name}")
async def mixed(name: str, response: Response, tasks: BackgroundTasks) -> Any:
    response.headers["X-Sub"] = "sub"
    response.set_cookie("sub", "1")
    response.status_code = 202
    tasks.add_task(leave, f"task {name}")
    return RESPONSES[name]() if name in RESPONSES else {"name": name}


@app.get("/sub-response")
def sub_response(response: Response, kind: str = "plain") -> Any:
    response.headers["Content-Type"] = "text/csv"
    response.headers["X-Dup"] = kind
    response.headers.append("X-Dup", "second")
    response.delete_cookie("gone")
    return {"kind": kind}


@app.get("/sub-response-length")
async def sub_response_length(response: Response) -> Any:
    response.headers["Content-Length"] = "3"
    return {"a": 1}


@app.get("/class-html", response_class=HTMLResponse)
async def class_html() -> str:
    return "<p>é</p>"


@app.get("/class-shouting", response_class=Shouting)
async def class_shouting() -> Any:
    return {"a": "é"}


@app.get("/class-own", response_class=Sending)
async def class_own(response: Response) -> Any:
    response.headers["X-Sub"] = "1"
    return "x"


@app.get("/class-redirect", response_class=RedirectResponse, status_code=302)
def class_redirect() -> Any:
    return "/elsewhere"


@app.get("/class-file", response_class=FileResponse)
def class_file() -> Any:
    return str(FILE)


@app.get("/class-response", response_class=Response)
def class_response() -> Any:
    return "text"


@app.get("/class-response-dict", response_class=Response)
def class_response_dict() -> Any:
    return {"a": 1}


@app.get("/file")
async def file() -> FileResponse:
    return FileResponse(FILE)


@app.get("/file-download")
def file_download(name: str = "é numbers.txt", inline: bool = False) -> FileResponse:
    disposition = "inline" if inline else "attachment"
    return FileResponse(FILE, filename=name, headers={"X-A": "b"}, content_disposition_type=disposition)


@app.get("/file-missing")
async def file_missing() -> FileResponse:
    return FileResponse("/nonexistent/file")


@app.get("/file-directory")
async def file_directory() -> FileResponse:
    return FileResponse(os.path.dirname(__file__))


@app.get("/stream/sync")
def stream_sync() -> StreamingResponse:
    return StreamingResponse((f"{i}\n" for i in range(5)), media_type="text/plain")


async def numbers(count: int) -> AsyncIterator[bytes]:
    for i in range(count):
        await asyncio.sleep(0)
        yield b"%d," % i


@app.get("/stream/async")
async def stream_async(count: int = 3) -> StreamingResponse:
    return StreamingResponse(numbers(count), 203, {"X-A": "b"}, background=BackgroundTask(leave, "streamed"))


@app.get("/stream/length")
async def stream_length() -> StreamingResponse:
    return StreamingResponse(numbers(2), headers={"Content-Length": "4"})


@app.get("/stream/broken")
async def stream_broken() -> StreamingResponse:
    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        # What was not sent when a stream breaks off is lost.
        await asyncio.sleep(0.1)
        raise RuntimeError("broken")

    return StreamingResponse(broken())


@app.get("/yield/json")
async def yield_json() -> AsyncIterable[Item]:
    for name in "ab":
        yield Item(name=name)


@app.get("/yield/json-sync")
def yield_json_sync() -> Iterable[dict[str, int]]:
    for i in range(3):
        yield {"i": i}


@app.get("/yield/events", response_class=EventSourceResponse)
async def yield_events() -> AsyncIterable[Item]:
    for name in "ab":
        yield Item(name=name)


@app.get("/yield/raw-events", response_class=EventSourceResponse)
async def yield_raw_events() -> AsyncIterable[ServerSentEvent]:
    yield ServerSentEvent(data={"a": 1}, event="e", id="1", retry=10)
    yield ServerSentEvent(comment="c")
    yield ServerSentEvent(raw_data="raw\ntext")


@app.get("/yield/bytes", response_class=StreamingResponse)
def yield_bytes() -> Iterable[bytes]:
    yield b"a"
    yield b"b"


async def slow(name: str) -> None:
    await asyncio.sleep(0.01)
    leave(name)


@app.get("/background/tasks")
async def background_tasks(tasks: BackgroundTasks) -> Any:
    leave("handler")
    tasks.add_task(slow, "first")
    tasks.add_task(leave, "second")
    tasks.add_task(slow, "third")
    return {"a": 1}


@app.get("/background/sync")
def background_sync(tasks: BackgroundTasks) -> Any:
    tasks.add_task(leave, "task")
    leave("handler")
    return {"a": 1}


@app.get("/background/own")
def background_own(tasks: BackgroundTasks) -> Any:
    tasks.add_task(leave, "lost")
    return JSONResponse({}, background=BackgroundTask(leave, "own"))


@app.get("/background/response")
async def background_response(tasks: BackgroundTasks) -> Any:
    tasks.add_task(leave, "kept")
    return PlainTextResponse("x")


@app.get("/background/several")
async def background_several() -> Any:
    return PlainTextResponse("x", background=Tasks([BackgroundTask(slow, "a"), BackgroundTask(leave, "b")]))


@app.get("/background/failing")
async def background_failing(tasks: BackgroundTasks) -> Any:
    def fail() -> None:
        leave("failing")
        raise RuntimeError("task")

    tasks.add_task(fail)
    tasks.add_task(leave, "never")
    return {"a": 1}


def note(tasks: BackgroundTasks, response: Response) -> str:
    tasks.add_task(leave, "dependency's task")
    response.headers["X-Dependency"] = "1"
    response.status_code = 203
    return "noted"


@app.get("/background/dependency")
def background_dependency(noted: Annotated[str, Depends(note)], tasks: BackgroundTasks) -> Any:
    tasks.add_task(leave, "handler's task")
    return noted


@app.get("/background/none")
def background_none(tasks: BackgroundTasks) -> Any:
    return {"tasks": len(tasks.tasks)}


@app.get("/background/exception")
async def background_exception(tasks: BackgroundTasks) -> Any:
    tasks.add_task(leave, "never")
    leave("raising")
    return RESPONSES["unknown"]()


@app.get("/background/file")
async def background_file() -> Any:
    return FileResponse(FILE, background=BackgroundTask(leave, "file sent"))


@app.get("/cookies/echo")
def cookies_echo(request: Request, a: Annotated[str | None, Cookie()] = None) -> Any:
    return {"a": a, "all": request.cookies}


defaults = APIRouter(default_response_class=PlainTextResponse, prefix="/defaults")


@defaults.get("/text")
def default_text() -> Any:
    return "text"


@defaults.get("/json", response_class=JSONResponse)
def default_json() -> Any:
    return "text"


app.include_router(defaults)
