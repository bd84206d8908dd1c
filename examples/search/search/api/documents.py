"""`/documents`: anyone reads, the scope `documents:write` adds and deletes."""

from typing import Annotated

from fastrapi import APIRouter, Body, HTTPException, Path, Security
from search.api.dependencies import StoreDependency, authorized
from search.models import Document, Indexed

router = APIRouter(prefix="/documents", tags=["documents"])
writer = Security(authorized, scopes=["documents:write"])
Id = Annotated[str, Path(max_length=250)]


@router.post("", status_code=201, dependencies=[writer])
async def add_documents(
    store: StoreDependency, documents: Annotated[list[Document], Body(min_length=1, max_length=1000)]
) -> Indexed:
    """Index up to 1,000 documents, all or none. A document with a known id replaces the stored one."""
    await store.add(documents)
    return Indexed(indexed=len({document.id for document in documents}))


@router.get("/{document_id}")
async def get_document(store: StoreDependency, document_id: Id) -> Document:
    document = await store.get(document_id)
    if document is None:
        raise HTTPException(404, "No such document")
    return document


@router.delete("/{document_id}", status_code=204, dependencies=[writer])
async def delete_document(store: StoreDependency, document_id: Id) -> None:
    if not await store.delete(document_id):
        raise HTTPException(404, "No such document")
