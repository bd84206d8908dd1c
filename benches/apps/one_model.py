"""The smallest application with a model, for FastAPI and fastrapi alike."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float


@app.get("/")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@app.post("/items")
async def create(item: Item) -> Item:
    return item
