"""How many symbols at a time stay below a limit of memory."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from workbench.batches.plan import Plan
from workbench.catalog.entries import WHOLE_ROWS
from workbench.errors import InputError

READING = 3
"""Copies of a bar's fields while it is read: as it arrives, by column, and by symbol."""
COMPUTING = 2
"""Copies of an indicator's outputs: as computed, and memory kept for the next one."""
VALUE_BYTES = 8


def rows_of(series: pd.DataFrame, plan: Plan) -> tuple[int, int]:
    """About how many times the symbols' bars have: to be read, and inside the plan's window.

    `series` has a row per symbol. The times of all together are reckoned from the span of all
    and the density of the longest.
    """
    longest = series.iloc[int(series["rows"].to_numpy().argmax())]
    first, last = series["first"].min(), series["last"].max()
    per_day = longest["rows"] / max(_days(longest["first"], longest["last"]), 1.0)
    whole = min(math.ceil(_days(first, last) * per_day) + 1, int(series["rows"].sum()))
    start, end = plan.window.start or first, plan.window.end or last
    inside = math.ceil(max(_days(max(start, first), min(end, last)), 0.0) * per_day) + 1
    around = inside + math.ceil(2 * 366 * per_day)  # whole years are read, and kept
    return min(whole, max(around, WHOLE_ROWS)), min(whole, inside)


def _days(first: pd.Timestamp, last: pd.Timestamp) -> float:
    return (last - first) / pd.Timedelta(1, "D")


def refuse_large(plan: Plan, rows: tuple[int, int], limit_bytes: int) -> None:
    """Raise InputError where all outputs together take more than the limit."""
    widths = [len(one.labels) * np.dtype(one.dtype).itemsize for one in plan.calculations]
    size = rows[1] * len(plan.symbols) * sum(widths)
    if size > limit_bytes:
        raise InputError(
            f"the result takes about {size:,} bytes, more than limit_bytes={limit_bytes:,}; "
            "give out=, a folder to write it to, or a larger limit"
        )


def symbols_at_a_time(plan: Plan, rows: tuple[int, int], limit_bytes: int) -> int:
    """A power of two, so that it stays the same, and with it the cache's keys, as bars arrive.

    Raises InputError where one symbol takes more than the limit.
    """
    most_outputs = max(len(one.labels) for one in plan.calculations)
    values = rows[0] * READING * (len(plan.fields) + 1) + rows[1] * COMPUTING * most_outputs
    least_bytes = values * VALUE_BYTES
    if least_bytes > limit_bytes:
        raise InputError(
            f"limit_bytes={limit_bytes:,} is too little for one symbol;"
            f" give {least_bytes:,} or more"
        )
    count: int = 1 << ((limit_bytes // least_bytes).bit_length() - 1)
    return count
