"""Bars as fresh as the store: from the cache where it is valid, else from the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench import sessions
from workbench.blocks import Block
from workbench.cache.entry import Entry, Key
from workbench.cache.layers import Cache
from workbench.catalog.entries import block_of, covering, entry_of, key_of
from workbench.catalog.freshness import Freshness
from workbench.errors import InputError, RangeError, StoreError, UnknownNameError, listing
from workbench.sessions import Moment, Window, brief, moment
from workbench.shape import FIELDS, known_fields
from workbench.store.database import Database, Role
from workbench.store.ledger import table
from workbench.store.read import (
    PURGED,
    STATE,
    STATE_OF_ONE,
    VERSIONS_AT,
    Request,
    SeriesRow,
    State,
    all_series,
    bound,
    locked_state,
    read_block,
    read_block_at,
)

logger = logging.getLogger(__name__)

SERIES_COLUMNS = ("symbol", "timeframe", "rows", "first", "last", "version", "changed_at")
KEPT_CHECKS = 1024


class Checked(NamedTuple):
    """A state of the store, when it was looked up (monotonic seconds), and whether just now."""

    state: State
    looked: float
    now: bool


class Catalog:
    """Bars by symbol, range, fields and timeframe.

    Every read asks the store for the versions of its series, in one statement; an entry of the
    cache is used when it has exactly these versions.
    """

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._checks: dict[tuple[tuple[str, ...], str], Checked] = {}

    def series(self) -> pd.DataFrame:
        """What is stored, a row per symbol and timeframe: rows, first, last, version, changed_at.

        Sorted by symbol and timeframe; times are UTC.
        """
        stored = self._database.read(all_series)
        rows = [tuple(getattr(row, name) for name in SERIES_COLUMNS) for row in stored]
        return table(rows, SERIES_COLUMNS, ["first", "last", "changed_at"])

    def bars(
        self,
        symbols: str | Sequence[str],
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        timeframe: str = "1d",
        as_of: Moment | Freshness | None = None,
        max_staleness_s: float | None = None,
    ) -> pd.DataFrame:
        """Bars of one symbol (flat columns) or of a list of them (`(field, symbol)` columns).

        float64, indexed by UTC time in `[start, end)`; in a panel the index is the union of the
        symbols' times and a missing bar is NaN. `attrs["freshness"]` is a Freshness.

        Raises UnknownNameError for a symbol, field or timeframe that there is not, and RangeError
        for a range that is reversed or holds no bar; both name what there is.
        """
        window, chosen = Window.of(start, end), known_fields(fields)
        sessions.timeframe(timeframe)
        several = not isinstance(symbols, str)
        names = (symbols,) if isinstance(symbols, str) else tuple(_distinct(symbols))
        checked = self._check(names, timeframe, max_staleness_s)
        state = checked.state
        if None in state.versions:
            raise self._unknown(names, timeframe)
        versions = self._versions(state, names, timeframe, as_of, window)
        request = covering(window, state, names, timeframe, chosen)
        block, tier = self._block(state, request, versions)
        first, last = block.rows(window.start_us, window.end_us)
        if first == last:
            raise self._no_bars(names, timeframe, window)
        bars = block.cut(several, first, last)
        through = bars.index[-1] if versions else pd.Timestamp(state.last).tz_convert("UTC")
        bars.attrs["freshness"] = Freshness(
            versions=dict(zip(names, block.versions, strict=True)),
            through=through,
            checked_at=pd.Timestamp(state.at).tz_convert("UTC"),
            tier=tier,
            checked=checked.now,
            as_of=None if isinstance(as_of, Freshness) else moment(as_of),
            _held=block,
        )
        return bars

    def _check(
        self, symbols: tuple[str, ...], timeframe: str, max_staleness_s: float | None
    ) -> Checked:
        """The present state of the store, or one that was looked up not long ago."""
        asked = (symbols, timeframe)
        if max_staleness_s is not None:
            if not max_staleness_s >= 0:
                raise InputError(f"max_staleness_s={max_staleness_s!r} is not a number of seconds")
            found = self._checks.get(asked)
            if found is not None and time.monotonic() - found.looked <= max_staleness_s:
                return found._replace(now=False)
        looked = time.monotonic()
        state = self._state(symbols, timeframe)
        if not state.settled and self._settle(timeframe):
            state = self._state(symbols, timeframe)
        self._checks.pop(asked, None)
        self._checks[asked] = Checked(state, looked, now=True)
        if len(self._checks) > KEPT_CHECKS:
            self._checks.pop(next(iter(self._checks)), None)
        return Checked(state, looked, now=True)

    def _state(self, symbols: tuple[str, ...], timeframe: str) -> State:
        rows = []
        if len(symbols) == 1:
            rows = self._database.check(STATE_OF_ONE, (symbols[0], timeframe))
        (row,) = rows or self._database.check(STATE, (list(symbols), timeframe))
        return State(*row)

    def _settle(self, timeframe: str) -> bool:
        """Have the store account for partitions that were changed by hand; false if it cannot."""
        try:
            with self._database.transaction(Role.WRITER) as cursor:
                cursor.execute("SELECT data_ingestion.reconcile(%s)", (timeframe,))
        except StoreError as error:
            logger.warning("partitions have changed and cannot be accounted for: %s", error)
            return False
        return True

    def _versions(
        self,
        state: State,
        symbols: tuple[str, ...],
        timeframe: str,
        as_of: Moment | Freshness | None,
        window: Window,
    ) -> tuple[int, ...] | None:
        """The versions that were current at `as_of`; None where they still are."""
        if as_of is None:
            return None
        if isinstance(as_of, Freshness):
            known = [as_of.versions.get(symbol) for symbol in symbols]
            oldest = min((version for version in known if version), default=0)
            since = datetime.fromtimestamp(oldest / 1e6, UTC)
        else:
            since = _past(as_of)
            ((known,),) = self._database.check(VERSIONS_AT, (state.ids, timeframe, since))
        if None in known:
            unknown = [name for name, version in zip(symbols, known, strict=True) if not version]
            raise RangeError(f"no {timeframe} bars of {listing(unknown)} were known as of {as_of}")
        ends = (bound(window.start_us, "-infinity"), bound(window.end_us, "infinity"))
        ((purged_at,),) = self._database.check(PURGED, (timeframe, since, *ends))
        if purged_at is not None:
            raise RangeError(
                f"what was known of {window} as of {as_of} is gone: a partition of {timeframe} "
                f"bars was dropped at {purged_at:%Y-%m-%d %H:%M:%S} UTC; ask for a later moment"
            )
        return None if list(known) == state.versions else tuple(known)

    def _block(
        self, state: State, request: Request, versions: tuple[int, ...] | None
    ) -> tuple[Block, str]:
        """The block of a request at `versions`, None for the present ones, and its tier."""
        if not state.settled:  # nobody vouches for the versions
            return self._load(request, versions, None), "store"
        past = versions is not None
        wanted = tuple(version or 0 for version in state.versions) if versions is None else versions

        def load(base: Entry | None) -> tuple[Key, Entry]:
            block = self._load(request, versions, block_of(base) if base else None)
            return key_of(state.store, request, block.versions, past=past), entry_of(block)

        if set(request.fields) < set(FIELDS):
            whole = replace(request, fields=FIELDS)
            if found := self._cache.get(key_of(state.store, whole, wanted, past=past)):
                return block_of(found[0]).only(request.fields), found[1]
        key = key_of(state.store, request, wanted, past=past)
        entry, tier = self._cache.fetch(key, load)
        return block_of(entry), tier

    def _load(
        self, request: Request, versions: tuple[int, ...] | None, base: Block | None
    ) -> Block:
        def work(cursor: Cursor) -> Block | None:
            state = locked_state(cursor, request.symbols, request.timeframe)
            if None in state.versions:
                return None
            if versions is None:
                return read_block(cursor, state, request, base)
            return read_block_at(cursor, state, request, versions)

        block = self._database.read(work)
        if block is None:
            raise self._unknown(request.symbols, request.timeframe)
        return block

    def _unknown(self, symbols: Sequence[str], timeframe: str) -> InputError:
        stored = self._database.read(all_series)
        known = {row.symbol for row in stored if row.timeframe == timeframe}
        missing = next((name for name in symbols if name not in known), symbols[0])
        return _unknown_series(missing, timeframe, stored)

    def _no_bars(self, symbols: Sequence[str], timeframe: str, window: Window) -> RangeError:
        stored = self._database.read(all_series)
        asked = [row for row in stored if row.symbol in symbols and row.timeframe == timeframe]
        return _no_bars(asked, window)


def _past(as_of: Moment) -> pd.Timestamp:
    stamp = moment(as_of)
    if stamp is None or stamp > pd.Timestamp.now("UTC"):
        raise RangeError(f"as_of={as_of!r} lies in the future; give a moment that has passed")
    return stamp


def _distinct(symbols: Sequence[str]) -> list[str]:
    names = list(symbols)
    if not names:
        raise InputError("symbols=[] names nothing; give a symbol or a list of symbols")
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{name!r} is not a symbol; give text such as 'AAPL'")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"symbols name {', '.join(twice)} more than once; name each symbol once")
    return names


def _unknown_series(symbol: str, timeframe: str, stored: Sequence[SeriesRow]) -> InputError:
    others = [row.timeframe for row in stored if row.symbol == symbol]
    if others:
        return UnknownNameError(
            f"timeframe for {symbol}", timeframe, others, f"Pass timeframe={others[0]!r}"
        )
    advice = "" if stored else "The store is empty: run `workbench run ingest_bars`"
    known = {row.symbol for row in stored if row.timeframe == timeframe}
    return UnknownNameError(f"symbol at timeframe {timeframe}", symbol, known, advice)


def _no_bars(stored: Sequence[SeriesRow], window: Window) -> RangeError:
    has = "; ".join(
        f"{row.symbol} has {row.timeframe} bars from {brief(pd.Timestamp(row.first))}"
        f" to {brief(pd.Timestamp(row.last))}"
        for row in stored[:3]
    )
    more = f"; and {len(stored) - 3} more symbols" if len(stored) > 3 else ""
    return RangeError(f"no bars in {window}: {has}{more}")
