"""`GET /search`."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastrapi import APIRouter
from fastrapi import Query as QueryParameter
from search.api.dependencies import StoreDependency
from search.models import Facets, FacetValue, Hit, PageLinks, Query, SearchPage, SearchResult
from search.text import excerpt, words

router = APIRouter(tags=["search"])

_FACET_VALUES: Final = 20


@router.get("/search")
async def search(
    store: StoreDependency,
    q: Annotated[
        str, QueryParameter(min_length=1, max_length=200, description="Words to find, all of them.")
    ],
    limit: Annotated[int, QueryParameter(ge=1, le=50)] = 10,
    offset: Annotated[int, QueryParameter(ge=0, le=100_000)] = 0,
    site: Annotated[str | None, QueryParameter(max_length=100, description="Search one site only.")] = None,
) -> SearchPage:
    """Documents that hold every word of `q`, best first."""
    query = Query(words=tuple(words(q)), site=site, offset=offset, limit=limit)
    matches = await store.search(query)
    return SearchPage(
        query=q,
        total=matches.total,
        offset=offset,
        limit=limit,
        results=[_result(hit, query) for hit in matches.hits],
        facets=_facets(matches.sites),
        links=_links(q, query, matches.total),
    )


def _result(hit: Hit, query: Query) -> SearchResult:
    document = hit.document
    return SearchResult(
        id=document.id,
        site=document.site,
        title=document.title,
        url=document.url,
        score=round(hit.score, 4),
        snippet=excerpt(document.body, query.words),
    )


def _facets(sites: dict[str, int]) -> Facets:
    ordered = sorted(sites.items(), key=lambda item: (-item[1], item[0]))
    return Facets(site=[FacetValue(value=site, count=count) for site, count in ordered[:_FACET_VALUES]])


def _links(q: str, query: Query, total: int) -> PageLinks:
    def page(offset: int) -> str:
        values = {"q": q, "limit": query.limit, "offset": offset}
        if query.site is not None:
            values["site"] = query.site
        return f"/search?{urlencode(values)}"

    following = query.offset + query.limit
    return PageLinks(
        self=page(query.offset),
        previous=page(max(0, query.offset - query.limit)) if query.offset > 0 else None,
        next=page(following) if following < total else None,
    )
