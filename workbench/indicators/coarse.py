"""Coarser bars made of the user's, and values brought back from them without looking ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.sessions import timeframe

MONDAY_US = 3 * 86_400 * 10**6
"""1970 began on a Thursday; weeks begin on Mondays."""

TOGETHER = {"open": "first", "high": "max", "low": "min", "volume": "sum"}
"""How a field of several bars becomes one; every other is the last."""


def buckets(index: Any, name: str) -> NDArray[np.int64]:
    """The number of the coarse bar that each timestamp lies in; UTC days, weeks from Monday.

    >>> buckets(pd.to_datetime(["2024-01-07", "2024-01-08"], utc=True), "1w").tolist()
    [2818, 2819]
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(f"timeframe={name!r} needs times: give pandas with a DatetimeIndex")
    length = timeframe(name).seconds * 10**6
    times = index.as_unit("us").asi8
    shift = MONDAY_US if name == "1w" else 0
    found: NDArray[np.int64] = (times + shift) // length
    return found


def coarsened(fields: Sequence[str], tables: Sequence[Any], name: str) -> tuple[Any, ...]:
    """Each field's table with one row for each coarse bar that there is.

    >>> index = pd.date_range("2024-01-01", periods=4, freq="12h", tz="UTC")
    >>> coarsened(["high"], [pd.Series([1.0, 3.0, 2.0, 1.0], index)], "1d")[0].tolist()
    [3.0, 2.0]
    """
    number = buckets(tables[0].index, name)
    made = []
    for field, table in zip(fields, tables, strict=True):
        grouped = table.groupby(number)
        how = TOGETHER.get(field, "last")
        made.append(grouped.sum(min_count=1) if how == "sum" else getattr(grouped, how)())
    return tuple(made)


def brought_back(result: Any, index: pd.DatetimeIndex, name: str) -> Any:
    """For each time the row of the last coarse bar that had ended by then, else NaN.

    >>> index = pd.date_range("2024-01-01", periods=3, freq="12h", tz="UTC")
    >>> numbers = buckets(index, "1d")
    >>> brought_back(pd.Series([5.0, 6.0], np.unique(numbers)), index, "1d").tolist()
    [nan, nan, 5.0]
    """
    number = buckets(index, name)
    rows = np.searchsorted(result.index.to_numpy(), number) - 1
    found = result.reset_index(drop=True).reindex(rows)
    found.index = index
    return found
