from datetime import timedelta

import pytest
from pydantic import ValidationError

from search import indexing
from search.accounts import Account
from search.settings import Settings
from search.stores import Store

pytestmark = pytest.mark.anyio


def test_every_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_DATA_DIRECTORY", "/var/lib/search")
    monkeypatch.setenv("SEARCH_REDIS_URL", "redis://cache.example:6379/2")
    monkeypatch.setenv("SEARCH_TOKEN_LIFETIME", "PT2H")
    monkeypatch.setenv("SEARCH_CORPUS__PACKAGES", "false")
    monkeypatch.setenv("SEARCH_ACCOUNTS", '{"ada": {"password_hash": "s$d", "scopes": ["index:rebuild"]}}')
    settings = Settings()
    assert str(settings.database) == "/var/lib/search/index.sqlite3"
    assert str(settings.redis_url) == "redis://cache.example:6379/2"
    assert settings.token_lifetime == timedelta(hours=2)
    assert settings.corpus.stdlib
    assert not settings.corpus.packages
    assert settings.accounts == {"ada": Account(password_hash="s$d", scopes=frozenset({"index:rebuild"}))}


def test_a_wrong_setting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_TOKEN_LIFETIME", "-PT5M")
    with pytest.raises(ValidationError, match="greater than 0"):
        Settings()


async def test_settings_survive_the_store(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings.model_copy(
        update={
            "accounts": {"ada": Account(password_hash="s$d", scopes=frozenset({"documents:write"}))},
            "token_lifetime": timedelta(seconds=90.5),
        }
    )
    await indexing.save_settings(store, given)
    # The environment has no say in what was stored.
    monkeypatch.setenv("SEARCH_TOKEN_LIFETIME", "PT9H")
    loaded = await indexing.load_settings(store)
    assert loaded == given
    assert type(loaded) is Settings


async def test_settings_of_another_version_are_ignored(store: Store) -> None:
    assert await indexing.load_settings(store) is None
    await store.put("settings", '{"token_lifetime": "for ever"}')
    assert await indexing.load_settings(store) is None
