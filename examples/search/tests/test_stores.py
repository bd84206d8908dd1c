"""Both stores keep the one interface's promises."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from search.models import Document, Query
from search.stores import Store
from search.stores.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


def document(name: str, body: str, *, site: str = "docs", title: str | None = None) -> Document:
    return Document(id=name, site=site, title=title or name, body=body)


async def found(store: Store, *words: str, **options: object) -> list[str]:
    matches = await store.search(Query.model_validate({"words": words, **options}))
    return [hit.document.id for hit in matches.hits]


async def test_a_document_comes_back_as_it_was(store: Store) -> None:
    given = Document.model_validate(
        {"id": "a", "site": "s", "title": "Töltés", "body": "x\n y", "url": "https://example.org/a?b=1"}
    )
    await store.add([given])
    assert await store.get("a") == given
    assert await store.get("b") is None
    assert await store.count() == 1


async def test_all_words_have_to_match(store: Store) -> None:
    await store.add([document("both", "red green"), document("one", "red blue")])
    assert await found(store, "red", "green") == ["both"]
    assert await found(store, "red", "absent") == []
    assert await found(store) == []


async def test_a_match_in_the_title_ranks_first_and_rare_words_weigh_more(store: Store) -> None:
    filler = [document(f"filler{i}", "common words all over") for i in range(20)]
    body = document("body", "the loop is mentioned once here among other words")
    title = document("title", "nothing more to say about it", title="loop")
    await store.add([*filler, body, title])
    assert await found(store, "loop") == ["title", "body"]


async def test_a_document_that_says_it_more_often_ranks_first(store: Store) -> None:
    await store.add([document("a", "sort one two three four"), document("b", "sort sort sort three four")])
    matches = await store.search(Query(words=("sort",)))
    assert [hit.document.id for hit in matches.hits] == ["b", "a"]
    assert matches.hits[0].score > matches.hits[1].score > 0


async def test_pages_and_equal_scores(store: Store) -> None:
    await store.add([document(f"d{i}", "same words") for i in range(5)])
    assert await found(store, "same", limit=2) == ["d0", "d1"]
    assert await found(store, "same", limit=2, offset=4) == ["d4"]
    assert await found(store, "same", offset=5) == []


async def test_sites_are_counted_over_all_sites_and_filter(store: Store) -> None:
    await store.add(
        [document("a", "word", site="x"), document("b", "word", site="y"), document("c", "word", site="y")]
    )
    matches = await store.search(Query(words=("word",), site="y"))
    assert matches.total == 2
    assert matches.sites == {"x": 1, "y": 2}
    assert [hit.document.id for hit in matches.hits] == ["b", "c"]


async def test_replacing_and_deleting_leave_no_words_behind(store: Store) -> None:
    await store.add([document("a", "old"), document("a", "older")])
    await store.add([document("a", "new")])
    assert await found(store, "old") == await found(store, "older") == []
    assert await found(store, "new") == ["a"]
    assert await store.delete("a")
    assert not await store.delete("a")
    assert await found(store, "new") == []
    assert await store.count() == 0


@pytest.mark.parametrize("word", ["and", "near", "title", "é"])
async def test_words_that_mean_something_to_the_store_are_only_words(store: Store, word: str) -> None:
    await store.add([document("a", "nothing to find")])
    assert await found(store, word) == []


async def test_accents_and_case_do_not_matter(store: Store) -> None:
    await store.add([document("a", "Café CRÈME")])
    assert await found(store, "cafe", "creme") == ["a"]


async def test_the_shelf_keeps_the_last_value(store: Store) -> None:
    assert await store.read("key") is None
    await store.put("key", "1")
    await store.put("key", "2")
    assert await store.read("key") == "2"


async def test_a_claim_has_one_holder_until_released_or_lapsed(store: Store) -> None:
    taken = await asyncio.gather(*(store.claim("job", 60) for _ in range(8)))
    assert taken.count(True) == 1
    await store.release("job")
    assert await store.claim("job", 0.001)
    await asyncio.sleep(0.05)
    assert await store.claim("job", 60)


async def test_concurrent_writers_and_readers(store: Store) -> None:
    batches = [[document(f"{batch}-{i}", "word") for i in range(20)] for batch in range(10)]
    await asyncio.gather(*(store.add(batch) for batch in batches), *(store.count() for _ in range(20)))
    assert await store.count() == 200
    assert (await store.search(Query(words=("word",)))).total == 200


async def test_sqlite_never_runs_on_the_loops_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    connect = sqlite3.connect

    def traced_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda statement: threads.append(threading.get_ident()))
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced_connect)
    store = await SqliteStore.open(tmp_path / "index.sqlite3")
    await store.add([document("a", "word")])
    assert await found(store, "word") == ["a"]
    await store.close()
    assert threads
    assert threading.get_ident() not in threads
