"""The share of a batch that is done at one time: read the bars, compute, keep the outputs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from workbench.batches.parts import (
    MemoryPart,
    Union,
    appearing,
    file_of,
    write_columns,
    write_head,
)
from workbench.batches.plan import Plan
from workbench.cache.layers import Cache
from workbench.catalog import Catalog
from workbench.errors import NoBarsError
from workbench.reads import Read, recording
from workbench.shape import panel, timestamps_us
from workbench.store.database import Database


def passing_catalog(database: Database) -> Catalog:
    """A catalog for bars that pass through: the cache's files serve, its memory is left alone."""
    return Catalog(database, Cache.of(replace(database.settings, cache_memory_bytes=0)))


def present_tokens(catalog: Catalog, plan: Plan) -> tuple[str, ...]:
    """What the tokens of a plan's symbols would be if they were computed now."""
    read = catalog.present(plan.symbols, plan.timeframe, bool(plan.adjusted))
    return _tokens(read._replace(past=plan.as_of is not None))


def _tokens(read: Read) -> tuple[str, ...]:
    if not read.store:  # nobody vouches for the versions
        return ("",) * len(read.symbols)
    if read.past:  # what was known then does not change
        return (f"{read.store} past",) * len(read.symbols)
    return tuple(f"{read.store} {version} {read.actions_at}" for version in read.versions)


class _Inputs(NamedTuple):
    bars: pd.DataFrame
    tokens: tuple[str, ...]


def _inputs(catalog: Catalog, plan: Plan) -> _Inputs:
    with recording() as heard:
        try:
            bars = catalog.bars(
                plan.symbols,
                plan.window.start,
                plan.window.end,
                fields=plan.fields,
                timeframe=plan.timeframe,
                as_of=plan.as_of,
                adjusted=plan.adjusted,
            )
        except NoBarsError:  # others may have some
            nothing = np.empty((0, len(plan.symbols)))
            blocks = dict.fromkeys(plan.fields, nothing)
            bars = panel(np.empty(0, np.int64), blocks, plan.symbols)
    return _Inputs(bars, _tokens(heard.reads[-1]))


def _outputs(plan: Plan, bars: pd.DataFrame, threads: int | None) -> Iterator[tuple[str, Any]]:
    for one in plan.calculations:
        yield from one.outputs(bars, threads)


def in_memory(catalog: Catalog, plan: Plan, threads: int | None = None) -> MemoryPart:
    """The outputs of a plan."""
    bars, tokens = _inputs(catalog, plan)
    arrays = dict(_outputs(plan, bars, threads))
    return MemoryPart(plan.symbols, tokens, timestamps_us(bars), arrays)


def on_disk(catalog: Catalog, plan: Plan, place: Path, threads: int | None = None) -> str:
    """Write the outputs of a plan into a new folder below `place`; its name."""
    bars, tokens = _inputs(catalog, plan)
    name = uuid.uuid4().hex
    times = timestamps_us(bars)
    with appearing(place / name) as folder:
        for label, array in _outputs(plan, bars, threads):
            write_columns(file_of(folder, label), array.T, array.shape, array.dtype)
        write_head(folder, Union(plan.symbols, [MemoryPart(plan.symbols, tokens, times, {})]))
    return name
