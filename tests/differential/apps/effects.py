"""What requests leave behind, for clients to ask for."""

import asyncio

from fastapi import APIRouter

_log: list[str] = []
router = APIRouter()


def leave(effect: str) -> None:
    """Note an effect."""
    _log.append(effect)


@router.get("/effects/{count}")
async def effects(count: int) -> list[str]:
    """The effects so far, once there are so many; they are forgotten then."""
    for _ in range(500):
        if len(_log) >= count:
            break
        await asyncio.sleep(0.01)
    taken = _log.copy()
    _log.clear()
    return taken
