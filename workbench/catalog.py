"""The read path: which bars there are, the bars themselves, and how fresh they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import pandas as pd

from workbench import sessions
from workbench.errors import InputError, RangeError, UnknownNameError
from workbench.sessions import Moment, Window, brief
from workbench.shape import flat, known_fields, panel
from workbench.store.database import Database, Role
from workbench.store.ledger import table
from workbench.store.read import SeriesRow, all_series, find_series, read_one, read_panel

SERIES_COLUMNS = ("symbol", "timeframe", "rows", "first", "last", "version", "changed_at")


@dataclass(frozen=True)
class Freshness:
    """What a result was validated against; stands in `bars.attrs["freshness"]`.

    `versions` by symbol are those of the one snapshot that the rows were read in, `through` is
    the last stored bar of all its series, `tier` says where the rows came from.
    """

    versions: Mapping[str, int]
    through: pd.Timestamp
    checked_at: pd.Timestamp
    tier: str

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # frozen; pandas deep-copies attrs at every step

    def __str__(self) -> str:
        return (
            f"data through {brief(self.through)}, read from the {self.tier}"
            f" at {self.checked_at:%Y-%m-%d %H:%M:%S} UTC"
        )


class Catalog:
    """Bars by symbol, range, fields and timeframe, read from the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def series(self) -> pd.DataFrame:
        """What is stored, a row per symbol and timeframe: rows, first, last, version, changed_at.

        Sorted by symbol and timeframe; times are UTC.
        """
        with self._database.transaction(Role.READER) as cursor:
            rows = [tuple(getattr(s, name) for name in SERIES_COLUMNS) for s in all_series(cursor)]
        return table(rows, SERIES_COLUMNS, ["first", "last", "changed_at"])

    def bars(
        self,
        symbols: str | Sequence[str],
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        timeframe: str = "1d",
    ) -> pd.DataFrame:
        """Bars of one symbol (flat columns) or of a list of them (`(field, symbol)` columns).

        float64, indexed by UTC time in `[start, end)`; in a panel the index is the union of the
        symbols' times and a missing bar is NaN. `attrs["freshness"]` is a Freshness.

        Raises UnknownNameError for a symbol, field or timeframe that there is not, and RangeError
        for a range that is reversed or holds no bar; both name what there is.
        """
        window = Window.of(start, end)
        chosen = known_fields(fields)
        sessions.timeframe(timeframe)
        names = [symbols] if isinstance(symbols, str) else _distinct(symbols)
        with self._database.transaction(Role.READER) as cursor:
            found = find_series(cursor, names, timeframe)
            missing = [name for name in names if name not in found]
            if missing:
                raise _unknown_series(missing[0], timeframe, all_series(cursor))
            stored = [found[name] for name in names]
            if isinstance(symbols, str):
                times, block = read_one(cursor, stored[0], window, chosen)
                bars = flat(times, block, chosen)
            else:
                union, blocks = read_panel(cursor, stored, window, chosen)
                bars = panel(union, blocks, names)
        if bars.empty:
            raise _no_bars(stored, window)
        bars.attrs["freshness"] = _freshness(stored)
        return bars


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


def _freshness(stored: Sequence[SeriesRow]) -> Freshness:
    return Freshness(
        versions={row.symbol: row.version for row in stored},
        through=pd.Timestamp(max(row.last for row in stored)).tz_convert("UTC"),
        checked_at=pd.Timestamp(datetime.now(UTC)),
        tier="store",
    )
