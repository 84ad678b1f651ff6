"""Bars as fresh as the store: from the cache where it is valid, else from the store."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pandas as pd
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench import sessions
from workbench.adjustment import Actions, actions_by_symbol, check_bar_length
from workbench.blocks import Block
from workbench.cache.entry import Entry, Key
from workbench.cache.layers import Cache
from workbench.catalog.adjusting import adjusted_block, adjusted_key, known_adjustment
from workbench.catalog.entries import block_of, covering, entry_of, key_of
from workbench.catalog.freshness import Freshness, known_moment
from workbench.errors import (
    InputError,
    NoBarsError,
    RangeError,
    StoreError,
    UnknownNameError,
    listing,
)
from workbench.reads import Read, record
from workbench.sessions import FIRST_US, LAST_US, Moment, Window, brief, moment
from workbench.shape import FIELDS, known_fields
from workbench.store.actions import ACTIONS_CLOCK, ACTIONS_NOW, ACTIONS_THEN
from workbench.store.database import Database
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
ATTEMPTS = 5


class Asked(NamedTuple):
    """One question to the catalog, with its arguments checked."""

    symbols: tuple[str, ...]
    timeframe: str
    fields: tuple[str, ...]
    window: Window
    as_of: Moment | Freshness | None
    adjusted: bool | str


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
        adjusted: bool | str = False,
        max_staleness_s: float | None = None,
    ) -> pd.DataFrame:
        """Bars of one symbol (flat columns) or of a list of them (`(field, symbol)` columns).

        What `Workbench.bars` says of arguments, results and errors holds here.
        """
        window, chosen = Window.of(start, end), known_fields(fields)
        sessions.timeframe(timeframe)
        several = not isinstance(symbols, str)
        names = (symbols,) if isinstance(symbols, str) else tuple(distinct(symbols))
        asked = Asked(names, timeframe, chosen, window, as_of, known_adjustment(adjusted))
        for attempt in range(ATTEMPTS):
            checked = self._check(names, timeframe, None if attempt else max_staleness_s)
            answer = self._answer(asked, checked.state)
            if answer is not None:
                break
        else:
            raise StoreError("the store's partitions keep changing; try again in a moment")
        block, tier, past = answer
        first, last = block.rows(window.start_us, window.end_us)
        if first == last:
            raise self._no_bars(names, timeframe, window)
        bars = block.cut(several, first, last)
        last_stored = pd.Timestamp(checked.state.last).tz_convert("UTC")
        bars.attrs["freshness"] = Freshness(
            versions=dict(zip(names, block.versions, strict=True)),
            through=bars.index[-1] if past else last_stored,
            checked_at=pd.Timestamp(checked.state.at).tz_convert("UTC"),
            tier=tier,
            checked=checked.now and checked.state.settled,
            as_of=None if isinstance(as_of, Freshness) else moment(as_of),
            _held=block,
        )
        return bars

    def present(self, symbols: tuple[str, ...], timeframe: str, adjusted: bool = False) -> Read:
        """What a read of these symbols would be recorded as now; its bars are not read."""
        actions_at = None
        if adjusted:
            ((clock,),) = self._database.check(ACTIONS_CLOCK)
            actions_at = str(clock)
        state = self._check(symbols, timeframe, None).state
        return _read(state, symbols, timeframe, False, actions_at)

    def _answer(self, asked: Asked, state: State) -> tuple[Block, str, bool] | None:
        """The block, its tier, and whether it is of the past; None where `state` is out of date."""
        actions_at, facts = self._facts(asked)
        fixed = asked.as_of is not None and None not in state.versions
        record(_read(state, asked.symbols, asked.timeframe, fixed, actions_at))
        if None in state.versions or not (state.held or asked.as_of):
            raise self.unknown(asked.symbols, asked.timeframe)
        actions = actions_by_symbol(facts)
        check_bar_length(asked.timeframe, actions.values())
        past = self._versions(state, asked)
        if past is None and not state.held:
            raise self.unknown(asked.symbols, asked.timeframe)
        request = covering(asked.window, state, asked.symbols, asked.timeframe, asked.fields)
        found = self._block(state, request, past)
        if found is not None and actions:
            found = self._adjusted(state, request, past, found[0], actions)
        if found is not None and asked.as_of is not None:
            self._versions(
                state, asked
            )  # again, as bars may have been dropped while they were read
            if past is None and list(found[0].versions) != state.versions:
                return None
        return None if found is None else (*found, past is not None)

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
        reconcile = "SELECT data_ingestion.reconcile(%s)"
        try:
            self._database.write(lambda cursor: cursor.execute(reconcile, (timeframe,)))
        except StoreError as error:
            logger.warning("changed partitions cannot be accounted for: %s", error)
            return False
        return True

    def _versions(self, state: State, asked: Asked) -> tuple[int, ...] | None:
        """The versions that were current at `as_of`; None where they still are."""
        as_of, known = asked.as_of, state.versions
        if as_of is None:
            return None
        ends = (bound(asked.window.start_us, "-infinity"), bound(asked.window.end_us, "infinity"))
        if isinstance(as_of, Freshness):
            known = [as_of.versions.get(symbol) for symbol in asked.symbols]
            since = (asked.timeframe, state.ids, known)
            ((purged_at,),) = self._database.check(PURGED, (*since, *ends))
        else:
            when = (state.ids, asked.timeframe, known_moment(as_of), *ends)
            ((known, purged_at),) = self._database.check(VERSIONS_AT, when)
        if None in known:
            pairs = zip(asked.symbols, known, strict=True)
            unknown = [symbol for symbol, version in pairs if version is None]
            what = f"{asked.timeframe} bars of {listing(unknown)}"
            raise RangeError(f"no {what} were known as of {as_of}")
        if known == state.versions:  # nothing was dropped that was in these series
            return None
        if purged_at is not None:
            raise RangeError(
                f"what was known of {asked.window} then is gone: {asked.timeframe} bars were"
                f" dropped at {purged_at:%Y-%m-%d %H:%M:%S} UTC; ask for a later moment"
            )
        return tuple(version or 0 for version in known)

    def _facts(self, asked: Asked) -> tuple[str | None, list[tuple[str, date, str, float]]]:
        """The version of all actions, and the facts to adjust for; none for raw bars."""
        if asked.adjusted is False:
            return None, []
        symbols, as_of = list(asked.symbols), asked.as_of
        ((clock,),) = self._database.check(ACTIONS_CLOCK)
        if as_of is None:
            rows = self._database.check(ACTIONS_NOW, (symbols,))
        else:
            since = as_of.known_at if isinstance(as_of, Freshness) else known_moment(as_of)
            rows = self._database.check(ACTIONS_THEN, (symbols, since))
        wanted = [row[:4] for row in rows if asked.adjusted is True or row[2] == "split"]
        return str(clock), wanted

    def _adjusted(
        self,
        state: State,
        request: Request,
        past: tuple[int, ...] | None,
        raw: Block,
        actions: dict[str, Actions],
    ) -> tuple[Block, str] | None:
        """`raw` adjusted for `actions`; kept in the cache beside it, under these very facts."""
        closes: Block | None = raw
        if any(of_symbol.pays for of_symbol in actions.values()):
            history = replace(request, fields=("close",), start_us=FIRST_US, end_us=LAST_US)
            found = self._block(state, history, past)
            closes = found[0] if found else None
        if closes is None or closes.versions != raw.versions:
            return None
        if not state.settled:
            return adjusted_block(raw, closes, actions), "store"
        history_of_closes = closes

        def load(_: Entry | None) -> tuple[Key, Entry]:
            return key, entry_of(adjusted_block(raw, history_of_closes, actions))

        key = adjusted_key(key_of(state.store, request, raw.versions), actions)
        entry, tier = self._cache.fetch(key, load)
        return block_of(entry), tier

    def _block(
        self, state: State, request: Request, versions: tuple[int, ...] | None
    ) -> tuple[Block, str] | None:
        """The block of a request at `versions`, None for the present ones, and its tier.

        None where the partitions have been changed by hand since `state` was looked up.
        """
        past = versions is not None
        wanted = tuple(version or 0 for version in state.versions) if versions is None else versions
        if not state.settled:  # and cannot be: nobody vouches for the versions
            block = self._load(request, wanted, past, None, settled=False)
            return (block, "store") if block else None
        if set(request.fields) < set(FIELDS):
            whole = replace(request, fields=FIELDS)
            if found := self._cache.get(key_of(state.store, whole, wanted, past=past)):
                return block_of(found[0]).only(request.fields), found[1]

        def load(base: Entry | None) -> tuple[Key, Entry]:
            block = None
            if base is None and not past:
                block = self._load_alone(state, request)
            if block is None:
                block = self._load(request, wanted, past, block_of(base) if base else None)
            if block is None:
                raise _OutOfDateError
            return key_of(state.store, request, block.versions, past=past), entry_of(block)

        try:
            entry, tier = self._cache.fetch(key_of(state.store, request, wanted, past=past), load)
        except _OutOfDateError:
            return None
        return block_of(entry), tier

    def _load_alone(self, state: State, request: Request) -> Block | None:
        """The block without a transaction; None where somebody wrote in the meantime.

        A version never comes back: when it is the same before and after the rows were read, no
        change was committed in between, and they are of this version. Nor does a layout: rows that
        move to another partition, unchanged, could be seen in neither.
        """
        if self._database.settings.replica_urls:
            return None
        block = self._database.alone(lambda cursor: read_block(cursor, state, request))
        after = self._state(request.symbols, request.timeframe)
        unmoved = after.settled and after[:5] == state[:5]  # store to versions
        return block if unmoved else None

    def _load(
        self,
        request: Request,
        wanted: tuple[int, ...],
        past: bool,
        base: Block | None,
        *,
        settled: bool = True,
    ) -> Block | None:
        """The block from a replica that is at least at the versions `wanted`, or the primary."""

        def answers(cursor: Cursor) -> Block | None:
            state = locked_state(cursor, request.symbols, request.timeframe)
            pairs = zip(state.versions, wanted, strict=True)
            behind = any(version is None or version < least for version, least in pairs)
            if behind or state.settled is not settled or not (past or state.held):
                return None
            if past:
                return read_block_at(cursor, state, request, wanted)
            return read_block(cursor, state, request, base)

        return self._database.read_at(answers)

    def unknown(self, symbols: Sequence[str], timeframe: str) -> InputError:
        """The error that names the first of `symbols` without bars, and what there is."""
        stored = self._database.read(all_series)
        known = {row.symbol for row in stored if row.timeframe == timeframe}
        missing = next((name for name in symbols if name not in known), symbols[0])
        return _unknown_series(missing, timeframe, stored)

    def _no_bars(self, symbols: Sequence[str], timeframe: str, window: Window) -> NoBarsError:
        stored = self._database.read(all_series)
        asked = [row for row in stored if row.symbol in symbols and row.timeframe == timeframe]
        return _no_bars(asked, window)


class _OutOfDateError(Exception):
    """The store has moved on in a way that takes another version check."""


def _read(
    state: State, symbols: tuple[str, ...], timeframe: str, past: bool, actions_at: str | None
) -> Read:
    store = state.store if state.settled else ""  # then nobody vouches for the versions
    return Read(store, symbols, timeframe, tuple(state.versions), past, actions_at)


def distinct(symbols: Sequence[str]) -> list[str]:
    """The symbols; InputError for none, for one that is not text, and for one given twice."""
    names = list(symbols)
    if not names:
        raise InputError("symbols=[] names nothing; give a symbol or a list of symbols")
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{name!r} is not a symbol; give text such as 'AAPL'")
    if len(set(names)) < len(names):
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
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


def _no_bars(stored: Sequence[SeriesRow], window: Window) -> NoBarsError:
    has = "; ".join(
        f"{row.symbol} has {row.timeframe} bars from {brief(pd.Timestamp(row.first))}"
        f" to {brief(pd.Timestamp(row.last))}"
        for row in stored[:3]
    )
    more = f"; and {len(stored) - 3} more symbols" if len(stored) > 3 else ""
    return NoBarsError(f"no bars in {window}: {has}{more}")
