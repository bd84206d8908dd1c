"""The interface of a store."""

from collections.abc import Sequence
from typing import Protocol

from search.models import Document, Matches, Query


class Store(Protocol):
    """An index of documents, with a small key-value shelf and named claims beside it.

    Every method may be called concurrently, and from several worker processes.
    """

    @property
    def name(self) -> str:
        """What `/health` calls this store."""

    async def add(self, documents: Sequence[Document]) -> None:
        """Index `documents`, all or none; one with a known id replaces the stored one, the last one wins."""

    async def get(self, document_id: str) -> Document | None: ...

    async def delete(self, document_id: str) -> bool:
        """Return whether there was such a document."""

    async def count(self) -> int: ...

    async def search(self, query: Query) -> Matches:
        """Documents that hold all words, best first, equal ones by id; no words match nothing."""

    async def put(self, key: str, value: str) -> None:
        """Keep `value` on the shelf."""

    async def read(self, key: str) -> str | None:
        """The value last put under `key`."""

    async def claim(self, name: str, seconds: float) -> bool:
        """Take the claim `name` unless another holder has it; it lapses after `seconds`."""

    async def release(self, name: str) -> None: ...

    async def close(self) -> None: ...
