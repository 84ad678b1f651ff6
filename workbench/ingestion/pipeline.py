"""Fetch → check → write: the rows of a plan into the store, page by page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)
from tqdm.auto import tqdm

from workbench.errors import SettingsError, StoreError, listing
from workbench.ingestion.check import Checker
from workbench.ingestion.plan import Plan
from workbench.ingestion.report import IngestReport
from workbench.shape import Floats, Times, time_index
from workbench.sources.protocol import Page, Reject, Series
from workbench.store.database import Database
from workbench.store.ledger import (
    WRITTEN,
    Counts,
    Ledger,
    QuarantinedRow,
    quarantine,
    record,
    table,
)
from workbench.store.write import difference, instrument_id, make_room, upsert

RACES = (
    psycopg2.errors.UniqueViolation,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.SerializationFailure,
)
ATTEMPTS = 5


@dataclass(frozen=True)
class Batch:
    """Rows that are written in one transaction: accepted ones, and those to keep aside."""

    series: Series | None
    times: Times
    block: Floats
    refused: Sequence[Reject]

    @classmethod
    def aside(cls, series: Series | None, refused: Sequence[Reject]) -> Batch:
        """A batch that has nothing but refused rows."""
        return cls(series, np.empty(0, np.int64), np.empty((5, 0)), refused)

    def pieces(self, most_rows: int) -> Iterator[Batch]:
        """The same in batches of at most `most_rows` accepted rows."""
        refused = self.refused
        for start in range(0, max(len(self.times), 1), most_rows):
            piece = slice(start, start + most_rows)
            yield Batch(self.series, self.times[piece], self.block[:, piece], refused)
            refused = ()

    @property
    def extremes(self) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
        """The first and the last accepted time."""
        if not len(self.times):
            return None, None
        first, last = time_index(self.times[[0, -1]])
        return first, last


@dataclass
class Ingestion:
    """One ingestion under way; without a `run_id` it compares and writes nothing."""

    database: Database
    plan: Plan
    run_id: int | None
    checker: Checker = field(default_factory=Checker)
    totals: dict[Series, dict[str, Any]] = field(default_factory=dict)
    refused: list[Reject] = field(default_factory=list)

    def execute(self, progress: bool) -> IngestReport:
        """Take every page; each is a transaction of its own."""
        started = time.perf_counter()
        shown = tqdm(total=len(self.plan.series), unit=" series", disable=not progress)
        with shown as bar:
            for batch in self._batches():
                if batch.series is not None and batch.series not in self.totals:
                    bar.set_description(" ".join(batch.series))
                    bar.update(len(self.totals) - bar.n)
                self._take(batch)
            bar.update(len(self.plan.series) - bar.n)
        written = [(*series, *total.values()) for series, total in sorted(self.totals.items())]
        aside = [_quarantined(reject) for reject in self.refused]
        return IngestReport(
            run_id=self.run_id,
            source=self.plan.source.name,
            series=table(written, WRITTEN, ["first", "last"]),
            rejects=table(aside, QuarantinedRow._fields),
            duration_s=time.perf_counter() - started,
        )

    def _batches(self) -> Iterator[Batch]:
        unparsed: list[Reject] = []
        plan, batch_rows = self.plan, self.database.settings.batch_rows
        if batch_rows < 1:
            raise SettingsError(f"WORKBENCH_BATCH_ROWS={batch_rows} must be at least 1")
        for page in plan.source.pages(plan.series, plan.window, unparsed.append):
            yield from _aside(unparsed)
            yield from self._checked(page).pieces(batch_rows)
        yield from _aside(unparsed)

    def _checked(self, page: Page) -> Batch:
        return Batch(page.series, *self.checker.check(page))

    def _take(self, batch: Batch) -> None:
        counts = self._written(batch) if self.run_id is not None else self._compared(batch)
        self.refused += batch.refused
        if batch.series is None:
            return
        total = self.totals.setdefault(
            batch.series, {**Counts()._asdict(), "first": None, "last": None}
        )
        for name, count in counts._asdict().items():
            total[name] += count
        first, last = batch.extremes
        if first is not None and last is not None:
            total["first"] = min(total["first"] or first, first)
            total["last"] = max(total["last"] or last, last)

    def _compared(self, batch: Batch) -> Counts:
        if batch.series is None:
            return Counts(rejected=len(batch.refused))
        series, times, block = batch.series, batch.times, batch.block
        found = self.database.read(lambda cursor: difference(cursor, *series, times, block))
        return Counts.of(found.new, found.changed, found.same, len(batch.refused))

    def _written(self, batch: Batch) -> Counts:
        for attempt in range(1, ATTEMPTS):
            try:
                return self._write(batch)
            except StoreError as error:
                # Somebody who does not take our lock, such as psql, wrote the same bars.
                if not isinstance(error.__cause__, RACES):
                    raise
                time.sleep(0.01 * 2**attempt)
        return self._write(batch)

    def _write(self, batch: Batch) -> Counts:
        """Write one page; doing it twice, after a lost connection, writes it once."""
        if batch.series is not None:
            make_room(self.database, batch.series.timeframe, batch.times)
        return self.database.write(lambda cursor: self._write_by(cursor, batch))

    def _write_by(self, cursor: Cursor, batch: Batch) -> Counts:
        assert self.run_id is not None
        counts = Counts(rejected=len(batch.refused))
        if batch.series is not None:
            symbol, timeframe = batch.series
            found = upsert(cursor, self.run_id, *batch.series, batch.times, batch.block)
            counts = Counts.of(found.new, found.changed, found.same, len(batch.refused))
            instrument = instrument_id(cursor, symbol)
            record(cursor, self.run_id, instrument, timeframe, counts, *batch.extremes)
        if batch.refused:
            quarantine(cursor, self.run_id, map(_quarantined, batch.refused))
        return counts


def ingest(
    database: Database,
    plan: Plan,
    *,
    run_id: int | None = None,
    dry_run: bool = False,
    progress: bool = True,
) -> IngestReport:
    """Carry out `plan` under run `run_id`, or under a run of its own that it opens and closes.

    A dry run compares with the store and writes nothing, not even a run. The same rows a second
    time write nothing. An interruption leaves whole pages, which the next run finds stored.
    """
    if dry_run or run_id is not None:
        return Ingestion(database, plan, None if dry_run else run_id).execute(progress)
    ledger = Ledger(database)
    asked = {
        "source": plan.source.name,
        "symbols": listing([series.symbol for series in plan.series]),
        "window": str(plan.window),
    }
    own_run = ledger.start("(interactive)", asked)
    try:
        report = Ingestion(database, plan, own_run).execute(progress)
    except BaseException as error:
        status = "failed" if isinstance(error, Exception) else "interrupted"
        ledger.finish(own_run, status, f"{type(error).__name__}: {error}")
        raise
    ledger.finish(own_run, "succeeded")
    return report


def _aside(unparsed: list[Reject]) -> Iterator[Batch]:
    """Batches of the rows that could not be parsed, by series; empties the list."""
    for series in dict.fromkeys(reject.series for reject in unparsed):
        yield Batch.aside(series, [reject for reject in unparsed if reject.series == series])
    unparsed.clear()


def _quarantined(reject: Reject) -> QuarantinedRow:
    symbol, timeframe = reject.series or (None, None)
    return QuarantinedRow(reject.origin, reject.line, reject.reason, reject.raw, symbol, timeframe)
