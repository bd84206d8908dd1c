"""The application whose routes the benchmarks run, and objects to encode."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from pydantic import BaseModel

from fastrapi import Depends, FastrAPI
from fastrapi.plan import compile_application
from fastrapi.security import OAuth2PasswordBearer


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: float
    tags: list[str]


class Order(BaseModel):
    order_id: int
    customer: dict[str, str]
    lines: list[Line]
    express: bool = False


app = FastrAPI(openapi_url=None)
orders = [
    Order(order_id=i, customer={"name": "Ada"}, lines=[Line(sku="a", quantity=1, unit_price=1.5, tags=["x"])])
    for i in range(100)
]


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/items/{item_id}")
async def item(item_id: int, q: str, limit: int = 10) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit}


@app.post("/orders", response_model=Order)
async def order(order: Order) -> Order:
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


plan = compile_application(app)
small = {"message": "Hello, World!"}
rows = [{"id": i, "name": f"Product {i}", "price": 9.5 + i, "tags": ["red", "blue"]} for i in range(100)]
