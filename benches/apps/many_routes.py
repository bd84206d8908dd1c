"""10,000 path operations in 100 routers, each with parameters and a model, for FastAPI and fastrapi alike."""

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float


@app.get("/")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


def add_operations(router: APIRouter, number: int) -> None:
    @router.get(f"/{number}/{{item_id}}")
    async def read(item_id: int, q: str | None = None) -> dict[str, int]:
        return {"item": item_id}

    @router.post(f"/{number}")
    async def create(item: Item) -> Item:
        return item


for group in range(100):
    router = APIRouter(prefix=f"/group{group}")
    for number in range(50):
        add_operations(router, number)
    app.include_router(router)
