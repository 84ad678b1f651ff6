"""Statistics on awkward bars, at the edges of their parameters, and where the answer is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import workbench.indicators as ta
from tests.indicator_data import Columns, inputs_of, walk
from tests.oracles import ORACLES
from workbench.errors import InputError
from workbench.indicators import INDICATORS
from workbench.indicators.kernels import regression

NAMES = [
    name
    for name, record in INDICATORS.items()
    if record.group == "statistics" and ORACLES[name].talib
]


def awkward(tick: float) -> Columns:
    """Prices that are whole multiples of a tick and stand still for some time."""
    columns = walk(500, 2)
    for name in ("high", "low", "close", "benchmark"):
        columns[name] = np.round(columns[name] / tick) * tick
        columns[name][:40] = columns[name][200:300] = columns[name][200]
    return columns


@pytest.mark.parametrize("tick", [0.125, 1.0, 4.0])
@pytest.mark.parametrize("name", NAMES)
def test_equals_talib_on_awkward_bars(name: str, tick: float) -> None:
    """In ticks that are exact, so that TA-Lib's sums are as well; those of returns are not."""
    rtol = 1e-7 if name == "beta" else 1e-9
    inputs = inputs_of(name, awkward(tick))
    for parameters in ORACLES[name].settings:
        (expected,) = ORACLES[name].compute(*inputs, **parameters)
        panel = getattr(ta, name)(*[np.repeat(v[:, None], 9, axis=1) for v in inputs], **parameters)
        for output in (getattr(ta, name)(*inputs, **parameters), panel[:, 8]):
            np.testing.assert_allclose(output, expected, rtol=rtol, atol=1e-7)


@pytest.mark.parametrize("window", [1, 2, 5, 6, 63])
def test_ranks_are_those_of_pandas_whatever_equal_values(window: int) -> None:
    close = awkward(1.0)["close"]
    rolling = pd.Series(close).rolling(window)
    np.testing.assert_array_equal(ta.median(close, window=window), rolling.median())
    for fraction in (0.0, 0.1, 0.5, 1.0):
        found = ta.quantile(close, window=window, fraction=fraction)
        np.testing.assert_allclose(found, rolling.quantile(fraction), rtol=1e-14)


def test_the_arc_tangent_is_right_to_the_last_bits() -> None:
    slopes = np.r_[0.0, 1.0, np.logspace(-300, 300, 4_001)]
    slopes = np.r_[slopes, -slopes]
    expected = np.array([math.degrees(math.atan(slope)) for slope in slopes])
    for lanes in (1, 2):
        tile = slopes.reshape(1, -1, 1) if lanes == 1 else np.repeat(slopes, 8).reshape(1, -1, 8)
        found = regression.inclination(tile)[0, :, -1]
        np.testing.assert_allclose(found, expected, rtol=1e-15 * 2, atol=0)


def test_a_straight_line_is_found_exactly() -> None:
    close = 3.0 + 0.5 * np.arange(60)
    for window in (3, 14):
        at = slice(window - 1, None)
        assert (ta.linearreg_slope(close, window=window)[at] == 0.5).all()
        np.testing.assert_allclose(ta.tsf(close, window=window)[at], close[at] + 0.5, rtol=1e-15)
        np.testing.assert_allclose(ta.r_squared(close, window=window)[at], 1.0, rtol=1e-14)
        np.testing.assert_allclose(ta.standard_error(close, window=window)[at], 0.0, atol=1e-14)


def test_beta_and_correlation_know_a_multiple() -> None:
    benchmark = walk(300)["benchmark"]
    returns = np.r_[0.0, benchmark[1:] / benchmark[:-1] - 1]
    close = 50 * np.cumprod(1 + 1.5 * returns)
    np.testing.assert_allclose(ta.beta(close, benchmark, window=20)[20:], 1.5, rtol=1e-12)
    found = ta.correl(7.0 - 2.0 * benchmark, benchmark, window=20)[19:]
    np.testing.assert_allclose(found, -1.0, rtol=1e-12)
    assert (np.abs(found) <= 1.0).all()


def test_what_tells_a_trend_from_a_return_to_the_mean() -> None:
    """Of a random walk, of one whose moves go on, and of one whose moves turn back."""
    noise = np.random.default_rng(0).normal(0, 0.01, 4_000)
    walks = [np.cumsum(noise), np.cumsum(noise + np.r_[0.0, noise[:-1]]), noise]
    random, trending, reverting = (np.exp(walk) for walk in walks)
    for name, known in (("variance_ratio", 1.0), ("autocorrelation", 0.0), ("hurst", 0.5)):
        last = [getattr(ta, name)(c, window=3_000)[-1] for c in (random, trending, reverting)]
        assert last[0] == pytest.approx(known, abs=0.06), name
        assert last[2] < known - 0.2 < known + 0.03 < last[1], name
    assert ta.variance_ratio(trending, window=3_000)[-1] == pytest.approx(1.5, abs=0.06)
    assert ta.autocorrelation(reverting, window=3_000)[-1] == pytest.approx(-0.5, abs=0.06)


def test_entropy_is_greatest_where_all_are_equal() -> None:
    close = np.r_[np.full(16, 0.3), 0.0, 1.0, 0.0, 1.0]
    assert ta.entropy(close, window=16)[15] == pytest.approx(4.0, rel=1e-14)
    assert ta.entropy(close, window=4)[-1] == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("hurst", {"window": 5, "lags": 5}, "lags=5 must be less than window=5"),
        ("variance_ratio", {"window": 4, "lag": 9}, "lag=9 must be less than window=4"),
        ("quantile", {"fraction": 1.5}, "fraction=1.5 is not allowed"),
        ("skew", {"window": 2}, "window=2 is not allowed; give a whole number, 3 to"),
        ("var", {"deviations": 2.0}, "deviations"),
    ],
)
def test_what_is_not_allowed_is_said(name: str, parameters: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        getattr(ta, name)(walk(30)["close"], **parameters)
