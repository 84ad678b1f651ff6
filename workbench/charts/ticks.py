"""Calendar ticks for an axis that counts bars, on which no night or holiday leaves a gap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.shape import Times

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
MONDAY_US = 4 * DAY_US
"""The first Monday after 1970-01-01, which was a Thursday."""

STEPS_US = [MINUTE_US * m for m in (1, 2, 5, 15, 30, 60, 120, 240, 360, 720)] + [DAY_US, 2 * DAY_US]
WEEKS_US = [7 * DAY_US, 14 * DAY_US]
MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600]


def time_ticks(
    timestamp_us: Times, first: int, end: int, most: int = 10
) -> tuple[list[int], list[str]]:
    """Rows and labels of at most `most` calendar boundaries among the rows `[first, end)`.

    A boundary stands at the first bar at or after it and is labelled with that bar's own time, in
    ISO form and as short as the step allows. The cost does not depend on how many rows there are.

    >>> days = np.arange(0, 365) * DAY_US
    >>> time_ticks(days, 0, 365, most=4)
    ([90, 181, 273], ['1970-04', '1970-07', '1970-10'])
    """
    shown = timestamp_us[first:end]
    daily = not (shown[[0, min(1, len(shown) - 1), -1]] % DAY_US).any()
    for unit, boundaries in _grids(int(shown[0]), int(shown[-1]) + 1, most):
        if daily and unit == "minute":
            continue
        rows = np.unique(np.searchsorted(shown, boundaries))
        rows = rows[rows < len(shown)]
        if len(rows) <= most:
            return (rows + first).tolist(), _labels(shown[rows], unit)
    return [], []


def _grids(start_us: int, end_us: int, most: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Ever coarser boundaries inside `(start_us, end_us)`, each with its unit of labelling."""
    for step in STEPS_US + WEEKS_US:
        if (end_us - start_us) / step <= 8 * most:  # most of an intraday range may be closed
            offset = MONDAY_US if step in WEEKS_US else 0
            low = start_us - (start_us - offset) % step + step
            yield "minute" if step < DAY_US else "day", np.arange(low, end_us, step)
    months = np.array([start_us, end_us]).astype("datetime64[us]").astype("datetime64[M]")
    low_month, high_month = months.astype(np.int64)
    for step in MONTHS:
        grid = np.arange(-(-(low_month + 1) // step) * step, high_month + 1, step)
        grid_us = grid.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
        yield "month" if step < 12 else "year", grid_us


def _labels(timestamp_us: Times, unit: str) -> list[str]:
    times = pd.DatetimeIndex(timestamp_us.view("datetime64[us]"))
    if unit != "minute":
        pattern = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[unit]
        return times.strftime(pattern).tolist()
    labels, day = [], None
    for stamp in times:
        labels.append(f"{stamp:%H:%M}" + (f"<br>{stamp:%Y-%m-%d}" if stamp.date() != day else ""))
        day = stamp.date()
    return labels


def spans(timestamp_us: Times, begin: NDArray[np.int64], end: NDArray[np.int64]) -> list[str]:
    """What the buckets of rows `[begin, end)` cover: '2010-03-01' or '2010-03-01 – 2010-03-12'.

    >>> spans(np.array([0, DAY_US, 2 * DAY_US]), np.array([0, 1]), np.array([1, 3]))
    ['1970-01-01', '1970-01-02 – 1970-01-03']
    """
    opens, closes = stamps(timestamp_us[begin]), stamps(timestamp_us[end - 1])
    return [a if a == b else f"{a} – {b}" for a, b in zip(opens, closes, strict=True)]


def stamps(timestamp_us: Times) -> list[str]:
    """ISO dates, with the time of day where any of them has one.

    >>> stamps(np.array([0, 3600 * 10**6]))
    ['1970-01-01 00:00', '1970-01-01 01:00']
    """
    daily = not (timestamp_us % DAY_US).any()
    text = np.datetime_as_string(timestamp_us.view("datetime64[us]"), unit="D" if daily else "m")
    return [str(stamp).replace("T", " ") for stamp in text]
