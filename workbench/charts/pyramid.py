"""Reduction without loss of what the eye looks for: candles and lines of any range, few points.

A pyramid holds the same series at widths of 1, 10, 100, … rows. A viewport is covered by the
coarsest entries that fit inside it and finer ones at its edges, so that its cost depends on the
number of buckets and not on the length of the history, and its result equals the aggregate of
the raw rows. Bucket widths are 1, 2 or 5 times a power of ten rows, counted from the first row
of the series, so that panning never moves a bucket's borders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import BarsError, InputError, RangeError
from workbench.shape import FIELDS, Floats, Times, time_index, timestamps_us

Rows = NDArray[np.int64]
FAN = 10
NOWHERE = np.iinfo(np.int64).max
POINTS_PER_BUCKET = 4
"""A line keeps up to four points of a bucket: first, least, greatest, last."""


@dataclass(frozen=True)
class Candles:
    """Consecutive buckets of bars: first open, greatest high, least low, last close, summed volume.

    `row` is the number of each bucket's first bar in the whole series and `timestamp_us` its time;
    `width` is the number of bars in a full bucket (the first and last may hold fewer).
    """

    width: int
    row: Rows
    timestamp_us: Times
    values: Floats
    """Shaped (5, buckets), in the order of `FIELDS`; NaN where no bar of a bucket has the field."""

    def frame(self) -> pd.DataFrame:
        """The buckets as Bars, each labelled with the time of its first bar."""
        return pd.DataFrame(self.values.T, index=time_index(self.timestamp_us), columns=[*FIELDS])


@dataclass(frozen=True)
class Line:
    """Points of a line in time order; `row` and `timestamp_us` say where each one truly is."""

    width: int
    row: Rows
    timestamp_us: Times
    value: Floats


def bucket_width(rows: int, buckets: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50, … that divides `rows` rows into at most `buckets` buckets.

    One bucket is held back because a viewport may begin and end inside of one.

    >>> [bucket_width(rows, 500) for rows in (500, 501, 3270, 1_000_000)]
    [1, 2, 10, 5000]
    """
    if buckets < 2:
        raise InputError(f"{buckets} buckets cannot show a range; allow at least 2")
    if rows <= buckets:
        return 1
    scale = 1
    while True:
        for step in (1, 2, 5):
            if -(-rows // (step * scale)) < buckets:
                return step * scale
        scale *= FAN


def cover(first: int, end: int, top: int) -> Iterator[tuple[int, int, int]]:
    """Entries that tile the rows `[first, end)`: `(level, from, to)` in row order.

    An entry of level k stands for `10**k` rows; `top` is the coarsest level used.

    >>> list(cover(7, 123, 1))
    [(0, 7, 10), (1, 1, 12), (0, 120, 123)]
    """
    tail: list[tuple[int, int, int]] = []
    step = 1
    for level in range(top):
        wider = step * FAN
        inner_first = min(-(-first // wider) * wider, end)
        inner_end = max(end // wider * wider, inner_first)
        if inner_first > first:
            yield level, first // step, inner_first // step
        if end > inner_end:
            tail.append((level, inner_end // step, end // step))
        first, end, step = inner_first, inner_end, wider
        if first == end:
            break
    if first < end:
        yield top, first // step, end // step
    yield from reversed(tail)


class BarPyramid:
    """Candles of one symbol at any width, from any range; see `Candles`.

    >>> index = pd.date_range("2020", periods=100, tz="UTC", name="timestamp")
    >>> bars = pd.DataFrame(np.ones((100, 5)), index=index, columns=[*FIELDS])
    >>> BarPyramid(bars).candles(points=20).frame().volume.tolist()[:2]
    [10.0, 10.0]
    """

    def __init__(self, bars: pd.DataFrame) -> None:
        if tuple(bars.columns) != FIELDS:
            raise BarsError(f"candles need the columns {FIELDS}, got {tuple(bars.columns)}")
        self.timestamp_us: Times = timestamps_us(bars)
        self._levels = [np.ascontiguousarray(bars.to_numpy(dtype=np.float64).T)]
        while self._levels[-1].shape[1] > FAN:
            finer = self._levels[-1]
            starts = np.arange(0, finer.shape[1], FAN)
            self._levels.append(aggregate(finer, starts))

    def __len__(self) -> int:
        return len(self.timestamp_us)

    def candles(
        self, start_us: int | None = None, end_us: int | None = None, *, points: int
    ) -> Candles:
        """At most `points` buckets that hold every bar in `[start_us, end_us)`.

        Sums of volume are exact for whole numbers below 2**53. RangeError when no bar is inside.
        """
        return self.rows(*row_range(self.timestamp_us, start_us, end_us), points=points)

    def rows(self, first: int, end: int, *, points: int) -> Candles:
        """The same for bars number `first` up to, not including, `end`."""
        width = bucket_width(end - first, points)
        pieces = list(cover(first, end, level_below(width, len(self._levels))))
        entries = np.concatenate([self._levels[k][:, a:b] for k, a, b in pieces], axis=1)
        row = np.concatenate([np.arange(a, b) * FAN**k for k, a, b in pieces])
        starts = bucket_starts(row, width)
        row = row[starts]
        return Candles(width, row, self.timestamp_us[row], aggregate(entries, starts))


class LinePyramid:
    """A line of one series at any width, from any range; see `Line`.

    NaN stands for no value: a bucket without any value becomes one NaN point, which breaks the
    line there.

    >>> index = pd.date_range("2020", periods=100, tz="UTC", name="timestamp")
    >>> line = LinePyramid(pd.Series(np.arange(100.0), index=index)).line(points=40)
    >>> float(line.value.max())
    99.0
    """

    def __init__(self, series: pd.Series) -> None:
        assert isinstance(series.index, pd.DatetimeIndex)
        self.timestamp_us: Times = timestamps_us(series.index)
        self._value = np.ascontiguousarray(series.to_numpy(dtype=np.float64))

    @cached_property
    def _levels(self) -> list[Rows]:
        """The rows of each entry's points, shaped (entries, 4), by level; level 0 is every row."""
        levels: list[Rows] = [np.arange(len(self._value))[:, None]]
        while len(levels[-1]) > FAN:
            finer = levels[-1]
            starts = np.arange(0, len(finer), FAN) * finer.shape[1]
            levels.append(extremes(self._value, finer.ravel(), starts))
        return levels

    def line(self, start_us: int | None = None, end_us: int | None = None, *, points: int) -> Line:
        """At most `points` points of `[start_us, end_us)`, every extreme among them."""
        return self.rows(*row_range(self.timestamp_us, start_us, end_us), points=points)

    def rows(self, first: int, end: int, *, points: int) -> Line:
        """The same for rows number `first` up to, not including, `end`."""
        if end - first <= points:
            row = np.arange(first, end)
            return Line(1, row, self.timestamp_us[row], self._value[row])
        width = bucket_width(end - first, points // POINTS_PER_BUCKET)
        pieces = list(cover(first, end, level_below(width, len(self._levels))))
        candidates = np.concatenate([self._levels[k][a:b].ravel() for k, a, b in pieces])
        starts = bucket_starts(candidates, width)
        row = np.unique(extremes(self._value, candidates, starts))
        return Line(width, row, self.timestamp_us[row], self._value[row])


def row_range(timestamp_us: Times, start_us: int | None, end_us: int | None) -> tuple[int, int]:
    """The rows inside `[start_us, end_us)`; RangeError when there is none.

    >>> row_range(np.array([10, 20, 30]), 15, None)
    (1, 3)
    """
    first = 0 if start_us is None else int(np.searchsorted(timestamp_us, start_us))
    end = len(timestamp_us) if end_us is None else int(np.searchsorted(timestamp_us, end_us))
    if first >= end:
        raise RangeError("no bar in the range asked for; widen it")
    return first, end


def level_below(width: int, levels: int) -> int:
    """The coarsest level whose entries fit into buckets of `width` rows.

    >>> [level_below(width, 4) for width in (1, 5, 10, 500, 10**6)]
    [0, 0, 1, 2, 3]
    """
    return min(len(str(width)) - 1, levels - 1)


def bucket_starts(row: Rows, width: int) -> Rows:
    """Where in the sorted `row` a new bucket begins.

    >>> bucket_starts(np.array([3, 4, 5, 9, 10]), 5)
    array([0, 2, 4])
    """
    bucket = row // width
    return np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))


def aggregate(block: Floats, starts: Rows) -> Floats:
    """A (5, n) block reduced to one column for each of `starts`; NaN counts as absent."""
    opens, high, low, close, volume = block
    position = np.arange(block.shape[1])
    here = ~np.isnan(volume)
    counts = np.add.reduceat(here.astype(np.int64), starts)
    total = np.add.reduceat(np.where(here, volume, 0.0), starts)
    first = np.minimum.reduceat(np.where(np.isnan(opens), NOWHERE, position), starts)
    last = np.maximum.reduceat(np.where(np.isnan(close), -1, position), starts)
    return np.stack(
        [
            np.where(first < NOWHERE, opens[np.minimum(first, len(position) - 1)], np.nan),
            np.fmax.reduceat(high, starts),
            np.fmin.reduceat(low, starts),
            np.where(last >= 0, close[last], np.nan),
            np.where(counts > 0, total, np.nan),
        ]
    )


def extremes(value: Floats, row: Rows, starts: Rows) -> Rows:
    """For each bucket of `row` the rows of its first, least, greatest and last value, sorted.

    Shaped (buckets, 4), with repeats where they coincide; a bucket without any value gives its
    first row. The earliest wins among equal extremes.
    """
    found = value[row]
    absent = np.isnan(found)
    size = np.diff(np.append(starts, len(row)))
    least = np.repeat(np.fmin.reduceat(found, starts), size)
    greatest = np.repeat(np.fmax.reduceat(found, starts), size)
    first = np.minimum.reduceat(np.where(absent, NOWHERE, row), starts)
    last = np.maximum.reduceat(np.where(absent, -1, row), starts)
    at_least = np.minimum.reduceat(np.where(found == least, row, NOWHERE), starts)
    at_greatest = np.minimum.reduceat(np.where(found == greatest, row, NOWHERE), starts)
    points = np.stack([first, at_least, at_greatest, last], axis=1)
    empty = first == NOWHERE
    points[empty] = row[starts][empty, None]
    points.sort(axis=1)
    return points
