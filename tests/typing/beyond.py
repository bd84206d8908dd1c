"""What type checkers accept of that which FastAPI does not have."""

from __future__ import annotations

from typing import Annotated, Any, assert_type

from fastrapi import APIRouter, Depends, FastAPI, Request
from fastrapi.json_codecs import JSONCodec, json_codec
from fastrapi.middleware import Middleware
from fastrapi.middleware.gzip import GZipMiddleware
from fastrapi.responses import JSONResponse
from fastrapi.types import Scope


class Codec:
    def dumps(self, value: Any, /) -> str:
        return ""

    def loads(self, data: bytes, /) -> Any:
        return None


async def handler(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({})


async def engine() -> Scope:
    return {}


codec: JSONCodec = Codec()
assert_type(json_codec("orjson"), JSONCodec | None)

app = FastAPI(json=codec, problem_details=True, cancel_on_disconnect=True)
named = FastAPI(json="stdlib")
router = APIRouter(
    middleware=[Middleware(GZipMiddleware, minimum_size=100)],
    exception_handlers={404: handler, LookupError: handler},
)


@router.get("/", cancel_on_disconnect=False)
async def read(engine: Annotated[Scope, Depends(engine, scope="lifespan")]) -> None:
    assert_type(engine, Scope)


FastAPI(json="simplejson")  # type: ignore[arg-type]
FastAPI(json=object())  # type: ignore[arg-type]
Depends(engine, scope="session")  # type: ignore[arg-type]
