"""What every indicator takes beside its parameters: grids, timeframes, states, dtypes, threads."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench.indicators as ta
from tests.indicator_data import inputs_of, walk
from workbench.errors import InputError, UnknownNameError
from workbench.indicators import INDICATORS, recycling, tiles
from workbench.indicators.jit import KERNELS

HOURS = pd.date_range("2024-01-01", periods=480, freq="1h", tz="UTC", name="timestamp")


def hourly(symbols: int | None = 3) -> pd.DataFrame:
    columns = walk(len(HOURS), 3, symbols)
    names = [f"S{n}" for n in range(symbols or 0)]
    fields = ("open", "high", "low", "close", "volume")
    if symbols is None:
        return pd.DataFrame({field: columns[field] for field in fields}, HOURS)
    frames = [pd.DataFrame(columns[field], HOURS, names) for field in fields]
    return pd.concat(frames, axis=1, keys=fields, names=["field", "symbol"])


# Grids


def test_a_list_of_windows_gives_a_column_each() -> None:
    close = hourly(None)["close"]
    found = ta.sma(close, window=[3, 5, 8])
    assert found.columns.name == "window"
    assert list(found.columns) == [3, 5, 8]
    for window in (3, 5, 8):
        pd.testing.assert_series_equal(
            found[window], ta.sma(close, window=window), check_names=False
        )


def test_a_grid_of_a_panel_has_the_parameters_outside() -> None:
    close = hourly()["close"]
    found = ta.macd(close, fast=(3, 5), slow=range(8, 10), signal=2)
    assert found.columns.names == ["fast", "slow", "output", "symbol"]
    for fast in (3, 5):
        for slow in (8, 9):
            alone = ta.macd(close, fast=fast, slow=slow, signal=2)
            pd.testing.assert_frame_equal(found[fast][slow], alone)


def test_a_grid_of_arrays_is_stacked() -> None:
    close = walk(60, 1, 9)["close"]
    bands = ta.bbands(close, window=np.array([4, 6]))
    assert bands.upper.shape == (2, 60, 9)
    np.testing.assert_array_equal(bands.upper[1], ta.bbands(close, window=6).upper)
    assert ta.sma(close[:, 0], window=[4]).shape == (1, 60)


def test_every_point_of_a_grid_is_checked() -> None:
    close = np.ones(9)
    with pytest.raises(InputError, match="window=0 is not allowed"):
        ta.sma(close, window=[3, 0])
    with pytest.raises(InputError, match="fast=9 must be less than slow=8"):
        ta.macd(close, fast=[3, 9], slow=8)
    with pytest.raises(InputError, match="not with a grid"):
        ta.sma(close, window=[3, 4], state=ta.State())


# Timeframes


def coarse_by_hand(bars: pd.DataFrame, freq: str, when: Any) -> pd.Series:
    """The RSI of resampled closes, at every hour the last one whose bar had ended."""
    days = bars["close"].resample(freq).last()
    values = pd.Series(talib.RSI(days.to_numpy(), 3), days.index)
    ended = values.copy()
    ended.index = ended.index + pd.Timedelta(when)
    return ended.reindex(bars.index, method="ffill")


@pytest.mark.parametrize(("name", "freq"), [("1d", "1D"), ("4h", "4h")])
def test_a_coarser_bar_is_seen_when_it_has_ended(name: str, freq: str) -> None:
    bars = hourly(None)
    found = ta.rsi(bars["close"], window=3, timeframe=name)
    expected = coarse_by_hand(bars, freq, freq)
    pd.testing.assert_series_equal(found, expected, check_names=False, check_freq=False)


def test_coarse_bars_have_the_high_of_all_and_the_volume_of_all() -> None:
    bars = hourly()
    found = ta.atr(bars, window=1, timeframe="1d")
    daily = bars.groupby(bars.index.floor("D")).agg("max")["high"]
    low = bars.groupby(bars.index.floor("D")).agg("min")["low"]
    close = bars["close"].groupby(bars.index.floor("D")).last()
    day = pd.Timestamp("2024-01-03", tz="UTC")
    before = close.loc[day - pd.Timedelta("1D")]
    ranges = np.maximum(daily.loc[day], before) - np.minimum(low.loc[day], before)
    seen = found.loc[day + pd.Timedelta("1D")]
    np.testing.assert_allclose(seen.to_numpy(), ranges.to_numpy(), rtol=1e-12)


def test_weeks_begin_on_mondays() -> None:
    bars = hourly(None)
    found = ta.sma(bars["close"], window=1, timeframe="1w")
    monday = pd.Timestamp("2024-01-08", tz="UTC")
    assert found[: monday - pd.Timedelta("1h")].isna().all()
    assert (
        found[monday : monday + pd.Timedelta("6D")] == bars["close"].loc["2024-01-07 23:00Z"]
    ).all()


@given(cut=st.integers(0, len(HOURS)), name=st.sampled_from(["4h", "1d", "1w"]))
@settings(max_examples=25, deadline=None)
def test_a_timeframe_does_not_look_ahead(cut: int, name: str) -> None:
    close = hourly()["close"]
    whole, part = (ta.ema(table, window=2, timeframe=name) for table in (close, close[:cut]))
    pd.testing.assert_frame_equal(whole[:cut], part, check_freq=False)


def test_a_timeframe_needs_times() -> None:
    with pytest.raises(InputError, match="timeframe='1d' needs times"):
        ta.sma(np.ones(9), timeframe="1d")
    with pytest.raises(UnknownNameError, match="timeframe '2d'"):
        ta.sma(hourly(None)["close"], timeframe="2d")
    with pytest.raises(InputError, match="do not go together"):
        ta.sma(hourly(None)["close"], timeframe="1d", state=ta.State())


# States


def test_a_state_may_be_kept_in_a_file() -> None:
    close = walk(80, 2, 12)["close"]
    state = ta.State()
    first = ta.rsi(close[:50], state=state)
    kept = pickle.loads(pickle.dumps(state))
    assert "50 bars of 12 symbols" in repr(kept)
    whole = np.concatenate([first, ta.rsi(close[50:], state=kept)])
    np.testing.assert_allclose(whole, ta.rsi(close), rtol=1e-12)


def test_a_state_belongs_to_one_computation() -> None:
    close = walk(30, 2, 12)["close"]
    state = ta.State()
    ta.rsi(close, state=state)
    for call in (
        lambda: ta.sma(close, state=state),
        lambda: ta.rsi(close, window=9, state=state),
        lambda: ta.rsi(close[:, :5], state=state),
    ):
        with pytest.raises(InputError, match="this state belongs to"):
            call()


def test_a_call_that_fails_leaves_the_state_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    close = walk(30, 2, 12)["close"]
    state = ta.State()
    ta.ema(close[:20], window=3, state=state)
    before = pickle.dumps(state)
    with monkeypatch.context() as patched:
        patched.setattr(tiles.Work, "on", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ta.ema(close[20:], window=3, state=state)
    assert pickle.dumps(state) == before
    np.testing.assert_allclose(
        ta.ema(close[20:], window=3, state=state), ta.ema(close, window=3)[20:], rtol=1e-12
    )


def test_bars_come_one_by_one() -> None:
    close = walk(60, 5, 20)["close"]
    state = ta.State()
    rows = [ta.macd(close[t : t + 1], fast=3, slow=5, signal=2, state=state) for t in range(60)]
    whole = ta.macd(close, fast=3, slow=5, signal=2)
    for output in ("macd", "signal", "histogram"):
        joined = np.concatenate([getattr(row, output) for row in rows])
        np.testing.assert_allclose(joined, getattr(whole, output), rtol=1e-12, atol=1e-12)


# The rest


def test_float32_is_opt_in() -> None:
    close = walk(300, 5, 20)["close"]
    narrow = close.astype(np.float32)
    assert ta.ema(narrow).dtype == np.float64
    for order in ("C", "F"):
        table = np.array(narrow, order=order)
        found = ta.ema(table, dtype="float32")
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, ta.ema(table.astype(float)).astype(np.float32))
    assert ta.ema(narrow[:, 0], dtype=np.float32).dtype == np.float32
    gappy = narrow.copy()
    gappy[5::7] = np.nan
    expected = ta.ema(gappy.astype(float)).astype(np.float32)
    np.testing.assert_array_equal(ta.ema(gappy, dtype="float32"), expected)


def test_missing_bars_may_be_shown_to_the_indicator() -> None:
    for symbols in (1, 20):
        close = walk(60, 5, symbols)["close"]
        close[30] = np.nan
        shown = ta.ema(close, window=3, nan="propagate")
        assert np.isfinite(shown[2:30]).all()
        assert np.isnan(shown[30:]).all()
        assert np.isfinite(ta.ema(close, window=3)[31:]).all()


@pytest.mark.parametrize("order", ["C", "F"])
def test_threads_change_no_bit(order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "TILE_BYTES", 30_000)
    close = np.array(walk(200, 5, 300)["close"], order=order)
    close[17, ::3] = np.nan
    alone = ta.rsi(close, threads=1)
    for threads in (None, 2, 5):
        np.testing.assert_array_equal(ta.rsi(close, threads=threads), alone)


def test_threads_of_the_user_do_not_meet() -> None:
    tables = [walk(300, seed, 40)["close"] for seed in range(6)]
    expected = [ta.macd(table).signal for table in tables]
    found: list[Any] = [None] * 6

    def work(number: int) -> None:
        for _ in range(5):
            found[number] = ta.macd(tables[number]).signal

    workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for mine, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, right)


@pytest.mark.parametrize("name", INDICATORS)
def test_any_order_of_memory_gives_the_same(name: str) -> None:
    """Sliced, reversed, transposed, column by column: what numpy calls strided."""
    columns = walk(130, 3, 40)
    inputs = [np.array(values) for values in inputs_of(name, columns)]
    expected = INDICATORS[name].compute(*inputs)
    spread = [np.repeat(np.repeat(values, 2, axis=0), 3, axis=1)[::2, ::3] for values in inputs]
    turned = [np.array(values.T, order="C").T for values in inputs]
    mirrored = [np.array(values[::-1, ::-1])[::-1, ::-1] for values in inputs]
    for strange in (spread, turned, mirrored):
        for values in strange:
            values.flags.writeable = False
        found = INDICATORS[name].compute(*strange)
        np.testing.assert_array_equal(np.array(found), np.array(expected))


@pytest.mark.parametrize(
    ("option", "value"),
    [("timeframe", 1), ("state", {}), ("dtype", "int8"), ("nan", "drop"), ("threads", 0)],
)
def test_options_are_checked(option: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"sma: {option}={value!r} is not allowed; give "):
        ta.sma(np.ones(9), **{option: value})


def test_results_do_not_share_memory_that_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "LEAST_BYTES", 1)
    monkeypatch.setattr(recycling, "LIMIT_BYTES", 3000)
    kept = [recycling.empty((25,), np.float64) for _ in range(4)]
    for number, array in enumerate(kept):
        array[:] = number
    view = kept[2][3:7]
    del kept[2], array
    others = [recycling.empty((25,), np.float64) for _ in range(30)]
    for other in others:
        other[:] = -1.0
    assert (view == 2.0).all()
    assert [set(one.tolist()) for one in kept] == [{0.0}, {1.0}, {3.0}]
    del others
    assert recycling._held[0] <= 3000


def test_every_kernel_names_itself() -> None:
    assert all(repr(kernel).startswith("<kernel ") for kernel in KERNELS)
