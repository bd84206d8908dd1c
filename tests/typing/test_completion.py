"""Editors show every keyword of the functions whose keyword lists are written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from language_server import LanguageServer

import fastrapi

ROOT = Path(__file__).parents[2]

CALLS: dict[str, Callable[..., Any]] = {
    **{
        f"app.{method}": getattr(fastrapi.FastAPI, method)
        for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    },
    "router.get": fastrapi.APIRouter.get,
    "app.api_route": fastrapi.FastAPI.api_route,
    "app.add_api_route": fastrapi.FastAPI.add_api_route,
    "app.include_router": fastrapi.FastAPI.include_router,
    "app.websocket": fastrapi.FastAPI.websocket,
    "router.api_route": fastrapi.APIRouter.api_route,
    "router.add_api_route": fastrapi.APIRouter.add_api_route,
    "router.include_router": fastrapi.APIRouter.include_router,
    "fastrapi.FastAPI": fastrapi.FastAPI,
    "fastrapi.APIRouter": fastrapi.APIRouter,
    **{
        f"fastrapi.{name}": getattr(fastrapi, name)
        for name in ("Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security")
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    server = LanguageServer(ROOT)
    yield server
    server.close()


@pytest.mark.parametrize("call", CALLS)
def test_every_keyword_is_offered(call: str, server: LanguageServer) -> None:
    text = f"import fastrapi\n\napp = fastrapi.FastAPI()\nrouter = fastrapi.APIRouter()\n{call}("
    expected = [name for name in inspect.signature(CALLS[call]).parameters if name != "self"]
    assert server.keywords("tests/typing/completed.py", text) == expected
