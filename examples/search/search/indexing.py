"""Building the index from the corpus, once for all worker processes, with progress anyone can watch."""

import asyncio
import logging
from itertools import islice
from typing import Final
from uuid import UUID, uuid4

from pydantic import ValidationError

from search import corpus
from search.models import Job
from search.settings import Settings
from search.stores import Store

logger = logging.getLogger("search.indexing")

_BATCH: Final = 250
_CLAIM: Final = "indexing"
_CLAIM_SECONDS: Final = 300.0
_JOB: Final = "job"
_SETTINGS: Final = "settings"


async def save_settings(store: Store, settings: Settings) -> None:
    """Keep the settings that the index was built with in the store itself."""
    await store.put(_SETTINGS, settings.model_dump_json())


async def load_settings(store: Store) -> Settings | None:
    """The settings that `save_settings` kept, unless it was another version of the service that kept them."""
    text = await store.read(_SETTINGS)
    if text is None:
        return None
    try:
        # Not `Settings(**values)`: that would read the environment again and mix it in.
        return Settings.model_validate_json(text)
    except ValidationError:
        return None


async def begin(store: Store) -> Job | None:
    """Start a job, or return none while another one runs. The caller then awaits `run`."""
    if not await store.claim(_CLAIM, _CLAIM_SECONDS):
        return None
    job = Job(id=uuid4())
    await _save(store, job)
    return job


async def run(store: Store, settings: Settings, job: Job) -> Job:
    """Index the corpus. A failure is logged and kept in the job; whoever watches it is told."""
    try:
        documents = await asyncio.to_thread(corpus.load, settings.corpus)
        job = job.model_copy(update={"total": len(documents)})
        remaining = iter(documents)
        while batch := list(islice(remaining, _BATCH)):
            await store.add(batch)
            job = job.model_copy(update={"done": job.done + len(batch)})
            await _save(store, job)
        await save_settings(store, settings)
        job = job.model_copy(update={"state": "done"})
    except asyncio.CancelledError:
        # The server stops: the next one shall not have to wait until the claim lapses.
        await store.release(_CLAIM)
        raise
    except Exception as error:
        logger.exception("Indexing the corpus failed")
        job = job.model_copy(update={"state": "failed", "error": f"{type(error).__name__}: {error}"})
    # Watchers first: whoever sees the claim free may begin the next job, which takes this one's place.
    await _save(store, job)
    await store.release(_CLAIM)
    return job


async def find(store: Store, job_id: UUID) -> Job | None:
    """The job `job_id`, if it is the latest one: an older one is forgotten when the next one begins."""
    text = await store.read(_JOB)
    job = Job.model_validate_json(text) if text is not None else None
    return job if job is not None and job.id == job_id else None


async def ensure_built(store: Store, settings: Settings) -> None:
    """Return once the store holds the corpus that `settings` asks for.

    One process builds it, the others wait.
    """
    while True:
        built_with = await load_settings(store)
        if built_with is not None and built_with.corpus == settings.corpus:
            return
        job = await begin(store)
        if job is not None:
            job = await run(store, settings, job)
            if job.state == "failed":
                raise RuntimeError(f"cannot build the index: {job.error}")
            logger.info("Indexed %d documents", job.total)
            return
        await asyncio.sleep(0.1)


async def _save(store: Store, job: Job) -> None:
    await store.put(_JOB, job.model_dump_json())
