"""Puts the service together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastrapi import FastrAPI
from fastrapi.responses import FileResponse
from fastrapi.staticfiles import StaticFiles
from search import indexing
from search.api import documents, health, reindexing, searching, tokens
from search.settings import Settings
from search.stores import open_store
from search.tokens import TokenIssuer

_PAGE: Final = Path(__file__).with_name("page")


def create_app(settings: Settings | None = None) -> FastrAPI:
    """The application; without `settings` it takes them from the environment."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastrAPI) -> AsyncIterator[None]:
        key_file = chosen.token_key_file
        app.state.settings = chosen
        app.state.tokens = await asyncio.to_thread(TokenIssuer.from_key_file, key_file, chosen.token_lifetime)
        app.state.store = await open_store(chosen)
        try:
            # The first request may come as soon as this is over, and is to find a complete index.
            await indexing.ensure_built(app.state.store, chosen)
            yield
        finally:
            await app.state.store.close()

    app = FastrAPI(title="Search", summary="Full-text search over Python's documentation.", lifespan=lifespan)
    for module in (searching, documents, reindexing, tokens, health):
        app.include_router(module.router)
    app.add_api_route("/", _show_page, include_in_schema=False)
    app.mount("/page", StaticFiles(directory=_PAGE), name="page")
    return app


async def _show_page() -> FileResponse:
    return FileResponse(_PAGE / "index.html")
