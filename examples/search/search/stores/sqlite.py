"""The default store: SQLite's FTS5, ranked by its BM25."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final, Self, TypeVar

from search.models import Document, Hit, Matches, Query

Result = TypeVar("Result")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS documents (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, site TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, url TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS documents_by_site ON documents (site);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    title, body, content='documents', content_rowid='key', tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS document_added AFTER INSERT ON documents BEGIN
    INSERT INTO words (rowid, title, body) VALUES (new.key, new.title, new.body);
END;
CREATE TRIGGER IF NOT EXISTS document_deleted AFTER DELETE ON documents BEGIN
    INSERT INTO words (words, rowid, title, body) VALUES ('delete', old.key, old.title, old.body);
END;
CREATE TABLE IF NOT EXISTS shelf (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, expires REAL NOT NULL) STRICT;
"""

_INSERT: Final = "INSERT INTO documents (id, site, title, body, url) VALUES (?, ?, ?, ?, ?)"

# A word in the title weighs as much as eight in the body.
_HITS: Final = """
SELECT d.id, d.site, d.title, d.body, d.url, -bm25(words, 8.0, 1.0) AS score
FROM words JOIN documents AS d ON d.key = words.rowid
WHERE words MATCH :match AND (:site IS NULL OR d.site = :site)
ORDER BY score DESC, d.id LIMIT :limit OFFSET :offset
"""

_SITES: Final = """
SELECT d.site, COUNT(*) FROM words JOIN documents AS d ON d.key = words.rowid
WHERE words MATCH :match GROUP BY d.site
"""


class SqliteStore:
    """Runs every statement on a few threads of its own, one connection a thread: the loop never waits."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sqlite")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    @classmethod
    async def open(cls, path: Path) -> Self:
        store = cls(path)
        await store._run(store._prepare)
        return store

    async def add(self, documents: Sequence[Document]) -> None:
        await self._run(self._add, documents)

    async def get(self, document_id: str) -> Document | None:
        return await self._run(self._get, document_id)

    async def delete(self, document_id: str) -> bool:
        return await self._run(self._change, "DELETE FROM documents WHERE id = ?", document_id) > 0

    async def count(self) -> int:
        return await self._run(self._count)

    async def search(self, query: Query) -> Matches:
        if not query.words:
            return Matches(total=0, hits=[], sites={})
        return await self._run(self._search, query)

    async def put(self, key: str, value: str) -> None:
        await self._run(self._change, "INSERT OR REPLACE INTO shelf (key, value) VALUES (?, ?)", key, value)

    async def read(self, key: str) -> str | None:
        return await self._run(self._read, key)

    async def claim(self, name: str, seconds: float) -> bool:
        # One statement, so that two processes cannot both see the claim free.
        statement = """
            INSERT INTO claims (name, expires) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET expires = excluded.expires WHERE claims.expires <= ?
        """
        now = time.time()
        return await self._run(self._change, statement, name, now + seconds, now) > 0

    async def release(self, name: str) -> None:
        await self._run(self._change, "DELETE FROM claims WHERE name = ?", name)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    async def _run(self, work: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Used by its own thread only, but closed by `close` once the threads have ended.
            connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    def _prepare(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._connection()
        # Readers go on while one writer writes.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)

    def _add(self, documents: Sequence[Document]) -> None:
        rows = [(d.id, d.site, d.title, d.body, str(d.url) if d.url else None) for d in documents]
        with self._connection() as connection, closing(connection.cursor()) as cursor:
            # REPLACE would skip the delete trigger (recursive_triggers is off) and leave stale words.
            for row in rows:
                cursor.execute("DELETE FROM documents WHERE id = ?", row[:1])
                cursor.execute(_INSERT, row)

    def _get(self, document_id: str) -> Document | None:
        statement = "SELECT id, site, title, body, url FROM documents WHERE id = ?"
        row = self._connection().execute(statement, (document_id,)).fetchone()
        return None if row is None else _document(row)

    def _count(self) -> int:
        count: int = self._connection().execute("SELECT COUNT(*) FROM documents").fetchone()[0]
        return count

    def _search(self, query: Query) -> Matches:
        # Quoted words are literals to FTS5, so a query can hold none of its operators.
        match = " ".join(f'"{word}"' for word in query.words)
        connection = self._connection()
        page = {"match": match, "site": query.site, "limit": query.limit, "offset": query.offset}
        hits = [Hit(document=_document(row), score=row[5]) for row in connection.execute(_HITS, page)]
        sites: dict[str, int] = dict(connection.execute(_SITES, {"match": match}).fetchall())
        total = sum(sites.values()) if query.site is None else sites.get(query.site, 0)
        return Matches(total=total, hits=hits, sites=sites)

    def _read(self, key: str) -> str | None:
        row = self._connection().execute("SELECT value FROM shelf WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _change(self, statement: str, *values: object) -> int:
        with self._connection() as connection:
            return connection.execute(statement, values).rowcount


def _document(row: Sequence[str | None]) -> Document:
    return Document.model_validate(dict(zip(("id", "site", "title", "body", "url"), row[:5], strict=True)))
