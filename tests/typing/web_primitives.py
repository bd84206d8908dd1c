"""What type checkers infer for requests, responses, WebSockets, data structures and configuration."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, assert_type

from fastrapi.authentication import requires
from fastrapi.background import BackgroundTask, BackgroundTasks
from fastrapi.compat.starlette.datastructures import UploadFile as StarletteUploadFile
from fastrapi.concurrency import contextmanager_in_threadpool, iterate_in_threadpool, run_in_threadpool
from fastrapi.config import Config
from fastrapi.convertors import Convertor
from fastrapi.datastructures import (
    URL,
    Address,
    Default,
    FormData,
    Headers,
    MutableHeaders,
    QueryParams,
    Secret,
    State,
    UploadFile,
    URLPath,
)
from fastrapi.requests import HTTPConnection, Request
from fastrapi.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from fastrapi.websockets import WebSocket


@dataclass
class LifespanState(State):
    answer: int


async def read_request(request: Request) -> None:
    assert_type(request.url, URL)
    assert_type(request.url.port, int | None)
    assert_type(request.url_for("name", item=1), URL)
    assert_type(request.headers, Headers)
    assert_type(request.headers["a"], str)
    assert_type(request.headers.get("a"), str | None)
    assert_type(request.headers.get("a", ""), str)
    assert_type(request.query_params, QueryParams)
    assert_type(request.query_params["a"], str)
    assert_type(request.query_params.getlist("a"), list[str])
    assert_type(request.cookies, dict[str, str])
    assert_type(request.path_params, dict[str, Any])
    assert_type(request.client, Address | None)
    assert_type(request.state, State)
    assert_type(await request.body(), bytes)
    assert_type(await request.json(), Any)
    assert_type(await request.form(max_files=1), FormData)
    async with request.form() as form:
        assert_type(form["a"], StarletteUploadFile | str)
    assert_type(request.stream(), AsyncGenerator[bytes, None])
    assert_type(await request.is_disconnected(), bool)


def read_typed_state(request: Request[LifespanState], websocket: WebSocket[LifespanState]) -> None:
    assert_type(request.state, LifespanState)
    assert_type(request.state.answer, int)
    assert_type(websocket.state.answer, int)
    connection: HTTPConnection[LifespanState] = request
    assert_type(connection.state.answer, int)


async def use_websocket(websocket: WebSocket) -> None:
    assert_type(await websocket.receive_text(), str)
    assert_type(await websocket.receive_bytes(), bytes)
    async for text in websocket.iter_text():
        assert_type(text, str)


def build_responses() -> list[Response]:
    response = JSONResponse({"a": 1}, headers={"a": "b"})
    assert_type(response.headers, MutableHeaders)
    response.set_cookie("a", "b", samesite="strict")
    response.set_cookie("a", samesite="other")  # type: ignore[arg-type]
    streamed = StreamingResponse([b"a", "b"])
    return [response, streamed, FileResponse("a"), RedirectResponse(URL("/a"))]


def use_data_structures() -> None:
    assert_type(URL("http://a").replace(port=1), URL)
    assert_type(URLPath("/a").make_absolute_url("http://a"), URL)
    assert_type(MutableHeaders() | {"a": "b"}, MutableHeaders)
    assert_type(UploadFile(BytesIO()).filename, str | None)
    assert_type(Default(1), int)


def function(number: int, *, text: str) -> bytes:
    return b""


async def use_threads() -> None:
    assert_type(await run_in_threadpool(function, 1, text="a"), bytes)
    await run_in_threadpool(function, "a", text="a")  # type: ignore[arg-type]
    async for item in iterate_in_threadpool([1]):
        assert_type(item, int)
    async with contextmanager_in_threadpool(BytesIO()) as file:
        assert_type(file, BytesIO)


def add_tasks(tasks: BackgroundTasks) -> None:
    tasks.add_task(function, 1, text="a")
    tasks.add_task(function, 1)  # type: ignore[call-arg]
    BackgroundTask(function, number="a", text="a")  # type: ignore[arg-type]


def read_config(config: Config) -> None:
    assert_type(config("A"), str)
    assert_type(config("A", default=None), str | None)
    assert_type(config("A", cast=int), int)
    assert_type(config("A", cast=bool, default=False), bool)
    assert_type(config("A", cast=bool, default=None), bool | None)
    assert_type(config("A", cast=Secret), Secret)


class Hexadecimal(Convertor[int]):
    regex = "[0-9a-f]+"

    def convert(self, value: str) -> int:
        return int(value, 16)

    def to_string(self, value: int) -> str:
        return f"{value:x}"


@requires("admin")
async def guarded(request: Request, number: int) -> str:
    return ""


async def call_guarded(request: Request) -> None:
    await guarded(request, number=1)
    await guarded(request, number="a")  # type: ignore[arg-type]
