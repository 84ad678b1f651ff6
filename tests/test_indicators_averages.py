"""Laws of the moving averages and the cycles that no oracle tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import workbench.indicators as ta
from tests.indicator_data import constant, inputs_of, walk
from workbench.errors import InputError

AVERAGES = (
    "alma", "dema", "ema", "frama", "fwma", "hma", "ht_trendline", "kama", "mavp", "mcginley",
    "midpoint", "midprice", "pwma", "rma", "sinwma", "sma", "t3", "tema", "trima", "vidya",
    "vwma", "wma", "zlema",
)  # fmt: skip


def wide(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[:, None], 9, axis=1)


def linear(window: int) -> list[int]:
    return list(range(1, window + 1))


def triangle(window: int) -> list[int]:
    return [min(i, window + 1 - i) for i in linear(window)]


@pytest.mark.parametrize("name", AVERAGES)
@pytest.mark.parametrize("value", [0.1, 33.3, 1e9 + 0.1])
def test_the_average_of_a_constant_is_that_constant(name: str, value: float) -> None:
    inputs = inputs_of(name, constant(150, value))
    lookback = ta.INDICATORS[name].lookback()
    for given in (inputs, [wide(one) for one in inputs]):
        average = getattr(ta, name)(*given)[lookback:]
        np.testing.assert_allclose(average, value, rtol=1e-14)


@pytest.mark.parametrize("name", ["ema", "rma", "kama", "vidya", "midpoint", "midprice", "frama"])
def test_an_average_that_has_come_to_a_constant_stays_there(name: str) -> None:
    inputs = inputs_of(name, constant(400, 0.1))
    for given in (inputs, [wide(one) for one in inputs]):
        average = getattr(ta, name)(*given)[ta.INDICATORS[name].lookback() :]
        assert (average == average[0]).all()


@pytest.mark.parametrize("name", AVERAGES)
def test_an_average_lies_within_the_prices_where_none_shoots_over(name: str) -> None:
    shooting = {"dema", "hma", "t3", "tema", "zlema"}
    columns = walk(400, 11)
    average = getattr(ta, name)(*inputs_of(name, columns))[ta.INDICATORS[name].lookback() :]
    inside = (average >= columns["low"].min()) & (average <= columns["high"].max())
    assert inside.all() or name in shooting


@pytest.mark.parametrize("window", [2, 7, 20, 63])
@pytest.mark.parametrize("trouble", ["offset", "spike"])
@pytest.mark.parametrize(("name", "weights"), [("wma", linear), ("trima", triangle)])
def test_weighted_sums_forget(
    name: str, weights: Callable[[int], Sequence[int]], trouble: str, window: int
) -> None:
    close = np.random.default_rng(3).normal(0, 1, 400) + (1e9 if trouble == "offset" else 100.0)
    if trouble == "spike":
        close[50] = 1e12
    shares = weights(window)
    for average in (
        getattr(ta, name)(close, window=window),
        getattr(ta, name)(wide(close), window=window)[:, 8],
    ):
        for t in range(window - 1, 400):
            values = close[t - window + 1 : t + 1]
            exact = math.fsum(np.multiply(shares, values)) / math.fsum(shares)
            assert average[t] == pytest.approx(exact, rel=1e-14)


def test_a_straight_line_is_led_without_lag() -> None:
    """A weighted average trails a line by a third of its window, a double one not at all."""
    line = np.arange(1.0, 201.0)
    np.testing.assert_allclose(ta.wma(line, window=10)[9:], line[9:] - 3, rtol=1e-12)
    for name in ("dema", "tema", "zlema"):
        late = line[-1] - getattr(ta, name)(line, window=10)[-1]
        assert abs(late) <= 0.5, name
    np.testing.assert_allclose(ta.dema(line, window=10)[18:], line[18:], rtol=1e-12)


def test_a_window_without_volume_is_the_close() -> None:
    close, volume = walk(30)["close"], np.zeros(30)
    volume[:5] = 1.0
    average = ta.vwma(close, volume, window=4)
    assert (average[8:] == close[8:]).all()
    np.testing.assert_allclose(average[4], close[1:5].mean(), rtol=1e-15)


def test_mcginley_never_passes_the_price() -> None:
    close = np.r_[np.full(20, 100.0), np.full(5, 1.0), np.zeros(3), np.full(5, 50.0)]
    for average in (ta.mcginley(close), ta.mcginley(wide(close))[:, 8]):
        assert (average[20:25] == 1.0).all()
        assert (average[25:28] == 0.0).all()
        assert (average[28:] == 50.0).all()


def test_shortest_must_be_less_than_longest() -> None:
    with pytest.raises(InputError, match="shortest=5 must be less than longest=5"):
        ta.mavp(np.ones(9), np.ones(9), shortest=5, longest=5)


def test_weights_that_would_overflow_are_refused_and_the_longest_are_finite() -> None:
    close = walk(1_010)["close"]
    for name in ("fwma", "pwma"):
        average = getattr(ta, name)(close, window=1_000)[999:]
        assert (np.abs(average / 100 - 1) < 10).all()
        with pytest.raises(InputError, match="window=1001 is not allowed"):
            getattr(ta, name)(close, window=1_001)


@pytest.mark.parametrize("period", [12, 20, 35])
def test_the_transform_finds_the_period_of_a_wave(period: int) -> None:
    wave: Any = 100 + 5 * np.sin(2 * np.pi * np.arange(600) / period)
    assert ta.ht_dcperiod(wave)[-50:] == pytest.approx(period, rel=0.05)
    steps = np.diff(ta.ht_dcphase(wave)[-50:]) % 360
    assert steps.mean() == pytest.approx(360 / period, rel=0.1)
    assert ta.ht_trendline(wave)[-50:] == pytest.approx(100, abs=0.8)
    phasor = ta.ht_phasor(wave)
    size = np.hypot(phasor.inphase, phasor.quadrature)[-50:]
    assert size.max() < 1.5 * size.min()


def test_prices_that_stand_still_after_a_walk_give_no_noise() -> None:
    """TA-Lib divides two rounding errors there."""
    moving = walk(800)["close"]
    close = np.r_[moving, np.full(300, moving[-1])]
    sine, lead = ta.ht_sine(close)
    assert np.abs(np.diff(sine[-100:])).max() < 1e-9
    bar = 2 * math.pi / ta.ht_dcperiod(close)[-1]
    assert sine[-1] == pytest.approx(math.sin(math.pi / 2 + bar), rel=1e-9)
    assert lead[-1] == pytest.approx(math.sin(math.pi * 3 / 4 + bar), rel=1e-9)
    assert (ta.ht_trendmode(close)[-100:] == 1.0).all()
