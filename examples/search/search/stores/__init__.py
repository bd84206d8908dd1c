"""Where documents live: one interface, two implementations, chosen by the settings."""

from search.settings import Settings
from search.stores.base import Store
from search.stores.redis import RedisStore
from search.stores.sqlite import SqliteStore

__all__ = ["Store", "open_store"]


async def open_store(settings: Settings) -> Store:
    """Open the store that `settings` names; the caller closes it."""
    if settings.redis_url is not None:
        return await RedisStore.open(str(settings.redis_url))
    return await SqliteStore.open(settings.database)
