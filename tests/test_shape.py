"""The table shape: no copies, one meaning, and every rule about a bar found by brute force."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench import shape
from workbench.errors import BarsError, UnknownNameError

VALUES = st.one_of(
    st.floats(-2, 5), st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf, -0.0])
)


def test_flat_bars_are_views_of_the_block_and_of_the_timestamps() -> None:
    block, times = np.random.default_rng(1).random((5, 9)), np.arange(9) * 60_000_000
    frame = shape.flat(times, block)
    assert np.shares_memory(frame.to_numpy(), block)
    assert all(frame[field].to_numpy().flags.c_contiguous for field in shape.FIELDS)
    assert np.shares_memory(shape.timestamps_us(frame), times)
    assert frame.index.name == "timestamp"
    assert str(frame.index.tz) == "UTC"


def test_a_field_of_a_panel_is_one_time_major_block_without_a_copy() -> None:
    blocks = {field: np.random.default_rng(1).random((7, 3)) for field in shape.FIELDS}
    frame = shape.panel(np.arange(7), blocks, ["A", "B", "C"])
    for field, block in blocks.items():
        wide = frame[field]
        assert list(wide.columns) == ["A", "B", "C"]
        assert np.shares_memory(wide.to_numpy(), block)
        assert wide.to_numpy().flags.c_contiguous
    assert shape.is_panel(frame)
    assert frame.columns.names == ["field", "symbol"]


def test_fields_are_checked() -> None:
    assert shape.known_fields(None) == shape.FIELDS
    assert shape.known_fields("close") == ("close",)
    with pytest.raises(UnknownNameError, match="'clse'; did you mean 'close'"):
        shape.known_fields(["clse"])
    with pytest.raises(BarsError, match="once"):
        shape.known_fields(["close", "close"])
    with pytest.raises(BarsError, match="once"):
        shape.known_fields([])


GOOD = shape.flat(np.array([0, 1, 2]), np.ones((5, 3)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (GOOD.reset_index(drop=True), "UTC DatetimeIndex"),
        (GOOD.tz_localize(None), "UTC DatetimeIndex"),
        (GOOD.tz_convert("Europe/Berlin"), "UTC DatetimeIndex"),
        (GOOD[["close"]], "columns"),
        (GOOD.astype("float32"), "float64"),
        (GOOD.iloc[::-1], "increasing"),
        (GOOD.iloc[[0, 0]], "increasing"),
    ],
)
def test_what_is_not_bars_is_refused(wrong: pd.DataFrame, message: str) -> None:
    assert shape.checked(GOOD) is GOOD
    with pytest.raises(BarsError, match=message):
        shape.checked(wrong)


def is_bar(opens: float, high: float, low: float, close: float, volume: float) -> bool:
    """The rules, one row at a time."""
    prices = (opens, high, low, close)
    return (
        all(map(math.isfinite, (*prices, volume)))
        and min(prices) > 0
        and volume >= 0
        and high == max(prices)
        and low == min(prices)
    )


@given(arrays(np.float64, st.tuples(st.just(5), st.integers(0, 12)), elements=VALUES))
def test_flaws_finds_exactly_the_rows_that_are_no_bars(block: shape.Floats) -> None:
    before = block.copy()
    broken = shape.flaws(block)
    found = np.zeros(block.shape[1], bool)
    for mask in broken.values():
        assert mask.any()
        found |= mask
    assert found.tolist() == [not is_bar(*row) for row in block.T]
    assert np.array_equal(block, before, equal_nan=True)
