"""What type checkers accept and infer for the methods that add path operations."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, assert_type

from pydantic import BaseModel

from fastrapi import APIRouter, Depends, FastAPI, Response, WebSocket
from fastrapi.params import Depends as Dependency
from fastrapi.responses import HTMLResponse
from fastrapi.routing import APIRoute


class Item(BaseModel):
    name: str


class Tag(Enum):
    ITEMS = "items"


def require_token() -> None: ...


def unique_id(route: APIRoute) -> str:
    return route.name


app = FastAPI()
router = APIRouter()


@app.get("/items")
async def list_items(limit: int = 10) -> list[Item]:
    return []


@router.post("/items", status_code=201)
def create_item(item: Item) -> Item:
    return item


# The function is what it was, so that tests and other functions can call it.
assert_type(create_item(Item(name="a")), Item)
unchanged: Callable[[int], Coroutine[Any, Any, list[Item]]] = list_items
list_items("10")  # type: ignore[arg-type, unused-coroutine]


@app.put(
    "/items/{name}",
    response_model=Item,
    status_code=200,
    tags=["items", Tag.ITEMS],
    dependencies=[Dependency(require_token), Depends(require_token)],
    summary="Replace an item",
    description="All of it.",
    response_description="The item",
    responses={404: {"description": "No such item"}, "5XX": {"description": "Later"}},
    deprecated=False,
    operation_id="replace",
    response_model_include={"name"},
    response_model_exclude={"name": True},
    response_model_by_alias=True,
    response_model_exclude_unset=True,
    response_model_exclude_defaults=True,
    response_model_exclude_none=True,
    include_in_schema=True,
    response_class=HTMLResponse,
    name="replace",
    callbacks=router.routes,
    openapi_extra={"x-of-ours": 1},
    generate_unique_id_function=unique_id,
    max_body_size=1000,
    form_limits={"max_files": 1},
    cache_resp=False,
    rate_limit=10,
    cancel_on_disconnect=True,
)
def replace_item(name: str) -> dict[str, str]:
    return {"name": name}


assert_type(replace_item("a"), dict[str, str])

app.get("/", status_code="200")  # type: ignore[arg-type]
app.get("/", response_class=dict)  # type: ignore[arg-type]
app.get("/", tags="items")  # type: ignore[arg-type]
app.get("/", dependencies=[require_token])  # type: ignore[list-item]
app.get("/", unknown=1)  # type: ignore[call-arg]
app.get()  # type: ignore[call-arg]
app.get("/", methods=["GET"])  # type: ignore[call-arg]
app.get("/")(1)  # type: ignore[type-var]

for method in (app.get, app.put, app.post, app.delete, app.options, app.head, app.patch, app.trace):
    method("/", response_model=None, status_code=204)
for method in (router.get, router.put, router.post, router.delete, router.options, router.head):
    method("/", response_model=list[Item], include_in_schema=False)


@router.api_route("/any", methods=["GET", "POST"], response_model_exclude_none=True)
def answer() -> Response:
    return Response()


assert_type(answer(), Response)
app.add_api_route("/later", answer, methods={"GET"}, strict_content_type=False)
app.add_api_route("/later", answer, methods="GET")  # type: ignore[arg-type]


@app.websocket("/ws", name="socket", dependencies=[Depends(require_token)])
async def talk(websocket: WebSocket) -> None:
    await websocket.accept()


app.include_router(
    router,
    prefix="/v1",
    tags=["v1"],
    dependencies=[Depends(require_token)],
    default_response_class=HTMLResponse,
    responses={401: {"model": Item}},
    callbacks=None,
    deprecated=True,
    include_in_schema=False,
    generate_unique_id_function=unique_id,
    max_body_size=None,
    form_limits=None,
)
app.include_router(app)  # type: ignore[arg-type]
router.include_router(APIRouter(prefix="/more", route_class=APIRoute), prefix=1)  # type: ignore[arg-type]
