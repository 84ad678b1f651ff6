"""The pyramid against a slow twin that looks at every raw row."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.charts.pyramid import BarPyramid, LinePyramid, bucket_width, cover
from workbench.errors import BarsError, InputError, RangeError
from workbench.shape import FIELDS, time_index

DAY_US = 86_400_000_000
SIZES = [1, 2, 9, 10, 11, 99, 100, 101, 1001, 4321]


def walk(rows: int, seed: int, gaps: float = 0.0) -> pd.DataFrame:
    """Bars of a seeded random walk with whole volumes; a share of `gaps` rows is NaN."""
    rng = np.random.default_rng(seed)
    close = 100 + rng.normal(0, 1, rows).cumsum()
    opens = close + rng.normal(0, 1, rows)
    high = np.maximum(opens, close) + rng.random(rows)
    low = np.minimum(opens, close) - rng.random(rows)
    block = np.stack([opens, high, low, close, rng.integers(0, 10**9, rows).astype(float)])
    block[:, rng.random(rows) < gaps] = np.nan
    steps = rng.integers(1, 5, rows).cumsum() * DAY_US
    return pd.DataFrame(block.T, index=time_index(steps), columns=[*FIELDS])


def slow_candles(bars: pd.DataFrame, first: int, end: int, width: int) -> list[list[float]]:
    """One bar after the other, as a person would do it."""
    buckets: dict[int, list[int]] = {}
    for row in range(first, end):
        buckets.setdefault(row // width, []).append(row)
    result = []
    for rows in buckets.values():
        values = [
            [v for v in bars[name].iloc[rows].tolist() if not math.isnan(v)] for name in FIELDS
        ]
        opens, high, low, close, volume = values
        result.append(
            [
                opens[0] if opens else math.nan,
                max(high, default=math.nan),
                min(low, default=math.nan),
                close[-1] if close else math.nan,
                sum(volume) if volume else math.nan,
            ]
        )
    return result


def slow_line(values: list[float], first: int, end: int, width: int) -> list[int]:
    """Rows of the first, least, greatest and last value of each bucket."""
    buckets: dict[int, list[int]] = {}
    for row in range(first, end):
        buckets.setdefault(row // width, []).append(row)
    kept: set[int] = set()
    for rows in buckets.values():
        valid = [row for row in rows if not math.isnan(values[row])]
        if not valid:
            kept.add(rows[0])
            continue
        kept |= {valid[0], valid[-1]}
        kept.add(min(valid, key=lambda row: (values[row], row)))
        kept.add(min(valid, key=lambda row: (-values[row], row)))
    return sorted(kept)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("gaps", [0.0, 0.4, 0.97])
def test_candles_equal_the_raw_aggregate_at_awkward_sizes(size, gaps):
    bars = walk(size, seed=size, gaps=gaps)
    pyramid = BarPyramid(bars)
    for first, end, points in viewports(size):
        candles = pyramid.rows(first, end, points=points)
        assert len(candles.row) <= points
        expected = slow_candles(bars, first, end, candles.width)
        np.testing.assert_array_equal(candles.values.T, expected)
        assert candles.row[0] == first
        assert (candles.timestamp_us == bars.index.asi8[candles.row]).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("gaps", [0.0, 0.4, 0.97])
def test_lines_keep_first_least_greatest_and_last_of_every_bucket(size, gaps):
    close = walk(size, seed=size, gaps=gaps)["close"]
    pyramid = LinePyramid(close)
    for first, end, points in viewports(size):
        line = pyramid.rows(first, end, points=4 * points)
        assert len(line.row) <= 4 * points
        wanted = slow_line(close.tolist(), first, end, line.width)
        assert line.row.tolist() == (list(range(first, end)) if line.width == 1 else wanted)
        np.testing.assert_array_equal(line.value, close.to_numpy()[line.row])


def viewports(size: int) -> list[tuple[int, int, int]]:
    rng = np.random.default_rng(size)
    found = [(0, size, 2), (0, size, 3), (0, size, 500), (size - 1, size, 7)]
    for _ in range(12):
        first = int(rng.integers(0, size))
        found.append((first, int(rng.integers(first + 1, size + 1)), int(rng.integers(2, 40))))
    return found


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=400),
    bounds=st.tuples(st.integers(0, 399), st.integers(1, 400)),
    points=st.integers(8, 60),
)
def test_any_line_of_any_viewport(values, bounds, points):
    first = min(bounds[0], len(values) - 1)
    end = max(min(bounds[1], len(values)), first + 1)
    series = pd.Series(values, index=time_index(np.arange(len(values)) * DAY_US))
    line = LinePyramid(series).rows(first, end, points=points)
    assert len(line.row) <= points
    valid = [v for v in values[first:end] if not math.isnan(v)]
    shown = [v for v in line.value.tolist() if not math.isnan(v)]
    assert (min(shown, default=None), max(shown, default=None)) == (
        min(valid, default=None),
        max(valid, default=None),
    )


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(0, 4))
def test_the_cover_tiles_the_rows_without_gap_or_overlap(first, count, top):
    at = first
    for level, begin, end in cover(first, first + count, top):
        assert begin * 10**level == at
        assert end > begin
        at = end * 10**level
    assert at == first + count


def test_cost_depends_on_the_buckets_and_not_on_the_history():
    """A viewport of 100,000 times more rows is covered by as few entries."""
    for rows in (10**4, 10**6, 10**9):
        width = bucket_width(rows - 20, 500)
        pieces = cover(7, rows - 13, len(str(width)) - 1)
        assert sum(end - begin for _, begin, end in pieces) < 500 * 10 + 20 * 10


def test_ranges_are_half_open_times():
    bars = walk(300, seed=1)
    start, end = bars.index.asi8[[40, 90]]
    candles = BarPyramid(bars).candles(start, end, points=200)
    pd.testing.assert_frame_equal(candles.frame(), bars.iloc[40:90], check_freq=False)


def test_panning_keeps_the_borders_of_the_buckets():
    pyramid = BarPyramid(walk(5000, seed=2))
    one, two = pyramid.rows(100, 3100, points=500), pyramid.rows(137, 3137, points=500)
    assert set(one.row[1:]) & set(two.row[1:]) == set(two.row[1:-4])


def test_clear_errors():
    bars = walk(10, seed=3)
    with pytest.raises(RangeError, match="no bar in the range"):
        BarPyramid(bars).candles(0, 1, points=10)
    with pytest.raises(InputError, match="at least 2"):
        bucket_width(10, 1)
    with pytest.raises(BarsError, match="candles need the columns"):
        BarPyramid(bars[["close"]])
