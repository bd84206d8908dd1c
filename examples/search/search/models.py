"""What the service stores, what it is asked and what it answers."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

DocumentId = Annotated[
    str,
    # What a path segment may hold without being encoded.
    Field(pattern=r"^[A-Za-z0-9_.:@+~-]+$", max_length=250, examples=["stdlib:asyncio.gather"]),
]


class Document(BaseModel):
    """One searchable text. A document with the id of a stored one replaces it."""

    model_config = ConfigDict(frozen=True)

    id: DocumentId
    site: Annotated[str, Field(min_length=1, max_length=100)]
    title: Annotated[str, Field(min_length=1, max_length=500)]
    body: Annotated[str, Field(max_length=1_000_000)]
    url: HttpUrl | None = None


class Query(BaseModel):
    """What a store is asked: documents that hold every word, best first."""

    model_config = ConfigDict(frozen=True)

    words: tuple[str, ...]
    site: str | None = None
    offset: int = 0
    limit: int = 10


class Hit(BaseModel):
    document: Document
    score: float


class Matches(BaseModel):
    """A store's answer. `sites` counts over all sites, whatever site the query asked for."""

    total: int
    hits: list[Hit]
    sites: dict[str, int]


class SearchResult(BaseModel):
    id: str
    site: str
    title: str
    url: HttpUrl | None
    score: float
    snippet: Annotated[str, Field(description="HTML: escaped text with the matches in `<mark>`.")]


class FacetValue(BaseModel):
    value: str
    count: int


class Facets(BaseModel):
    site: Annotated[list[FacetValue], Field(description="The sites with most results, most first.")]


class PageLinks(BaseModel):
    """Addresses of this page and its neighbours, relative to the server's root."""

    self: str
    previous: str | None
    next: str | None


class SearchPage(BaseModel):
    query: str
    total: int
    offset: int
    limit: int
    results: list[SearchResult]
    facets: Facets
    links: PageLinks


class Indexed(BaseModel):
    indexed: int


class Token(BaseModel):
    """The answer that RFC 6749, section 5.1 asks for."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: Annotated[int, Field(description="Seconds.")]
    scope: str


class Job(BaseModel):
    """A run over the corpus; `done` and `total` count documents."""

    id: UUID
    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    total: int = 0
    error: str | None = None


class JobStarted(BaseModel):
    job: Job
    status: str
    progress: Annotated[str, Field(description="Path of the WebSocket that reports the job's progress.")]


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    store: str
    documents: int
