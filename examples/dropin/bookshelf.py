"""A shelf of books, as any FastAPI application with a few packages: it knows nothing of fastrapi."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response, status
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from fastapi_pagination import LimitOffsetPage, Page, add_pagination, paginate
from prometheus_fastapi_instrumentator import Instrumentator
from pydantic import BaseModel, Field
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.util import get_remote_address
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.websockets import WebSocket

TITLES = ["Emma", "Middlemarch", "Persuasion", "Villette", "Shirley", "Cranford", "Ivanhoe"]


class Book(BaseModel):
    """A book on the shelf."""

    number: int = Field(ge=1)
    title: str = Field(min_length=1)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, dict[int, Book]]]:
    """Fill the shelf."""
    yield {"shelf": {number: Book(number=number, title=title) for number, title in enumerate(TITLES, 1)}}


def shelf(request: Request) -> dict[int, Book]:
    """The books by number."""
    books: dict[int, Book] = request.state.shelf
    return books


def librarian(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> str:
    """The name of a person who may change the shelf."""
    if credentials.password != "quiet":
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Only librarians may do that")
    return credentials.username


Shelf = Annotated[dict[int, Book], Depends(shelf)]
limiter = Limiter(key_func=get_remote_address)
router = APIRouter(prefix="/books", tags=["books"])


@router.get("")
def list_books(books: Shelf) -> Page[Book]:
    """The books in pages."""
    return paginate(list(books.values()))


@router.get("/window")
def window(books: Shelf) -> LimitOffsetPage[Book]:
    """The books from an offset on."""
    return paginate(list(books.values()))


@router.get("/lucky")
@limiter.limit("2/hour")
async def lucky(request: Request, books: Shelf) -> Book:
    """A book for those who ask seldom."""
    return books[3]


@router.get("/{number}")
async def read_book(number: int, books: Shelf) -> Book:
    """One book."""
    if number not in books:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "No such book")
    return books[number]


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_book(
    book: Book, books: Shelf, by: Annotated[str, Depends(librarian)], response: Response
) -> Book:
    """Put a book on the shelf."""
    books[book.number] = book
    response.headers["x-added-by"] = by
    return book


async def add_version(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Say in each answer which release it comes from."""
    response = await call_next(request)
    response.headers["x-release"] = "7"
    return response


app = FastAPI(title="Bookshelf", lifespan=lifespan)
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)  # type: ignore[arg-type]
app.add_middleware(GZipMiddleware, minimum_size=200)
app.add_middleware(BaseHTTPMiddleware, dispatch=add_version)
app.include_router(router)


@app.get("/latest")
def latest(books: Shelf) -> Page[Book]:
    """The books in pages, the latest first."""
    return paginate(list(books.values())[::-1])


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    """Send back what comes, until nothing does."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def door(request: Request) -> PlainTextResponse:
    """The sign on the door, from an application of its own."""
    return PlainTextResponse(f"open {request.path_params['day']}")


app.mount("/door", Starlette(routes=[Route("/{day}", door)]))
add_pagination(app)
Instrumentator().instrument(app).expose(app)
