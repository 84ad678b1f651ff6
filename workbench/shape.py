"""Bars: the one table shape that flows through the workbench.

One symbol: a frame with a UTC `DatetimeIndex` named `timestamp` (strictly increasing, microsecond
unit, as PostgreSQL stores it) and float64 columns `open high low close volume`, or a subset.
Several symbols: columns are a MultiIndex `(field, symbol)`, each field one contiguous time-major
block, NaN where a symbol has no bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import BarsError, UnknownNameError

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
"""Microseconds since 1970-01-01 UTC."""

UTC_TIME = pd.DatetimeTZDtype("us", "UTC")
FIELDS = ("open", "high", "low", "close", "volume")
PRICES = FIELDS[:4]


def time_index(timestamps_us: Times) -> pd.DatetimeIndex:
    """The index of Bars from microseconds since 1970 UTC, without a copy.

    >>> time_index(np.array([0]))[0]
    Timestamp('1970-01-01 00:00:00+0000', tz='UTC')
    """
    return pd.DatetimeIndex(timestamps_us, dtype=UTC_TIME, copy=False, name="timestamp")


def timestamps_us(bars: pd.DataFrame | pd.DatetimeIndex) -> Times:
    """The index as int64 microseconds since 1970 UTC.

    >>> timestamps_us(flat(np.array([7]), np.ones((1, 1)), ["close"]))
    array([7])
    """
    index = bars if isinstance(bars, pd.DatetimeIndex) else bars.index
    assert isinstance(index, pd.DatetimeIndex)
    return (index if index.unit == "us" else index.as_unit("us")).asi8


def flat(timestamps: Times, block: Floats, fields: Sequence[str] = FIELDS) -> pd.DataFrame:
    """Bars of one symbol around `block`, shaped (fields, time) and C-contiguous, without a copy.

    >>> flat(np.array([0]), np.ones((5, 1))).shape
    (1, 5)
    """
    return pd.DataFrame(block.T, index=time_index(timestamps), columns=list(fields), copy=False)


def panel(timestamps: Times, blocks: Mapping[str, Floats], symbols: Sequence[str]) -> pd.DataFrame:
    """Bars of several symbols around one (time, symbol) block per field, without a copy.

    >>> p = panel(np.array([0]), {"close": np.ones((1, 2))}, ["AAPL", "IBM"])
    >>> p["close"].columns.to_list()
    ['AAPL', 'IBM']
    """
    index = time_index(timestamps)
    wide = [
        pd.DataFrame(block, index=index, columns=list(symbols), copy=False)
        for block in blocks.values()
    ]
    return pd.concat(wide, axis=1, keys=list(blocks), names=["field", "symbol"])


def is_panel(bars: pd.DataFrame) -> bool:
    """Whether `bars` holds several symbols, that is, has `(field, symbol)` columns.

    >>> is_panel(flat(np.array([0]), np.ones((5, 1))))
    False
    """
    return bars.columns.nlevels == 2


def known_fields(fields: Sequence[str] | str | None) -> tuple[str, ...]:
    """`fields` as a tuple, all of them for None; UnknownNameError for any that is not a field.

    >>> known_fields(["close"])
    ('close',)
    """
    if fields is None:
        return FIELDS
    chosen = (fields,) if isinstance(fields, str) else tuple(fields)
    for name in chosen:
        if name not in FIELDS:
            raise UnknownNameError("field", str(name), FIELDS)
    if not chosen or len(set(chosen)) < len(chosen):
        raise BarsError(
            f"fields={list(chosen)} must name each wanted field once; allowed: {FIELDS}"
        )
    return chosen


def checked(bars: pd.DataFrame) -> pd.DataFrame:
    """`bars` itself when it has the shape of one symbol's Bars; BarsError that says what differs.

    >>> checked(flat(np.array([0, 1]), np.ones((5, 2)))).shape
    (2, 5)
    """
    index = bars.index
    if not isinstance(index, pd.DatetimeIndex) or str(index.tz) != "UTC":
        raise BarsError(f"Bars need a UTC DatetimeIndex, got {type(index).__name__} {index.dtype}")
    if tuple(bars.columns) != FIELDS:
        raise BarsError(f"Bars need the columns {FIELDS}, got {tuple(bars.columns)}")
    if not (bars.dtypes == "float64").all():
        raise BarsError(f"Bars need float64 columns, got {sorted(set(map(str, bars.dtypes)))}")
    if not (index.is_monotonic_increasing and index.is_unique):
        raise BarsError("Bars need strictly increasing timestamps; sort them and drop duplicates")
    return bars


def flaws(block: Floats) -> dict[str, NDArray[np.bool_]]:
    """Which columns of a (5, n) block break which rule: reason → boolean mask, broken rules only.

    A row may break several rules. Rules: finite values, prices above zero, volume not negative,
    `high` the greatest and `low` the least price.

    >>> flaws(np.array([[1.0], [2.0], [3.0], [1.0], [0.0]]))
    {'high below low': array([ True]), 'low above open or close': array([ True])}
    """
    opens, high, low, close, volume = block
    prices = block[:4]
    with np.errstate(invalid="ignore"):
        rules = {
            "price missing or not finite": ~np.isfinite(prices).all(axis=0),
            "volume missing or not finite": ~np.isfinite(volume),
            "price not above zero": (prices <= 0).any(axis=0),
            "volume negative": volume < 0,
            "high below low": high < low,
            "high below open or close": (high >= low) & (high < np.maximum(opens, close)),
            "low above open or close": low > np.minimum(opens, close),
        }
    return {reason: mask for reason, mask in rules.items() if mask.any()}
