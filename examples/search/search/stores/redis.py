"""The other store: an inverted index in Redis, one sorted set of document ids a word.

A member's score is the word's weight in that document, the part of BM25 that the document alone decides. The
part that depends on the whole index, a word's rarity, is given to Redis as the set's weight when sets are
intersected.
"""

import math
import uuid
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Final, Self, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from search.models import Document, Hit, Matches, Query
from search.text import words

_TITLE_WEIGHT: Final = 8
_SATURATION: Final = 1.2
_LENGTH_WEIGHT: Final = 0.75
# BM25 compares a document's length with the index's average. That moves with every change and would touch
# every weight already stored, so it is a constant here, near the average of the corpus.
_TYPICAL_LENGTH: Final = 50

_DOCUMENT: Final = "search:document:"
_WORD: Final = "search:word:"
_SITES: Final = "search:sites"
_SHELF: Final = "search:shelf"
_CLAIM: Final = "search:claim:"


class RedisStore:
    name = "redis"

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @classmethod
    async def open(cls, url: str) -> Self:
        redis: Redis = Redis.from_url(url, decode_responses=True)
        await redis.ping()
        return cls(redis)

    async def add(self, documents: Sequence[Document]) -> None:
        latest = {document.id: document for document in documents}
        if not latest:
            return
        stored = await self._redis.mget([_DOCUMENT + document_id for document_id in latest])
        async with self._redis.pipeline(transaction=True) as pipe:
            for text in stored:
                if text is not None:
                    _forget(pipe, Document.model_validate_json(text))
            for document in latest.values():
                _remember(pipe, document)
            await pipe.execute()

    async def get(self, document_id: str) -> Document | None:
        text = await self._redis.get(_DOCUMENT + document_id)
        return None if text is None else Document.model_validate_json(text)

    async def delete(self, document_id: str) -> bool:
        document = await self.get(document_id)
        if document is None:
            return False
        async with self._redis.pipeline(transaction=True) as pipe:
            _forget(pipe, document)
            # Another process may have deleted the document since it was read: the last command tells.
            return bool((await pipe.execute())[-1])

    async def count(self) -> int:
        return await self._redis.hlen(_SITES)

    async def search(self, query: Query) -> Matches:
        ranked = await self._ranked(query.words)
        if not ranked:
            return Matches(total=0, hits=[], sites={})
        ids = [document_id for document_id, _ in ranked]
        sites = await cast(Awaitable[list[str | None]], self._redis.hmget(_SITES, ids))
        chosen = [entry for entry, site in zip(ranked, sites, strict=True) if query.site in (None, site)]
        page = chosen[query.offset : query.offset + query.limit]
        texts = await self._redis.mget([_DOCUMENT + document_id for document_id, _ in page]) if page else []
        # A document deleted since the intersection is left out.
        hits = [
            Hit(document=Document.model_validate_json(text), score=score)
            for text, (_, score) in zip(texts, page, strict=True)
            if text is not None
        ]
        return Matches(
            total=len(chosen), hits=hits, sites=Counter(site for site in sites if site is not None)
        )

    async def put(self, key: str, value: str) -> None:
        await self._redis.hset(_SHELF, key, value)

    async def read(self, key: str) -> str | None:
        return await cast(Awaitable[str | None], self._redis.hget(_SHELF, key))

    async def claim(self, name: str, seconds: float) -> bool:
        return bool(await self._redis.set(_CLAIM + name, "held", nx=True, px=int(seconds * 1000)))

    async def release(self, name: str) -> None:
        await self._redis.delete(_CLAIM + name)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ranked(self, wanted: Sequence[str]) -> list[tuple[str, float]]:
        """All documents with every word, best first."""
        keys = [_WORD + word for word in dict.fromkeys(wanted)]
        if not keys:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hlen(_SITES)
            for key in keys:
                pipe.zcard(key)
            size, *frequencies = await pipe.execute()
        if not all(frequencies):
            return []
        rarity = {
            key: math.log1p((size - frequency + 0.5) / (frequency + 0.5))
            for key, frequency in zip(keys, frequencies, strict=True)
        }
        # ZINTER, which needs no key for its result, is missing before Redis 6.2.
        result = f"search:result:{uuid.uuid4()}"
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zinterstore(result, rarity)
            pipe.zrange(result, 0, -1, withscores=True)
            pipe.delete(result)
            _, ranked, _ = await pipe.execute()
        return sorted(ranked, key=lambda entry: (-entry[1], entry[0]))


def _weights(document: Document) -> dict[str, float]:
    counts = Counter(words(document.body))
    length = counts.total() / _TYPICAL_LENGTH
    for word in words(document.title):
        counts[word] += _TITLE_WEIGHT
    base = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length)
    return {word: count * (_SATURATION + 1) / (count + base) for word, count in counts.items()}


def _remember(pipe: Pipeline, document: Document) -> None:
    pipe.set(_DOCUMENT + document.id, document.model_dump_json())
    pipe.hset(_SITES, document.id, document.site)
    for word, weight in _weights(document).items():
        pipe.zadd(_WORD + word, {document.id: weight})


def _forget(pipe: Pipeline, document: Document) -> None:
    for word in _weights(document):
        pipe.zrem(_WORD + word, document.id)
    pipe.delete(_DOCUMENT + document.id)
    pipe.hdel(_SITES, document.id)
