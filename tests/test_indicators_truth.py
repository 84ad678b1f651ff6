"""Indicator values against TA-Lib, against exact sums, and around gaps."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench.indicators as ta
from workbench.indicators import INDICATORS

SAMPLE = Path(__file__).parent.parent / "data" / "sample"

ORACLES: dict[str, Any] = {
    "sma": lambda close, window: talib.SMA(close, window),
    "ema": lambda close, window: talib.EMA(close, window),
    "rsi": lambda close, window: talib.RSI(close, window),
    "macd": lambda close, fast, slow, signal: talib.MACD(close, fast, slow, signal),
    "bbands": lambda close, window, deviations: talib.BBANDS(close, window, deviations, deviations),
    "atr": lambda high, low, close, window: talib.ATR(high, low, close, window),
}

SETTINGS: dict[str, list[dict[str, float]]] = {
    "sma": [{"window": 1}, {"window": 3}, {"window": 20}],
    "ema": [{"window": 1}, {"window": 3}, {"window": 20}],
    "rsi": [{"window": 2}, {"window": 14}],
    "macd": [
        {"fast": 2, "slow": 3, "signal": 1},
        {"fast": 5, "slow": 8, "signal": 3},
        {"fast": 12, "slow": 26, "signal": 9},
    ],
    "bbands": [{"window": 2, "deviations": 1.0}, {"window": 20, "deviations": 2.5}],
    "atr": [{"window": 1}, {"window": 2}, {"window": 14}],
}

CASES = [
    pytest.param(name, parameters, id=f"{name}-{'-'.join(map(str, parameters.values()))}")
    for name in INDICATORS
    for parameters in SETTINGS[name]
]


def oracle(name: str, inputs: list[np.ndarray], parameters: dict[str, float]) -> list[np.ndarray]:
    """TA-Lib's outputs for 1-D inputs; all NaN where it refuses a single bar or none."""
    outputs = len(INDICATORS[name].outputs)
    if len(inputs[0]) < 2:
        short = len(inputs[0]) <= INDICATORS[name].lookback(**parameters)
        return [np.full(len(inputs[0]), np.nan) if short else inputs[0]] * outputs
    result = ORACLES[name](*map(np.ascontiguousarray, inputs), **parameters)
    return list(result) if outputs > 1 else [result]


def scattered(
    name: str, inputs: list[np.ndarray], parameters: dict[str, float]
) -> list[np.ndarray]:
    """The oracle on the bars that are present, spread back over the gaps."""
    present = ~np.logical_or.reduce([np.isnan(values) for values in inputs])
    outputs = []
    for dense in oracle(name, [values[present] for values in inputs], parameters):
        spread = np.full(len(present), np.nan)
        spread[present] = dense
        outputs.append(spread)
    return outputs


def ours(name: str, inputs: list[np.ndarray], parameters: dict[str, float]) -> list[np.ndarray]:
    result = getattr(ta, name)(*inputs, **parameters)
    return list(result) if isinstance(result, tuple) else [result]


def both_forms(
    name: str, inputs: list[np.ndarray], parameters: dict[str, float]
) -> list[list[np.ndarray]]:
    """The outputs for one series, and for that series as the last symbol of a wide panel."""
    wide = [np.repeat(values[:, None], 9, axis=1) for values in inputs]
    for values in wide:
        values[:, :8] += 1.0
    panel = ours(name, wide, parameters)
    return [ours(name, inputs, parameters), [output[:, 8] for output in panel]]


def assert_same(name: str, actual: list, expected: list, inputs: list[np.ndarray]) -> None:
    """Same NaN, and 1e-9 relative or 1e-9 of the indicator's range.

    The range is the fixed one, else that of the inputs, whose unit the outputs have.
    """
    fixed = INDICATORS[name].value_range
    values = np.concatenate([np.ravel(one) for one in inputs])
    values = values[np.isfinite(values)]
    span = fixed[1] - fixed[0] if fixed else float(np.abs(values).max(initial=0.0))
    for left, right in zip(actual, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9 * span)


def walk(bars: int, seed: int = 0, symbols: int | None = None) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = bars if symbols is None else (bars, symbols)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    return {
        "close": close,
        "high": close * (1 + rng.random(shape) * 0.03),
        "low": close * (1 - rng.random(shape) * 0.03),
    }


def inputs_of(name: str, columns: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [columns[field] for field in INDICATORS[name].inputs]


def test_every_indicator_has_an_oracle() -> None:
    assert set(ORACLES) == set(SETTINGS) == set(INDICATORS)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_equals_talib_on_long_walks(name: str, parameters: dict[str, float]) -> None:
    for seed in range(3):
        inputs = inputs_of(name, walk(2_520, seed))
        for outputs in both_forms(name, inputs, parameters):
            assert_same(name, outputs, oracle(name, inputs, parameters), inputs)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_equals_talib_at_every_length_around_the_warm_up(
    name: str, parameters: dict[str, float]
) -> None:
    lookback = INDICATORS[name].lookback(**parameters)
    whole = inputs_of(name, walk(3 * (lookback + 2), 5))
    for bars in range(len(whole[0])):
        inputs = [values[:bars] for values in whole]
        for outputs in both_forms(name, inputs, parameters):
            assert_same(name, outputs, oracle(name, inputs, parameters), inputs)
            for output in outputs:
                assert np.isnan(output[:lookback]).all()
                assert not np.isnan(output[lookback:]).any()


@pytest.mark.parametrize(("name", "parameters"), CASES)
@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 101.7])
def test_equals_talib_on_constants(name: str, parameters: dict[str, float], value: float) -> None:
    inputs = [np.full(90, value) for _ in INDICATORS[name].inputs]
    for outputs in both_forms(name, inputs, parameters):
        assert_same(name, outputs, oracle(name, inputs, parameters), inputs)


@pytest.mark.parametrize("value", [0.1, 33.3, 1e9 + 0.1])
def test_the_bands_of_a_constant_are_that_constant(value: float) -> None:
    for bands in both_forms("bbands", [np.full(90, value)], {"window": 20, "deviations": 2.0}):
        for band in bands:
            assert (band[19:] == value).all()


@pytest.mark.parametrize("name", INDICATORS)
def test_equals_talib_on_real_bars(name: str) -> None:
    files = sorted(SAMPLE.glob("*.csv.gz"))
    assert files
    for file in files:
        bars = pd.read_csv(file).rename(columns=str.lower)
        inputs = [bars[field].to_numpy(dtype=np.float64) for field in INDICATORS[name].inputs]
        parameters = INDICATORS[name].checked({})
        expected = scattered(name, inputs, parameters)
        for outputs in both_forms(name, inputs, parameters):
            assert_same(name, outputs, expected, inputs)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("symbols", [3, 70])
@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_a_gap_touches_nothing_but_its_own_bar(
    name: str, parameters: dict[str, float], symbols: int, order: Any
) -> None:
    columns = walk(120, 7, symbols)
    rng = np.random.default_rng(1)
    for values in columns.values():
        values[rng.random(values.shape) < 0.1] = np.nan
        values[:, 1] = np.where(rng.random(120) < 0.9, np.nan, values[:, 1])
        values[:40, 0] = np.nan
        values[90:, 0] = np.nan
    columns["close"][:, 2] = np.nan
    inputs = [np.array(values, order=order) for values in inputs_of(name, columns)]
    outputs = ours(name, inputs, parameters)
    for symbol in range(symbols):
        column = [values[:, symbol] for values in inputs]
        expected = scattered(name, column, parameters)
        assert_same(name, [output[:, symbol] for output in outputs], expected, column)


def test_gappy_and_complete_symbols_share_a_panel_of_several_tiles() -> None:
    close = walk(40, 2, 300)["close"]
    close[11, 5::3] = np.nan
    result = ta.ema(close, window=4)
    for symbol in range(300):
        column = [close[:, symbol]]
        expected = scattered("ema", column, {"window": 4})
        assert_same("ema", [result[:, symbol]], expected, column)


def exact_mean(values: np.ndarray) -> float:
    return math.fsum(values) / len(values)


def exact_deviation(values: np.ndarray) -> float:
    """The population standard deviation with exact sums over integers scaled to floats."""
    mean = exact_mean(values)
    shift = math.fsum(v - mean for v in values) / len(values)
    return math.sqrt(math.fsum((v - mean - shift) ** 2 for v in values) / len(values))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("window", [2, 7, 20, 63])
@pytest.mark.parametrize("trouble", ["offset", "spike"])
def test_rolling_sums_forget(trouble: str, window: int, order: Any) -> None:
    rng = np.random.default_rng(3)
    close = rng.normal(0, 1, (400, 9)) + (1e9 if trouble == "offset" else 100.0)
    if trouble == "spike":
        close[50] = 1e12
    close = np.array(close, order=order)
    mean = ta.sma(close, window=window)
    bands = ta.bbands(close, window=window, deviations=1000.0)
    for symbol in (0, 8):
        for t in range(window - 1, 400):
            values = close[t - window + 1 : t + 1, symbol]
            assert mean[t, symbol] == pytest.approx(exact_mean(values), rel=1e-14)
            spread = (bands.upper[t, symbol] - bands.lower[t, symbol]) / 2000
            resolution = np.spacing(np.abs(values).max()) / 250  # of the bands themselves
            assert spread == pytest.approx(exact_deviation(values), rel=1e-12, abs=resolution)


def test_rsi_keeps_its_value_where_the_price_stands_still() -> None:
    """TA-Lib agrees until its averages underflow, some 9,700 bars on; then it says 50."""
    moving = walk(50)["close"]
    close = np.r_[moving, np.full(12_000, moving[-1])]
    held = ta.rsi(close)
    assert (held[50:] == held[49]).all()
    np.testing.assert_allclose(held[:9_000], talib.RSI(close, 14)[:9_000], rtol=1e-9)
    assert abs(talib.RSI(close, 14)[-1] - held[49]) > 0.5
    panel = ta.rsi(np.repeat(close[:, None], 9, axis=1))
    np.testing.assert_allclose(panel, np.repeat(held[:, None], 9, axis=1), rtol=1e-12)


def test_rsi_does_not_depend_on_the_unit_of_the_price() -> None:
    close = walk(200)["close"]
    expected = ta.rsi(close)
    for unit in (2.0**-60, 2.0**-30, 2.0**40):
        np.testing.assert_array_equal(ta.rsi(close * unit), expected)


prices = st.lists(
    st.one_of(
        st.floats(1e-3, 1e6),
        st.just(math.nan),
        st.just(5.0),
    ),
    min_size=0,
    max_size=60,
)


def as_inputs(name: str, values: list[float], symbols: int) -> list[np.ndarray]:
    close = np.repeat(np.array(values, dtype=float)[:, None], symbols, axis=1)
    columns = {"close": close, "high": close * 1.01, "low": close * 0.98}
    return inputs_of(name, columns)


@pytest.mark.parametrize("name", INDICATORS)
@given(values=prices, cut=st.integers(0, 60), symbols=st.sampled_from([1, 9]))
@settings(max_examples=40, deadline=None)
def test_no_value_depends_on_the_future(
    name: str, values: list[float], cut: int, symbols: int
) -> None:
    parameters = SETTINGS[name][0]
    inputs = as_inputs(name, values, symbols)
    before = [one.copy() for one in inputs]
    whole = ours(name, inputs, parameters)
    prefix = ours(name, [one[:cut] for one in inputs], parameters)
    for left, right in zip(whole, prefix, strict=True):
        np.testing.assert_array_equal(left[:cut], right)
    for left, right in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", ["sma", "bbands"])
@given(values=prices, window=st.integers(2, 9), symbols=st.sampled_from([1, 9]))
@settings(max_examples=40, deadline=None)
def test_nan_stays_on_its_own_bar(
    name: str, values: list[float], window: int, symbols: int
) -> None:
    (close,) = as_inputs(name, values, symbols)
    present = ~np.isnan(close)
    seen = np.cumsum(present, axis=0)
    for output in ours(name, [close], {"window": window}):
        np.testing.assert_array_equal(np.isnan(output), ~(present & (seen >= window)))


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("shape", [(0,), (1,), (0, 0), (0, 3), (3, 0), (1, 9), (50, 9), (50, 1)])
@pytest.mark.parametrize("value", [0.0, 1.5, math.nan])
def test_degenerate_tables_give_no_warning(name: str, shape: tuple[int, ...], value: float) -> None:
    inputs = [np.full(shape, value) for _ in INDICATORS[name].inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs = ours(name, inputs, {})
    for output in outputs:
        assert output.shape == shape
        assert output.dtype == np.float64
        assert np.isnan(output).all() or not math.isnan(value)
