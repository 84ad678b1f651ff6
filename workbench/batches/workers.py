"""The shares of a batch on the workers of a `dask.distributed` client.

Workers read the bars through a database and a cache of their own. What a lost worker had done or
was doing is done again by another; that is the scheduler's work.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.batches.parts import MemoryPart
from workbench.batches.plan import Plan
from workbench.batches.work import in_memory, on_disk, passing_catalog
from workbench.errors import InputError
from workbench.settings import Settings
from workbench.store.database import Database

AHEAD = 2
"""Shares handed out for each thread of the workers: one to work on, and the next."""


def refuse_other_clients(client: Any) -> None:
    """Raise InputError unless it is a synchronous `distributed.Client`."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("client= needs dask: pip install 'workbench[dask]'") from None
    if not isinstance(client, Client) or client.asynchronous:
        raise InputError(f"client={client!r} is not a distributed.Client (a synchronous one)")


def share(settings: Settings, plan: Plan, parts_folder: Path | None, mark: str) -> MemoryPart | str:
    """What a worker does: the name of the part that it wrote, or the part where it cannot.

    It can where it sees the folder's `mark`, that is, the file system is a common one.
    """
    database = Database(settings)
    try:
        catalog = passing_catalog(database)
        if parts_folder is not None and (parts_folder / mark).exists():
            return on_disk(catalog, plan, parts_folder, threads=1)
        return in_memory(catalog, plan, threads=1)
    finally:
        database.close()


def _room(client: Any) -> int:
    """How many shares may be handed out; workers come and go."""
    threads: int = sum(client.nthreads().values())
    return AHEAD * max(1, threads)


def shared_out(
    client: Any, settings: Settings, plans: Sequence[Plan], parts_folder: Path | None
) -> Iterator[tuple[MemoryPart | str, Plan]]:
    """What `share` gives for each plan, as they come; a few are under way at a time."""
    from distributed import as_completed

    run = f"workbench-{uuid.uuid4().hex}"
    mark = f".{run}"
    if parts_folder is not None:
        (parts_folder / mark).touch()
    waiting = iter(enumerate(plans))
    held: dict[Any, Plan] = {}

    def submit(count: int) -> list[Any]:
        fresh = {
            client.submit(share, settings, plan, parts_folder, mark, key=f"{run}-{number}"): plan
            for number, plan in islice(waiting, max(0, count))
        }
        held.update(fresh)
        return list(fresh)

    try:
        coming = as_completed(submit(_room(client)))
        for future in coming:
            made, plan = future.result(), held.pop(future)
            coming.update(submit(_room(client) - len(held)))
            yield made, plan
    finally:
        with contextlib.suppress(Exception):  # the cluster may be gone; the reason is told already
            client.cancel(list(held))
        if parts_folder is not None:
            (parts_folder / mark).unlink(missing_ok=True)
