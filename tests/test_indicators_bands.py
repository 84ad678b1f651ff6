"""Bands, stops and structures: what their definitions promise beside the oracles' values."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import talib

import workbench.indicators as ta
from tests.indicator_data import walk
from workbench.charts.study import indicator_study
from workbench.errors import InputError
from workbench.indicators import INDICATORS


def troubled(trouble: str) -> dict[str, np.ndarray]:
    """Bars at a level of 1e9, or with one price of 1e12 among hundreds."""
    rng = np.random.default_rng(3)
    close = rng.normal(0, 1, (200, 9)) + (1e9 if trouble == "offset" else 100.0)
    high, low = close + rng.random((200, 9)), close - rng.random((200, 9))
    if trouble == "spike":
        close[50] = high[50] = 1e12
    return {"high": high, "low": low, "close": close}


def exact(values: np.ndarray) -> tuple[float, float]:
    """The mean and the population standard deviation, by whole fractions."""
    fractions = [Fraction(float(value)) for value in values]
    mean = sum(fractions, Fraction(0)) / len(fractions)
    variance = sum(((value - mean) ** 2 for value in fractions), Fraction(0)) / len(fractions)
    return float(mean), math.sqrt(variance)


@pytest.mark.parametrize("window", [2, 7, 20])
@pytest.mark.parametrize("trouble", ["offset", "spike"])
def test_deviations_are_exact_at_any_level_and_after_a_spike(trouble: str, window: int) -> None:
    close = troubled(trouble)["close"]
    width = ta.bandwidth(close, window=window, deviations=1.0)
    place = ta.percent_b(close, window=window, deviations=1.0)
    for symbol in (0, 8):
        for t in range(window - 1, len(close)):
            mean, deviation = exact(close[t - window + 1 : t + 1, symbol])
            assert width[t, symbol] == pytest.approx(2 * deviation / mean, rel=1e-12)
            expected = 0.5 + (close[t, symbol] - mean) / (2 * deviation)
            resolution = np.spacing(abs(mean)) / deviation
            assert place[t, symbol] == pytest.approx(expected, rel=1e-11, abs=resolution)


@pytest.mark.parametrize("trouble", ["offset", "spike"])
def test_means_forget_a_spike(trouble: str) -> None:
    bars = troubled(trouble)
    high, low, close = bars.values()
    ranges = ta.adr(high, low, window=7)
    factor = 4 * (high - low) / (high + low)
    upper = ta.accbands(high, low, close, window=7).upper
    for t in range(6, len(close)):
        part = slice(t - 6, t + 1)
        expected = exact((high - low)[part, 8])[0]
        assert ranges[t, 8] == pytest.approx(expected, rel=1e-14)
        expected = exact((high * (1 + factor))[part, 8])[0]
        assert upper[t, 8] == pytest.approx(expected, rel=1e-14)


def test_extremes_are_those_of_the_window_whatever_its_length() -> None:
    bars = walk(150, 3, 9)
    for window in (2, 3, 10, 149, 150, 151):
        channel = ta.donchian(bars["high"], bars["low"], window=window)
        highs = pd.DataFrame(bars["high"]).rolling(window).max()
        lows = pd.DataFrame(bars["low"]).rolling(window).min()
        np.testing.assert_array_equal(channel.upper, highs)
        np.testing.assert_array_equal(channel.lower, lows)


def test_bands_that_coincide_have_the_price_in_their_middle() -> None:
    assert (ta.percent_b(np.full(30, 0.1))[19:] == 0.5).all()
    assert (ta.bandwidth(np.full(30, 0.1))[19:] == 0).all()


def test_the_extended_stop_is_the_stop_with_a_sign() -> None:
    bars = walk(600, 1, 9)
    plain = ta.sar(bars["high"], bars["low"])
    signed = ta.sarext(bars["high"], bars["low"])
    np.testing.assert_array_equal(np.abs(signed), plain)
    long = signed[1:] > 0
    assert 0.2 < long.mean() < 0.8
    assert (plain[1:] <= bars["low"][1:])[long].all()
    assert (plain[1:] >= bars["high"][1:])[~long].all()


def test_a_stop_turns_for_negative_prices_as_for_positive_ones() -> None:
    bars = walk(300, 1)
    above = ta.sar(bars["high"], bars["low"])
    below = ta.sar(bars["high"] - 1024.0, bars["low"] - 1024.0)
    np.testing.assert_allclose(below + 1024.0, above, rtol=1e-11)
    mirrored = ta.sar(-bars["low"][5:], -bars["high"][5:])
    np.testing.assert_allclose(-mirrored, ta.sar(bars["high"][5:], bars["low"][5:]), rtol=1e-12)


def test_supertrend_rides_one_band_until_the_close_breaks_it() -> None:
    bars = walk(900, 2)
    line, direction = ta.supertrend(bars["high"], bars["low"], bars["close"])
    known = ~np.isnan(line)
    assert set(direction[known]) == {1.0, -1.0}
    np.testing.assert_array_equal(direction[known] > 0, (bars["close"] >= line)[known])
    same = known[1:] & known[:-1] & (direction[1:] == direction[:-1])
    rising = same & (direction[1:] > 0)
    assert (np.diff(line)[rising] >= 0).all()


def test_a_chart_shows_the_line_of_the_supertrend_and_not_its_direction() -> None:
    index = pd.date_range("2020", periods=60, tz="UTC", name="timestamp")
    bars = pd.DataFrame({name: walk(60)[name] for name in ("high", "low", "close")}, index)
    drawn = indicator_study("supertrend", bars)
    assert list(drawn.lines) == ["supertrend"]
    assert list(indicator_study("kc", bars).lines) == ["upper", "middle", "lower"]


def test_what_lies_on_the_price_is_in_its_unit() -> None:
    for name, record in INDICATORS.items():
        if record.pane == "price":
            assert any(output.unit == "price" for output in record.outputs), name


def test_the_squeeze_is_on_where_the_bands_lie_within_the_channel() -> None:
    bars = walk(600, 4)
    high, low, close = bars["high"], bars["low"], bars["close"]
    on = ta.squeeze(high, low, close, factor=1.6).squeeze
    ranges = talib.SMA(talib.TRANGE(high, low, close)[1:], 20)
    outer, _, _ = talib.BBANDS(close, 20, 2.0, 2.0)
    middle = talib.SMA(close, 20)
    expected = (outer[1:] < middle[1:] + 1.6 * ranges)[19:]
    assert 0 < expected.mean() < 1
    np.testing.assert_array_equal(on[20:], expected.astype(float))


def test_the_cloud_is_made_of_what_was_known_before() -> None:
    bars = walk(200, 6)
    whole = ta.ichimoku(bars["high"], bars["low"])
    early = ta.ichimoku(bars["high"][:150], bars["low"][:150])
    for left, right in zip(whole, early, strict=True):
        np.testing.assert_array_equal(left[:150], right)
    np.testing.assert_array_equal(whole.span_a[26:], ((whole.tenkan + whole.kijun) / 2)[:-26])


def test_the_lines_of_the_cloud_grow_longer() -> None:
    bars = walk(20, 6)
    with pytest.raises(InputError, match="kijun=9 must be less than senkou=9"):
        ta.ichimoku(bars["high"], bars["low"], tenkan=3, kijun=9, senkou=9)


def test_a_fractal_is_told_when_it_is_certain() -> None:
    high = np.array([1.0, 2.0, 5.0, 3.0, 2.0, 2.0, 2.0, 2.0])
    turns = ta.fractal(high, high - 1.0)
    np.testing.assert_array_equal(turns.swing_high[4:], [100.0, 0.0, 0.0, 0.0])
    assert (turns.swing_low[4:] == 0.0).all()


def test_pivot_points_hold_for_a_whole_session() -> None:
    bars = walk(70, 8, 9)
    session = np.broadcast_to(np.arange(70)[:, None] // 10, (70, 9)).astype(float)
    levels = ta.pivot_points(bars["high"], bars["low"], bars["close"], session)
    for output in levels:
        assert np.isnan(output[:10]).all()
        blocks = output[10:].reshape(6, 10, 9)
        np.testing.assert_array_equal(blocks, np.broadcast_to(blocks[:, :1], blocks.shape))
    stacked = np.stack([levels.s3, levels.s2, levels.s1, levels.pivot])[:, 10:]
    assert (np.diff(stacked, axis=0) >= 0).all()
    stacked = np.stack([levels.pivot, levels.r1, levels.r2, levels.r3])[:, 10:]
    assert (np.diff(stacked, axis=0) >= 0).all()


def test_zigzag_turns_only_after_a_large_enough_move() -> None:
    close = walk(500, 5)["close"]
    line = ta.zigzag(close, percent=8.0)
    legs = np.flatnonzero(np.abs(np.diff(line, 2)) > 1e-9) + 1
    np.testing.assert_array_equal(line[legs], close[legs])
    turns = close[legs[:-1]]
    assert len(turns) > 5
    inner = turns[1:] / turns[:-1] - 1
    assert (np.maximum(inner, -inner / (1 + 1e-12))[:-1] >= 0.08 - 1e-9).all()
    assert INDICATORS["zigzag"].repaints


def test_estimators_agree_on_a_random_walk_within_the_bar() -> None:
    """Bars of many small steps with 16 % a year: every estimator must come close to it."""
    rng = np.random.default_rng(11)
    steps = rng.normal(0, 0.16 / math.sqrt(252 * 400), (1_500, 400))
    path = 100 * np.exp(np.cumsum(steps.ravel())).reshape(steps.shape)
    opening = np.r_[100.0, path[:-1, -1]]
    high = np.maximum(path.max(axis=1), opening)
    low = np.minimum(path.min(axis=1), opening)
    bars = (opening, high, low, path[:, -1])
    estimates = {
        "historical_volatility": ta.historical_volatility(bars[3], window=1_000),
        "parkinson": ta.parkinson(high, low, window=1_000),
        "garman_klass": ta.garman_klass(*bars, window=1_000),
        "rogers_satchell": ta.rogers_satchell(*bars, window=1_000),
        "yang_zhang": ta.yang_zhang(*bars, window=1_000),
    }
    for name, values in estimates.items():
        assert values[-1] == pytest.approx(0.16, rel=0.08), name


def test_a_price_that_is_not_positive_has_no_volatility() -> None:
    close = walk(60, 1)["close"]
    close[30] = 0.0
    values = ta.historical_volatility(close, window=5)
    np.testing.assert_array_equal(np.isnan(values[5:]), [30 <= t <= 35 for t in range(5, 60)])
