"""A batch from beginning to end: what is there already, the shares, the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from workbench.batches import sizing, workers
from workbench.batches.parts import DiskPart, MemoryPart, Part, Union
from workbench.batches.place import Place, opened
from workbench.batches.plan import Plan
from workbench.batches.result import Computed
from workbench.batches.work import in_memory, on_disk, passing_catalog, present_tokens
from workbench.catalog import Catalog
from workbench.errors import InputError, NoBarsError, listing
from workbench.shape import time_index
from workbench.store.database import Database


@dataclass(frozen=True)
class Means:
    """What a batch may use: memory, the workers of a client, a line that says how far it is."""

    limit_bytes: int
    client: Any
    progress: bool


def run(database: Database, plan: Plan, out: Path | None, means: Means) -> pd.DataFrame | Computed:
    """The outputs of a plan: a frame with (output, symbol) columns, or what is in `out` then.

    Raises InputError where the limit or the folder does not allow it, UnknownNameError for a
    symbol that has no bars, and RangeError where no symbol has one in the plan's range.
    """
    if isinstance(means.limit_bytes, bool) or not isinstance(means.limit_bytes, int):
        raise InputError(f"limit_bytes={means.limit_bytes!r} is not a whole number of bytes")
    if means.client is not None:
        workers.refuse_other_clients(means.client)
    catalog = passing_catalog(database)
    rows = sizing.rows_of(_series(catalog, plan), plan)
    at_a_time = sizing.symbols_at_a_time(plan, rows, means.limit_bytes)
    batch = _Batch(database, catalog, plan, means, at_a_time)
    if out is None:
        sizing.refuse_large(plan, rows, means.limit_bytes)
        return batch.in_memory()
    with opened(out.absolute(), plan.arguments()) as place:
        batch.on_disk(place)
    return Computed(out)


def _series(catalog: Catalog, plan: Plan) -> pd.DataFrame:
    """What is stored of the plan's symbols, a row each."""
    stored = catalog.series()
    stored = stored[stored["timeframe"] == plan.timeframe].set_index("symbol")
    missing = [symbol for symbol in plan.symbols if symbol not in stored.index]
    if missing:
        raise catalog.unknown(missing, plan.timeframe)
    return stored.loc[list(plan.symbols)]


@dataclass(frozen=True)
class _Batch:
    database: Database
    catalog: Catalog
    plan: Plan
    means: Means
    at_a_time: int

    def in_memory(self) -> pd.DataFrame:
        parts = [made for made in self._made(self.plan.symbols, None) if not isinstance(made, str)]
        union = self._union(parts)
        index, columns = time_index(union.times), list(self.plan.symbols)
        frames = []
        for label in self.plan.labels:
            values = np.empty((len(columns), len(index)), union.dtype(label))
            for row, column in zip(values, union.columns(label), strict=True):
                row[:] = column
            frames.append(pd.DataFrame(values.T, index, columns, copy=False))
            for part in parts:
                del part.arrays[label]  # or all would be held twice
        return pd.concat(frames, axis=1, keys=self.plan.labels, names=["output", "symbol"])

    def on_disk(self, place: Place) -> None:
        kept = self._kept(place)
        done = {symbol for part in kept for symbol in part.symbols}
        left = [symbol for symbol in self.plan.symbols if symbol not in done]
        made = [
            place.part(found if isinstance(found, str) else place.keep(found, self.plan.labels))
            for found in self._made(left, place.parts_folder)
        ]
        if made or any(part.folder != place.out for part in kept):
            place.finish(self._union([*kept, *made]), self.plan.labels)

    def _kept(self, place: Place) -> list[DiskPart]:
        """The parts that are there and would be the same if they were computed now."""
        tokens = dict(zip(self.plan.symbols, present_tokens(self.catalog, self.plan), strict=True))
        kept: list[DiskPart] = []
        taken: set[str] = set()
        for part in place.parts():
            now = [tokens[symbol] for symbol in part.symbols]
            if all(now) and now == list(part.tokens) and taken.isdisjoint(part.symbols):
                kept.append(part)
                taken.update(part.symbols)
        return kept

    def _made(self, symbols: Sequence[str], folder: Path | None) -> Iterator[MemoryPart | str]:
        """Parts for `symbols`, as they are made; the names of those that lie in the folder."""
        size, every = self.at_a_time, len(self.plan.symbols)
        starts = range(0, len(symbols), size)
        shares = [replace(self.plan, symbols=tuple(symbols[n : n + size])) for n in starts]
        done, quiet = every - len(symbols), not self.means.progress
        with tqdm(total=every, initial=done, unit=" symbols", disable=quiet) as bar:
            for made, share in self._each(shares, folder):
                yield made
                bar.update(len(share.symbols))

    def _each(
        self, shares: Sequence[Plan], folder: Path | None
    ) -> Iterator[tuple[MemoryPart | str, Plan]]:
        if self.means.client is not None:
            settings = self.database.settings
            yield from workers.shared_out(self.means.client, settings, shares, folder)
            return
        for share in shares:
            if folder is None:
                yield in_memory(self.catalog, share), share
            else:
                yield on_disk(self.catalog, share, folder), share

    def _union(self, parts: Sequence[Part]) -> Union:
        union = Union(self.plan.symbols, parts)
        if not len(union.times):
            names, window = listing(self.plan.symbols), self.plan.window
            raise NoBarsError(f"no {self.plan.timeframe} bars of {names} in {window}")
        return union
