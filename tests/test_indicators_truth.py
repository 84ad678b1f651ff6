"""Indicator values against their oracles, against exact sums, and around gaps."""

from __future__ import annotations

import itertools
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
from tests.indicator_data import constant, inputs_of, walk
from tests.oracles import ORACLES
from workbench.errors import InputError
from workbench.indicators import INDICATORS
from workbench.shape import FIELDS

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
LENGTHS = 60
CASES = [
    pytest.param(name, parameters, id=f"{name}-{'-'.join(map(str, parameters.values()))}")
    for name in INDICATORS
    if name in ORACLES
    for parameters in ORACLES[name].settings
]
CAUSAL = [name for name, record in INDICATORS.items() if not record.repaints]
CONTINUED = [case for case in CASES if case.values[0] in CAUSAL]


def oracle(name: str, inputs: list[np.ndarray], parameters: dict[str, float]) -> list[np.ndarray]:
    """The oracle's outputs for 1-D inputs; all NaN where it takes no so few bars."""
    outputs = len(INDICATORS[name].outputs)
    if len(inputs[0]) < ORACLES[name].least_bars:
        short = len(inputs[0]) <= INDICATORS[name].lookback(**parameters)
        return [np.full(len(inputs[0]), np.nan) if short else inputs[0]] * outputs
    result = ORACLES[name].compute(*map(np.ascontiguousarray, inputs), **parameters)
    return [np.asarray(output, float) for output in result]


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


def ours(
    name: str, inputs: list[np.ndarray], parameters: dict[str, float], **options: Any
) -> list[np.ndarray]:
    result = getattr(ta, name)(*inputs, **parameters, **options)
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


def span_of(name: str, inputs: list[np.ndarray]) -> float:
    """What an absolute tolerance is relative to: the range of the values, else of the prices."""
    fixed = INDICATORS[name].value_range
    if fixed:
        return fixed[1] - fixed[0]
    span = ORACLES[name].span
    if span is not None:
        return span
    values = np.concatenate([np.ravel(one) for one in inputs])
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def assert_same(
    name: str, actual: list, expected: list, inputs: list[np.ndarray], rtol: float | None = None
) -> None:
    """Same NaN, and 1e-9 relative or 1e-9 of the indicator's range."""
    rtol = ORACLES[name].rtol if rtol is None else rtol
    span = span_of(name, inputs)
    assert len(actual) == len(expected)
    for left, right in zip(actual, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=rtol, atol=rtol * span)


def test_every_indicator_has_an_oracle() -> None:
    assert set(ORACLES) == set(INDICATORS)
    for name, known in ORACLES.items():
        assert known.settings, name
        for parameters in known.settings:
            assert set(INDICATORS[name].checked(parameters)) == set(parameters)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_equals_its_oracle_on_long_walks(name: str, parameters: dict[str, float]) -> None:
    for seed in range(2):
        inputs = inputs_of(name, walk(1_200, seed))
        expected = oracle(name, inputs, parameters)
        for outputs in both_forms(name, inputs, parameters):
            assert_same(name, outputs, expected, inputs)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_equals_its_oracle_at_every_length_around_the_warm_up(
    name: str, parameters: dict[str, float]
) -> None:
    lookback = INDICATORS[name].lookback(**parameters)
    whole = inputs_of(name, walk(2 * lookback + 9, 5))
    lengths = list(range(len(whole[0])))
    if len(lengths) > LENGTHS:
        lengths = [*range(12), *range(lookback - 6, lookback + 12), lengths[-1]]
    for bars in lengths:
        inputs = [values[:bars] for values in whole]
        expected = oracle(name, inputs, parameters)
        for outputs in both_forms(name, inputs, parameters):
            assert_same(name, outputs, expected, inputs)
            seen = ~np.logical_and.reduce([np.isnan(output) for output in outputs])
            assert not seen[:lookback].any()
            led = {"session", "anchor"} & set(INDICATORS[name].inputs)  # an input says when
            assert bars <= lookback or seen[lookback] or INDICATORS[name].repaints or led


@pytest.mark.parametrize(("name", "parameters"), CASES)
@pytest.mark.parametrize("value", [0.1, 101.7])
def test_equals_its_oracle_on_constants(
    name: str, parameters: dict[str, float], value: float
) -> None:
    inputs = inputs_of(name, constant(90, value))
    expected = oracle(name, inputs, parameters)
    for outputs in both_forms(name, inputs, parameters):
        assert_same(name, outputs, expected, inputs)


@pytest.mark.parametrize("value", [0.1, 33.3, 1e9 + 0.1])
def test_the_bands_of_a_constant_are_that_constant(value: float) -> None:
    for bands in both_forms("bbands", [np.full(90, value)], {"window": 20, "deviations": 2.0}):
        for band in bands:
            assert (band[19:] == value).all()


@pytest.mark.parametrize("name", INDICATORS)
def test_equals_its_oracle_on_real_bars(name: str) -> None:
    parameters = INDICATORS[name].checked({})
    for file in sorted(SAMPLE.glob("*.csv.gz")):
        bars = pd.read_csv(file).rename(columns=str.lower)
        known = {field: bars[field].to_numpy(float) for field in bars if field in FIELDS}
        inputs = inputs_of(name, {**walk(len(bars)), **known})
        expected = scattered(name, inputs, parameters)
        for outputs in both_forms(name, inputs, parameters):
            assert_same(name, outputs, expected, inputs)


def with_gaps(bars: int, symbols: int) -> dict[str, np.ndarray]:
    """A panel of which every input lacks other bars, one symbol nearly all, one all."""
    columns = walk(bars, 7, symbols)
    rng = np.random.default_rng(1)
    for name, values in columns.items():
        values = columns[name] = np.array(values)
        values[rng.random(values.shape) < 0.05] = np.nan
        values[:, 1] = np.where(rng.random(bars) < 0.9, np.nan, values[:, 1])
        values[: bars // 3, 0] = np.nan
        values[-bars // 4 :, 0] = np.nan
        values[:, 2] = np.nan
    return columns


@pytest.mark.parametrize(("order", "symbols"), [("C", 3), ("C", 20), ("F", 20)])
@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_a_gap_touches_nothing_but_its_own_bar(
    name: str, parameters: dict[str, float], symbols: int, order: Any
) -> None:
    bars = 120 + 2 * INDICATORS[name].lookback(**parameters)
    columns = with_gaps(bars, symbols)
    inputs = [np.array(values, order=order) for values in inputs_of(name, columns)]
    outputs = ours(name, inputs, parameters)
    for symbol in {0, 1, 2, symbols // 2, symbols - 1}:
        column = [values[:, symbol] for values in inputs]
        expected = scattered(name, column, parameters)
        assert_same(name, [output[:, symbol] for output in outputs], expected, column)


@pytest.mark.parametrize(("name", "parameters"), CONTINUED)
def test_new_bars_continue_a_state(name: str, parameters: dict[str, float]) -> None:
    bars = 60 + 2 * INDICATORS[name].lookback(**parameters)
    for columns in (walk(bars, 4, 9), with_gaps(bars, 9), walk(bars, 6)):
        inputs = inputs_of(name, columns)
        whole = ours(name, inputs, parameters)
        state, pieces = ta.State(), []
        ends = [0, 1, 2, 9, bars // 2, bars // 2, bars - 3, bars]
        for start, end in itertools.pairwise(ends):
            piece = [values[start:end] for values in inputs]
            pieces.append(ours(name, piece, parameters, state=state))
        for whole_output, *parts in zip(whole, *pieces, strict=True):
            joined = np.concatenate(parts)
            assert_same(name, [joined], [whole_output], inputs, rtol=1e-12)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_start_is_forgotten_when_it_is_said_to_be(
    name: str, parameters: dict[str, float]
) -> None:
    record = INDICATORS[name]
    after = record.stable_after(**parameters)
    if after is None:
        return
    assert after >= record.lookback(**parameters)
    inputs = inputs_of(name, walk(after + 250, 8))
    whole = ours(name, inputs, parameters)
    late = ours(name, [values[200:] for values in inputs], parameters)
    for left, right in zip(whole, late, strict=True):
        assert_same(name, [right[after:]], [left[200 + after :]], inputs, rtol=1e-8)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_law_of_another_unit(name: str, parameters: dict[str, float]) -> None:
    """Prices in another currency, and prices that are all higher by the same amount."""
    columns = walk(200 + INDICATORS[name].lookback(**parameters), 9)
    prices = {"open", "high", "low", "close"}
    laws = {
        "scale": (ORACLES[name].scale, lambda v: v * 4.0),
        "shift": (ORACLES[name].shift, lambda v: v + 64.0),
    }
    for law, change in laws.values():
        if law is None:
            continue
        moved = {n: change(v) if n in prices else v for n, v in columns.items()}
        before = ours(name, inputs_of(name, columns), parameters)
        inputs = inputs_of(name, moved)
        expected = [change(output) if law == "follows" else output for output in before]
        assert_same(name, ours(name, inputs, parameters), expected, inputs, rtol=1e-8)


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
    st.one_of(st.floats(1e-3, 1e6), st.just(math.nan), st.just(5.0)), min_size=0, max_size=60
)


def as_inputs(name: str, values: list[float], symbols: int) -> list[np.ndarray]:
    close = np.repeat(np.array(values, dtype=float)[:, None], symbols, axis=1)
    columns = {**walk(len(values), 1, symbols)} if values else {}
    columns |= {"close": close, "high": close * 1.01, "low": close * 0.98, "open": close * 1.005}
    return [columns.get(field, close) for field in INDICATORS[name].inputs]


@pytest.mark.parametrize("name", CAUSAL)
@given(values=prices, cut=st.integers(0, 60), symbols=st.sampled_from([1, 9]))
@settings(max_examples=20, deadline=None)
def test_no_value_depends_on_the_future(
    name: str, values: list[float], cut: int, symbols: int
) -> None:
    parameters = ORACLES[name].settings[0]
    inputs = as_inputs(name, values, symbols)
    before = [one.copy() for one in inputs]
    whole = ours(name, inputs, parameters)
    prefix = ours(name, [one[:cut] for one in inputs], parameters)
    for left, right in zip(whole, prefix, strict=True):
        np.testing.assert_array_equal(left[:cut], right)
    for left, right in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_repaints_says_so() -> None:
    """Each of them does change some value of the past, and takes no state."""
    for name in set(INDICATORS) - set(CAUSAL):
        inputs = inputs_of(name, walk(300, 2))
        with pytest.raises(InputError, match="new bars change its old values"):
            ours(name, inputs, {}, state=ta.State())
        whole = ours(name, inputs, {})
        prefixes = [ours(name, [one[:cut] for one in inputs], {}) for cut in range(20, 300, 10)]
        assert any(
            not np.array_equal(left[: len(right)], right, equal_nan=True)
            for prefix in prefixes
            for left, right in zip(whole, prefix, strict=True)
        ), name


@pytest.mark.parametrize("name", ["sma", "bbands"])
@given(values=prices, window=st.integers(2, 9), symbols=st.sampled_from([1, 9]))
@settings(max_examples=40, deadline=None)
def test_nan_stays_on_its_own_bar(
    name: str, values: list[float], window: int, symbols: int
) -> None:
    close = as_inputs(name, values, symbols)[0]
    present = ~np.isnan(close)
    seen = np.cumsum(present, axis=0)
    for output in ours(name, [close], {"window": window}):
        np.testing.assert_array_equal(np.isnan(output), ~(present & (seen >= window)))


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("value", [0.0, 1.5, math.nan])
def test_degenerate_tables_give_no_warning(name: str, value: float) -> None:
    for shape in ((0,), (1,), (0, 0), (0, 3), (3, 0), (1, 9), (50, 9), (50, 1)):
        inputs = [np.full(shape, value) for _ in INDICATORS[name].inputs]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            outputs = ours(name, inputs, {})
        for output in outputs:
            assert output.shape == shape
            assert output.dtype == np.float64
            assert np.isnan(output).all() or not math.isnan(value)
