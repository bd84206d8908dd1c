"""`/reindex`: index the corpus again in the background, and watch it."""

import asyncio
from typing import Final
from uuid import UUID

from fastrapi import APIRouter, BackgroundTasks, HTTPException, Security, WebSocket, WebSocketException
from fastrapi.websockets import WebSocketDisconnect
from search import indexing
from search.api.dependencies import SettingsDependency, StoreDependency, authorized
from search.models import Job, JobStarted

router = APIRouter(prefix="/reindex", tags=["reindex"])

_LOOK_EVERY: Final = 0.1  # seconds


@router.post("", status_code=202, dependencies=[Security(authorized, scopes=["index:rebuild"])])
async def reindex(store: StoreDependency, settings: SettingsDependency, tasks: BackgroundTasks) -> JobStarted:
    """Begin a job; only one runs at a time, in all worker processes together."""
    job = await indexing.begin(store)
    if job is None:
        raise HTTPException(409, "A job is running already")
    tasks.add_task(indexing.run, store, settings, job)
    return JobStarted(job=job, status=f"/reindex/{job.id}", progress=f"/reindex/{job.id}/progress")


@router.get("/{job_id}")
async def get_job(store: StoreDependency, job_id: UUID) -> Job:
    """The latest job, while it runs and until the next one begins."""
    job = await indexing.find(store, job_id)
    if job is None:
        raise HTTPException(404, "No such job")
    return job


@router.websocket("/{job_id}/progress")
async def watch_job(websocket: WebSocket, store: StoreDependency, job_id: UUID) -> None:
    """Send the job whenever it has moved, the last time when it has ended; then close.

    Jobs are looked up in the store rather than in memory, since another worker process may be running them.
    The id, which only the answer to `POST /reindex` tells, is all the permission that watching needs.
    """
    job = await indexing.find(store, job_id)
    if job is None:
        raise WebSocketException(code=4404, reason="No such job")
    await websocket.accept()
    try:
        await websocket.send_text(job.model_dump_json())
        while job.state == "running":
            await asyncio.sleep(_LOOK_EVERY)
            latest = await indexing.find(store, job_id)
            if latest is None:
                break
            if latest != job:
                job = latest
                await websocket.send_text(job.model_dump_json())
        await websocket.close()
    except WebSocketDisconnect:
        # The watcher left; the job goes on.
        return
