"""Dependencies and the request object."""

import functools
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

from effects import leave, router
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    Header,
    Path,
    Query,
    Request,
    Response,
)
from fastapi.requests import HTTPConnection
from pydantic import BaseModel

app = FastAPI(dependencies=[Depends(lambda: leave("application"))])
# Asking for effects shall have none.
app.router.routes.extend(router.routes)
current: ContextVar[str] = ContextVar("current", default="unset")


class Item(BaseModel):
    name: str


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, step: int = 1) -> int:
        self.calls += step
        leave(f"counter {self.calls}")
        return self.calls


class AsyncCounter(Counter):
    async def __call__(self, step: int = 1) -> int:  # type: ignore[override]
        return super().__call__(step)


class Pagination:
    def __init__(self, skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> None:
        self.skip, self.limit = skip, limit

    def shown(self, more: str = "-") -> str:
        return f"{self.skip}:{self.limit}:{more}"


def sync_one(q: str = "q") -> str:
    leave("sync one")
    return q


async def async_one(q: str = "q") -> str:
    leave("async one")
    return q


async def pure_one(q: str = "q"):
    return q


def uses_one(one: Annotated[str, Depends(sync_one)], x: Annotated[str | None, Header()] = None) -> str:
    leave("uses one")
    return f"{one} {x}"


async def uses_both(
    one: Annotated[str, Depends(async_one)],
    two: Annotated[str, Depends(uses_one)],
    three: str = Depends(pure_one),
) -> str:
    leave("uses both")
    return f"{one},{two},{three}"


def sync_yield(q: str = "q") -> Iterator[str]:
    leave("sync enter")
    current.set("sync")
    yield f"y{q}"
    leave(f"sync exit {current.get()}")


async def async_yield(value: Annotated[str, Depends(sync_yield)]) -> AsyncIterator[str]:
    leave("async enter")
    current.set("async")
    yield f"a{value}"
    leave(f"async exit {current.get()}")


counter, async_counter = Counter(), AsyncCounter()


@app.get("/cached")
async def cached(
    a: int = Depends(counter), b: int = Depends(counter), c: int = Depends(async_counter)
) -> Any:
    return [a, b, c]


@app.get("/uncached")
def uncached(a: int = Depends(counter, use_cache=False), b: int = Depends(counter, use_cache=False)) -> Any:
    return [a, b]


@app.get("/mixed-cache")
def mixed_cache(
    a: int = Depends(counter), b: int = Depends(counter, use_cache=False), c: int = Depends(counter)
) -> Any:
    return [a, b, c]


@app.get("/class")
def class_(page: Annotated[Pagination, Depends()]) -> Any:
    return [page.skip, page.limit]


@app.get("/method")
async def method(shown: Annotated[str, Depends(Pagination(1, 2).shown)]) -> Any:
    return shown


@app.get("/partial")
async def partial(
    value: Annotated[str, Depends(functools.partial(uses_one, x="fixed"))],
    page: Annotated[Pagination, Depends(functools.partial(Pagination, skip=3))],
) -> Any:
    return [value, page.skip, page.limit]


@app.get("/nested/sync")
def nested_sync(value: Annotated[str, Depends(uses_one)], one: Annotated[str, Depends(sync_one)]) -> Any:
    leave("handler")
    return [value, one]


@app.get("/nested/both")
def nested_both(value: Annotated[str, Depends(uses_both)]) -> Any:
    leave("handler")
    return value


@app.get("/nested/task")
async def nested_task(value: Annotated[str, Depends(uses_both)]) -> Any:
    leave("handler")
    return value


@app.get("/pure-tree")
async def pure_tree(a: str = Depends(pure_one), b: str = Depends(pure_one)):
    return [a, b]


@app.get("/yield/sync")
def yield_sync(value: Annotated[str, Depends(sync_yield)]) -> Any:
    leave(f"handler {current.get()}")
    return value


@app.get("/yield/task")
async def yield_task(value: Annotated[str, Depends(async_yield)], tasks: BackgroundTasks) -> Any:
    leave(f"handler {current.get()}")
    tasks.add_task(leave, "task")
    return value


@app.get("/yield/function")
async def yield_function(value: Annotated[str, Depends(sync_yield, scope="function")]) -> Any:
    return value


@app.get("/decorator", dependencies=[Depends(sync_one), Depends(uses_both)])
def decorator() -> Any:
    leave("handler")
    return "done"


@app.get("/response")
def response_(a: Annotated[None, Depends(lambda response: None)] = None) -> Any:
    return a


def sets_headers(response: Response) -> None:
    response.headers["X-A"] = "dependency"
    response.set_cookie("a", "1")
    response.status_code = 202


def sets_more(response: Response, first: Annotated[None, Depends(sets_headers)]) -> None:
    response.headers["X-B"] = response.headers.get("X-A", "none")


@app.get("/shared-response")
async def shared_response(response: Response, more: Annotated[None, Depends(sets_more)]) -> Any:
    response.headers["X-C"] = response.headers["X-B"]
    return {"status": response.status_code}


@app.post("/body-in-dependency")
def body_in_dependency(
    item: Annotated[Item, Depends(lambda item: item)] = None, page: Pagination = Depends()
) -> Any:  # type: ignore[assignment]
    return item


def takes_item(item: Item) -> Item:
    return item


@app.post("/body-once")
def body_once(item: Annotated[Item, Depends(takes_item)], q: str = "q") -> Any:
    return [item, q]


@app.post("/body-twice")
def body_twice(first: Annotated[Item, Depends(takes_item)], item: Item) -> Any:
    return [first, item]


@app.post("/body-and-more")
def body_and_more(first: Annotated[Item, Depends(takes_item)], other: Annotated[int, Body()]) -> Any:
    return [first, other]


@app.get("/same-name/{value}")
def same_name(
    value: Annotated[int, Path()],
    other: Annotated[str, Depends(lambda other=Query("query", alias="v"): other)],
    third: Annotated[str, Depends(lambda other=Cookie("cookie", alias="v"): other)],
) -> Any:
    return [value, other, third]


@app.get("/request/{item}")
async def request_(request: Request, item: str, connection: HTTPConnection) -> Any:
    request.state.seen = True
    return {
        "url": str(request.url),
        "base": str(request.base_url),
        "path": request.url.path,
        "raw_path": request.scope["raw_path"].decode(),
        "query": request.query_params.multi_items(),
        "params": request.path_params,
        "method": request.method,
        "headers": request.headers.items(),
        "cookies": request.cookies,
        "root_path": request.scope["root_path"],
        "route": request.scope["route"].path,
        "endpoint": request.scope["endpoint"].__name__,
        "url_for": str(request.url_for("request_", item="x y")),
        "state": request.state.seen,
        "same": connection.scope is request.scope,
        "http_version": request.scope["http_version"],
        "scheme": request.url.scheme,
    }


@app.post("/request-body")
async def request_body(request: Request) -> Any:
    body = await request.body()
    return {"length": len(body), "again": len(await request.body()), "start": body[:10].decode("latin-1")}


@app.post("/request-json")
async def request_json(request: Request) -> Any:
    return await request.json()


@app.post("/request-stream")
async def request_stream(request: Request) -> Any:
    data = b""
    async for chunk in request.stream():
        data += chunk
    return len(data)


@app.post("/request-form")
async def request_form(request: Request) -> Any:
    async with request.form() as form:
        return [
            [name, value if isinstance(value, str) else value.filename] for name, value in form.multi_items()
        ]


@app.post("/request-and-model")
async def request_and_model(item: Item, request: Request) -> Any:
    return [item.name, len(await request.body())]


@app.post("/request-unread")
def request_unread(request: Request) -> Any:
    return request.headers.get("content-length")


@app.get("/disconnected")
async def disconnected(request: Request) -> Any:
    return await request.is_disconnected()


def state_dependency(request: Request) -> str:
    request.state.value = "set"
    return "x"


@app.get("/state", dependencies=[Depends(state_dependency)])
def state(request: Request) -> Any:
    return request.state.value


inner = APIRouter(prefix="/inner/{outer}", dependencies=[Depends(uses_one)])


@inner.get("/{value}")
async def inner_value(outer: int, value: str, one: Annotated[str, Depends(async_one)]) -> Any:
    return [outer, value, one]


app.include_router(inner, dependencies=[Depends(lambda: leave("inclusion"))])
overridden = FastAPI()
overridden.include_router(router)
overridden.dependency_overrides[uses_one] = pure_one


@overridden.get("/value")
async def overridden_value(
    value: Annotated[str, Depends(uses_one)], other: Annotated[str, Depends(sync_one)]
) -> Any:
    return [value, other]


@overridden.post("/override/{name}")
def override(name: str) -> Any:
    if name == "none":
        overridden.dependency_overrides.clear()
    else:
        overridden.dependency_overrides[sync_one] = lambda: name
    return len(overridden.dependency_overrides)
