"""Configuration, read from environment variables that start with `SEARCH_`."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, RedisDsn
from pydantic_settings import BaseSettings, SettingsConfigDict

from search.accounts import Account


def default_data_directory() -> Path:
    """The user's cache directory, or the system's temporary one for a user without a home (containers)."""
    cache = os.environ.get("XDG_CACHE_HOME")
    if cache:
        return Path(cache) / "fastrapi-search"
    home = os.environ.get("HOME")
    if home and os.access(home, os.W_OK):
        return Path(home) / ".cache" / "fastrapi-search"
    return Path(tempfile.gettempdir()) / "fastrapi-search"


class CorpusSettings(BaseModel):
    """Which documents the loader indexes by itself."""

    model_config = ConfigDict(frozen=True)

    stdlib: bool = True
    packages: bool = True


class Settings(BaseSettings):
    """Everything that can be configured; instances are immutable and compare by value."""

    model_config = SettingsConfigDict(env_prefix="SEARCH_", env_nested_delimiter="__", frozen=True)

    data_directory: Path = Field(default_factory=default_data_directory)
    """Holds the SQLite index and the key that signs tokens."""

    redis_url: RedisDsn | None = None
    """Use this Redis server as the store instead of SQLite."""

    accounts: dict[str, Account] = Field(default_factory=dict)
    """Who may get a token, by user name; `python -m search.accounts` prints a value."""

    token_lifetime: timedelta = Field(default=timedelta(minutes=30), gt=timedelta(0))
    corpus: CorpusSettings = CorpusSettings()

    @property
    def database(self) -> Path:
        return self.data_directory / "index.sqlite3"

    @property
    def token_key_file(self) -> Path:
        return self.data_directory / "token.key"
