"""`GET /health`, for load balancers and for people."""

from fastrapi import APIRouter
from search.api.dependencies import StoreDependency
from search.models import Health

router = APIRouter(tags=["health"])


@router.get("/health")
async def health(store: StoreDependency) -> Health:
    """Asks the store, so an unreachable one makes the service unhealthy (500)."""
    return Health(store=store.name, documents=await store.count())
