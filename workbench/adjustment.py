"""Prices adjusted for splits and dividends, from bars as they were traded. Pure arrays.

Back-adjusted: bars from the last ex-date on stay as they are, earlier prices are multiplied by the
factors of all later actions, so that a chart or a return shows no jump that no holder felt.

- A split of r new shares per old one: prices × 1/r, volume × r.
- A dividend of D per share: prices × (1 − D / C), C being the last close before the ex-date, as
  traded. Volume stays. These are the multipliers of Yahoo's published description of its "adjusted
  close", which it says follows CRSP; a test holds its worked example, MSFT in February 2003.

Both are facts about the share as it was held before the ex-date: on a day with a split and a
dividend, D is per old share. An ex-date begins at 00:00 UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.sessions import FIRST_US
from workbench.sessions import timeframe as timeframe_of
from workbench.shape import Floats, Times

KINDS = ("split", "dividend")


@dataclass(frozen=True, eq=False)
class Actions:
    """The splits and dividends of one symbol, a row per ex-date, oldest first.

    `ex_us` is (k,) int64, 00:00 UTC of the ex-dates in microseconds, strictly increasing; `splits`
    is (k,) new shares per old one, 1.0 where there is none; `dividends` is (k,) cash per share, 0.0
    where there is none.

    >>> Actions.of("AAPL", [(date(2005, 2, 28), "split", 2.0)]).splits
    array([2.])
    """

    symbol: str
    ex_us: Times
    splits: Floats
    dividends: Floats

    @classmethod
    def of(cls, symbol: str, facts: Iterable[tuple[date, str, float]]) -> Self:
        """The actions that `facts` (ex-date, kind, value) state, given in any order."""
        days: defaultdict[date, dict[str, float]] = defaultdict(dict)
        for day, kind, value in facts:
            days[day][kind] = value
        rows = [(d.get("split", 1.0), d.get("dividend", 0.0)) for _, d in sorted(days.items())]
        values = np.array(rows, np.float64).reshape(-1, 2)
        ex_dates = np.array(sorted(days), "datetime64[us]")
        return cls(symbol, ex_dates.astype(np.int64), values[:, 0].copy(), values[:, 1].copy())

    @property
    def pays(self) -> bool:
        """Whether there is a dividend among them, whose factor needs a close."""
        return bool(self.dividends.any())


def actions_by_symbol(rows: Iterable[tuple[str, date, str, float]]) -> dict[str, Actions]:
    """Actions by symbol from rows (symbol, ex-date, kind, value) in any order.

    >>> list(actions_by_symbol([("IBM", date(1999, 5, 27), "split", 2.0)]))
    ['IBM']
    """
    facts: defaultdict[str, list[tuple[date, str, float]]] = defaultdict(list)
    for symbol, day, kind, value in rows:
        facts[symbol].append((day, kind, value))
    return {symbol: Actions.of(symbol, of_symbol) for symbol, of_symbol in facts.items()}


@dataclass(frozen=True, eq=False)
class Factors:
    """What one symbol's bars are multiplied by: from `starts_us[i]` to the next, by row i.

    Three (k + 1,) arrays for k ex-dates; the first start is the beginning of time and the last row
    is 1.0.

    >>> Factors.of_splits(Actions.of("AAPL", [(date(2005, 2, 28), "split", 2.0)])).prices
    array([0.5, 1. ])
    """

    starts_us: Times
    prices: Floats
    volumes: Floats

    @classmethod
    def of_splits(cls, actions: Actions) -> Self:
        """The factors of the splits alone."""
        return cls._cumulated(actions, 1.0 / actions.splits)

    @classmethod
    def of_all(cls, actions: Actions, times_us: Times, closes: Floats) -> Self:
        """The factors of splits and dividends.

        `closes` (n,) at `times_us` (n,) are the symbol's closes as traded, NaN where it has no bar;
        they reach back to where the adjusted bars begin and on to the last ex-date. A dividend
        before the first close has no bar to adjust, and the factor 1.

        Raises InputError for a dividend that is not below the close before it.

        >>> paid = Actions.of("KO", [(date(1970, 1, 2), "dividend", 1.0)])
        >>> Factors.of_all(paid, np.array([0]), np.array([4.0])).prices
        array([0.75, 1.  ])
        """
        if not actions.pays:
            return cls.of_splits(actions)
        before = previous_closes(times_us, closes, actions.ex_us)
        too_large = actions.dividends >= before
        if too_large.any():
            raise _too_large(actions, before, int(too_large.argmax()))
        kept = 1.0 - np.where(np.isnan(before), 0.0, actions.dividends / before)
        return cls._cumulated(actions, kept / actions.splits)

    @classmethod
    def _cumulated(cls, actions: Actions, steps: Floats) -> Self:
        """The products of the `steps` (k,) still to come."""
        starts_us = np.append(FIRST_US, actions.ex_us)
        return cls(starts_us, _products_to_come(steps), _products_to_come(actions.splits))


def _products_to_come(steps: Floats) -> Floats:
    return np.append(np.multiply.accumulate(steps[::-1])[::-1], 1.0)


def _too_large(actions: Actions, before: Floats, place: int) -> InputError:
    day = actions.ex_us[place].astype("datetime64[us]").astype("datetime64[D]")
    return InputError(
        f"{actions.symbol} has a dividend of {actions.dividends[place]:g} on {day}, which is not"
        f" below the close before it, {before[place]:g}; correct the fact or the bar, or ask for"
        " adjusted='splits'"
    )


NONE = Factors.of_splits(Actions.of("", []))
"""The factors of a symbol without actions."""


def previous_closes(times_us: Times, closes: Floats, ex_us: Times) -> Floats:
    """The last close before each of `ex_us`, (k,) in the unit of `closes`; NaN before the first.

    >>> previous_closes(np.array([0, 5, 9]), np.array([4.0, np.nan, 6.0]), np.array([0, 9]))
    array([nan,  4.])
    """
    if not len(times_us):
        return np.full(len(ex_us), np.nan)
    at = np.searchsorted(times_us, ex_us) - 1
    if np.isnan(closes[at]).any():
        known = np.append(np.flatnonzero(~np.isnan(closes)), -1)
        at = known[np.searchsorted(known[:-1], at, side="right") - 1]
    return np.where(at >= 0, closes[at], np.nan)


def check_bar_length(timeframe: str, actions: Iterable[Actions]) -> None:
    """Raise InputError for bars longer than a day that actions would have to be cut into.

    >>> check_bar_length("1d", [Actions.of("AAPL", [(date(2005, 2, 28), "split", 2.0)])])
    """
    if timeframe_of(timeframe).seconds <= 86_400:
        return
    for of_symbol in actions:
        if len(of_symbol.ex_us):
            raise InputError(
                f"{timeframe} bars of {of_symbol.symbol} may hold an ex-date inside, and then mix"
                " prices before and after it; read timeframe='1d' adjusted and resample, or ask for"
                " adjusted=False"
            )


def adjust(
    times_us: Times, values: Floats, fields: Sequence[str], factors: Sequence[Factors | None]
) -> Floats:
    """`values` (fields, n, symbols) at `times_us` (n,), with each symbol's `factors` applied.

    None stands for a symbol without actions. The field `volume` is multiplied by the volumes'
    factors, any other by the prices'. NaN stays NaN. The result is a new array of the same shape,
    or `values` itself where no bar lies before an ex-date.

    >>> split = Factors.of_splits(Actions.of("X", [(date(1970, 1, 2), "split", 2.0)]))
    >>> adjust(np.array([4, 86_400_000_000]), np.ones((2, 2, 1)), ["close", "volume"], [split])[0]
    array([[0.5],
           [1. ]])
    """
    given = [factor or NONE for factor in factors]
    counts = _counts(times_us, given)
    prices = _scale(np.concatenate([factor.prices for factor in given]), counts, len(given))
    volumes = _scale(np.concatenate([factor.volumes for factor in given]), counts, len(given))
    if prices is None and volumes is None:
        return values
    adjusted = np.empty(values.shape)
    for place, name in enumerate(fields):
        scale = volumes if name == "volume" else prices
        np.multiply(values[place], 1.0 if scale is None else scale, out=adjusted[place])
    return adjusted


def _counts(times_us: Times, factors: Sequence[Factors]) -> NDArray[np.int64]:
    """How many bars each factor is for, symbol by symbol."""
    rows = np.searchsorted(times_us, np.concatenate([factor.starts_us for factor in factors]))
    columns = np.repeat(np.arange(len(factors)), [len(factor.starts_us) for factor in factors])
    starts = columns * len(times_us) + rows
    return np.diff(starts, append=len(factors) * len(times_us))


def _scale(factors: Floats, counts: NDArray[np.int64], symbols: int) -> Floats | None:
    """The factor of every bar, (n, symbols); None where all are 1."""
    if not counts[factors != 1.0].any():
        return None
    by_symbol = np.repeat(factors, counts).reshape(symbols, -1)
    return np.ascontiguousarray(by_symbol.T)
