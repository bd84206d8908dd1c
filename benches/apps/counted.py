"""One route for each kind of request whose instructions are counted; benches/instructions.py asks them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel

from fastrapi import Depends, FastrAPI, Request, Response, WebSocket
from fastrapi.security import OAuth2PasswordBearer
from fastrapi.staticfiles import StaticFiles


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: float
    tags: list[str]


class Customer(BaseModel):
    name: str
    city: str


class Order(BaseModel):
    order_id: int
    customer: Customer
    lines: list[Line]
    express: bool = False


app = FastrAPI()
orders = [
    Order(
        order_id=i,
        customer=Customer(name="Ada", city="London"),
        lines=[Line(sku="a", quantity=1, unit_price=1.5, tags=["x"])],
    )
    for i in range(100)
]


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/hello-sync")
def hello_sync() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/items/{item_id}")
async def item(item_id: int, q: str, limit: int = 10) -> dict[str, int | str]:
    return {"item_id": item_id, "q": q, "limit": limit}


@app.post("/orders", response_model=Order)
async def create_order(order: Order) -> Order:
    return order


@app.get("/orders", response_model=list[Order])
async def list_orders() -> list[Order]:
    return orders


def get_settings() -> dict[str, str]:
    return {"region": "eu"}


async def get_database(settings: Annotated[dict[str, str], Depends(get_settings)]) -> AsyncIterator[str]:
    yield settings["region"]


async def get_user(
    database: Annotated[str, Depends(get_database)],
    token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))],
) -> str:
    return token + database


@app.get("/secure")
async def secure(user: Annotated[str, Depends(get_user)]) -> dict[str, str]:
    return {"user": user}


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


app.mount("/static", StaticFiles(directory=Path(__file__).parent))

behind = FastrAPI()
"""A second application: the middleware would be around all routes of the first."""


@behind.middleware("http")
async def mark(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["X-Marked"] = "yes"
    return response


@behind.get("/hello")
async def hello_behind() -> dict[str, str]:
    return {"message": "Hello, World!"}
