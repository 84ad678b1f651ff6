"""What goes into an indicator and what comes out: shapes, labels, layouts, errors, the record."""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import pickle
import pkgutil
import pydoc
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench.indicators as ta
from tests.indicator_data import inputs_of, walk
from workbench.errors import InputError, UnknownNameError
from workbench.indicators import GROUPS, INDICATORS
from workbench.indicators.options import OPTIONS
from workbench.shape import FIELDS, flat, panel

RNG = np.random.default_rng(11)
CLOSE = 100 * np.exp(np.cumsum(RNG.normal(0, 0.02, (80, 10)), axis=0))
HIGH, LOW = CLOSE * 1.02, CLOSE * 0.97
TIMES = np.arange(80) * 86_400_000_000
SYMBOLS = [f"S{number}" for number in range(10)]
ARRAYS = {"open": CLOSE, "high": HIGH, "low": LOW, "close": CLOSE, "volume": CLOSE}
BESIDE = {
    "benchmark": CLOSE[:, ::-1],
    "periods": np.full(CLOSE.shape, 9.0),
    "session": np.broadcast_to(np.arange(80.0)[:, None] // 7, CLOSE.shape),
    "anchor": np.broadcast_to((np.arange(80.0)[:, None] == 20.0) * 1.0, CLOSE.shape),
}
"""What indicators take that is no field of bars."""


def arrays_for(name: str) -> list[np.ndarray]:
    return [{**BESIDE, **ARRAYS}[field] for field in INDICATORS[name].inputs]


def picked_from(name: str, bars: pd.DataFrame) -> Any:
    """The result for the columns of `bars`, one by one; sessions come from the dates."""
    inputs = [bars[field] for field in INDICATORS[name].inputs if field != "session"]
    return getattr(ta, name)(*inputs)


def outputs(result: Any) -> list[np.ndarray]:
    return list(result) if isinstance(result, tuple) else [result]


@pytest.fixture(params=INDICATORS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_series_in_series_out(name: str) -> None:
    index = pd.date_range("2020", periods=80, tz="UTC", name="timestamp")
    columns = [
        pd.Series(values[:, 0].copy(), index=index, name="px") for values in arrays_for(name)
    ]
    result = getattr(ta, name)(*columns)
    expected = outputs(getattr(ta, name)(*[values[:, 0] for values in arrays_for(name)]))
    assert result.index.equals(index)
    assert result.index.name == "timestamp"
    if isinstance(result, pd.Series):
        assert result.name == name
        np.testing.assert_array_equal(result, expected[0])
    else:
        assert list(result.columns) == [output.name for output in INDICATORS[name].outputs]
        np.testing.assert_array_equal(result, np.column_stack(expected))


def test_wide_frame_in_wide_frame_out(name: str) -> None:
    frames = [pd.DataFrame(values, columns=SYMBOLS) for values in arrays_for(name)]
    result = getattr(ta, name)(*frames)
    expected = outputs(getattr(ta, name)(*arrays_for(name)))
    names = [output.name for output in INDICATORS[name].outputs]
    if len(names) == 1:
        assert result.columns.equals(frames[0].columns)
        np.testing.assert_allclose(result, expected[0], rtol=1e-13)
        return
    assert result.columns.to_list() == [(out, symbol) for out in names for symbol in SYMBOLS]
    for out, values in zip(names, expected, strict=True):
        block = result[out].to_numpy()
        assert block.flags.c_contiguous or block.T.flags.c_contiguous
        assert np.shares_memory(block, result[out].to_numpy())
        np.testing.assert_allclose(block, values, rtol=1e-13)


def test_each_output_of_a_panel_is_one_contiguous_time_major_block() -> None:
    bars = panel(TIMES, {"close": CLOSE}, SYMBOLS)
    result = ta.macd(bars)
    assert result["signal"].to_numpy().flags.c_contiguous
    assert result.columns.names == ["output", "symbol"]


LAYOUTS = {
    "C": lambda values: np.ascontiguousarray(values),
    "F": lambda values: np.asfortranarray(values),
    "strided rows": lambda values: np.repeat(values, 2, axis=0)[::2],
    "strided columns": lambda values: np.repeat(values, 3, axis=1)[:, ::3],
    "strided F": lambda values: np.repeat(values, 2, axis=0).T.copy().T[::2],
    "backwards": lambda values: values[::-1].copy()[::-1],
    "big endian": lambda values: values.astype(">f8"),
    "few columns": lambda values: np.ascontiguousarray(values[:, :3]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_memory_layout_gives_the_same_values(name: str, layout: str) -> None:
    inputs = [LAYOUTS[layout](values) for values in arrays_for(name)]
    for values in inputs:
        values.flags.writeable = False
    before = [values.copy() for values in inputs]
    expected = outputs(getattr(ta, name)(*arrays_for(name)))
    for got, want in zip(outputs(getattr(ta, name)(*inputs)), expected, strict=True):
        assert got.shape == inputs[0].shape
        np.testing.assert_allclose(got, want[:, : got.shape[1]], rtol=1e-12, atol=1e-12)
    for values, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(values, copy)


def test_inputs_of_mixed_layouts() -> None:
    result = ta.atr(np.asfortranarray(HIGH), LOW, CLOSE.astype(np.float32).astype(float))
    np.testing.assert_allclose(result, ta.atr(HIGH, LOW, CLOSE), rtol=1e-6)


def test_a_result_keeps_the_memory_order_of_its_input() -> None:
    assert ta.sma(CLOSE).flags.c_contiguous
    assert ta.sma(np.asfortranarray(CLOSE)).flags.f_contiguous


@pytest.mark.parametrize("dtype", ["int64", "int8", "float32", "Int64", "Float64"])
def test_other_numbers_are_converted(dtype: str) -> None:
    values = pd.Series([1, 2, 3, 5], dtype=dtype)
    assert ta.sma(values, window=2).to_list()[1:] == [1.5, 2.5, 4.0]


def test_missing_values_of_nullable_columns_are_gaps() -> None:
    result = ta.sma(pd.Series([1, None, 3], dtype="Int64"), window=2)
    assert np.isnan(result[:2]).all()
    assert result[2] == 2.0


def test_flat_bars_pick_their_columns(name: str) -> None:
    bars = flat(TIMES, np.array([ARRAYS[field][:, 0] for field in FIELDS]))
    if INDICATORS[name].of_bars:
        assert getattr(ta, name)(bars).equals(picked_from(name, bars))
    else:
        with pytest.raises(InputError, match="needs the column"):
            getattr(ta, name)(bars)


def test_panel_bars_pick_their_columns(name: str) -> None:
    bars = panel(TIMES, ARRAYS, SYMBOLS)
    if INDICATORS[name].of_bars:
        assert getattr(ta, name)(bars).equals(picked_from(name, bars))
    else:
        with pytest.raises(InputError, match="needs the column"):
            getattr(ta, name)(bars)


def test_sessions_are_utc_dates_or_given() -> None:
    times = pd.date_range("2024-01-01", periods=80, freq="7h", tz="America/New_York")
    panels = [pd.DataFrame(values, times, SYMBOLS) for values in (HIGH, LOW, CLOSE)]
    days = times.tz_convert("UTC").normalize().as_unit("s").asi8 // 86_400
    given = np.broadcast_to(days[:, None], CLOSE.shape).astype(float)
    expected = ta.pivot_points(HIGH, LOW, CLOSE, given)
    np.testing.assert_array_equal(ta.pivot_points(*panels)["r1"], expected.r1)
    one = ta.pivot_points(*[table["S3"] for table in panels])
    np.testing.assert_array_equal(one["r1"], expected.r1[:, 3])
    with pytest.raises(InputError, match="pass session, a number for each bar"):
        ta.pivot_points(HIGH, LOW, CLOSE)


def test_indicators_of_indicators() -> None:
    bars = panel(TIMES, {"close": CLOSE}, SYMBOLS)
    smoothed = ta.sma(ta.macd(bars), window=3)
    expected = ta.sma(ta.macd(bars)["signal"], window=3)
    assert smoothed["signal"].equals(expected)


def test_named_tuples_pickle() -> None:
    bands = ta.bbands(CLOSE)
    assert type(pickle.loads(pickle.dumps(bands))) is type(bands)
    assert bands._fields == ("upper", "middle", "lower")


BAD_CALLS = {
    "window=0": (lambda: ta.sma(CLOSE, window=0), "sma: window=0 is not allowed; give a whole"),
    "window=True": (lambda: ta.sma(CLOSE, window=True), "window=True is not allowed"),
    "window=2.0": (lambda: ta.sma(CLOSE, window=2.0), "window=2.0 is not allowed"),
    "window=None": (lambda: ta.sma(CLOSE, window=None), "window=None is not allowed"),
    "window='9'": (lambda: ta.sma(CLOSE, window="9"), "window='9' is not allowed"),
    "rsi window": (lambda: ta.rsi(CLOSE, window=1), "rsi: window=1 .* 2 to 100000"),
    "nan": (lambda: ta.bbands(CLOSE, deviations=np.nan), "deviations=nan is not allowed"),
    "negative": (lambda: ta.bbands(CLOSE, deviations=-1), "deviations=-1 is not allowed"),
    "order": (lambda: ta.macd(CLOSE, fast=26, slow=12), "fast=26 must be less than slow=12"),
    "none": (lambda: ta.atr(), "atr takes high, low, close by position, .* 0 given"),
    "two": (lambda: ta.atr(HIGH, LOW), "2 given"),
    "three": (lambda: ta.rsi(HIGH, LOW, CLOSE), "3 given"),
    "list": (lambda: ta.sma([1.0, 2.0]), "close is a list; give a Series"),
    "cube": (lambda: ta.sma(np.ones((2, 2, 2))), "3 dimensions"),
    "scalar": (lambda: ta.sma(np.array(1.0)), "0 dimensions"),
    "strings": (lambda: ta.sma(pd.Series(["a"])), "close has dtype"),
    "bools": (lambda: ta.sma(np.array([True])), "close has dtype bool"),
    "complex": (lambda: ta.sma(np.array([1j])), "close has dtype complex"),
    "masked": (lambda: ta.sma(np.ma.masked_array([1.0], [True])), "masked array"),
    "mixed": (lambda: ta.atr(HIGH, LOW, pd.DataFrame(CLOSE)), "both be pandas or both numpy"),
    "shape": (lambda: ta.atr(HIGH, LOW[1:], CLOSE), r"high and low have shapes \(80, 10\)"),
    "index": (
        lambda: ta.atr(*[pd.Series([1.0, 2.0], index=[0, i]) for i in (1, 2, 1)]),
        "high and low have different indexes",
    ),
    "columns": (
        lambda: ta.atr(*[pd.DataFrame({i: [1.0]}) for i in "aab"]),
        "high and close have different columns",
    ),
    "no close": (lambda: ta.rsi(pd.DataFrame({"high": [1.0]})), "needs the column 'close'"),
    "time": (
        lambda: ta.sma(pd.Series([1.0, 2.0], index=pd.to_datetime(["2020-01-02", "2020-01-01"]))),
        "not in order of time",
    ),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_input_says_what_was_given_and_what_is_allowed(case: str) -> None:
    call, message = BAD_CALLS[case]
    with pytest.raises(InputError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_unknown_parameters_fail_and_name_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'window'"):
        ta.sma(CLOSE, windw=3)
    with pytest.raises(UnknownNameError, match="Pass close by position"):
        ta.sma(close=CLOSE)


def test_numpy_integers_are_integers() -> None:
    np.testing.assert_array_equal(ta.sma(CLOSE, window=np.int32(5)), ta.sma(CLOSE, window=5))


def test_the_signature_is_the_specification(name: str) -> None:
    record = INDICATORS[name]
    function = getattr(ta, name)
    assert function.record is record
    arguments = inspect.signature(function).parameters.values()
    positional = [one.name for one in arguments if one.kind is one.POSITIONAL_ONLY]
    keywords = {one.name: one.default for one in arguments if one.kind is one.KEYWORD_ONLY}
    assert tuple(positional) == record.inputs
    assert set(record.inputs) <= {*FIELDS, *BESIDE}
    options = {option: default for option, (default, _) in OPTIONS.items()}
    assert keywords == {**record.checked({}), **options}, "the defaults are allowed"
    assert len(arguments) == len(positional) + len(keywords)


def test_every_indicator_is_documented(name: str) -> None:
    record, text = INDICATORS[name], inspect.getdoc(getattr(ta, name)) or ""
    for part in ("Formula", "Warm-up:", "NaN", "Gaps:", "Shape:", "Raises", ">>> "):
        assert part in text, part
    for word in (*record.parameters, *(out.name for out in record.outputs[1:])):
        assert word in text
    assert f"{name}(" in pydoc.render_doc(getattr(ta, name), renderer=pydoc.plaintext)
    assert record.title
    assert record.group in GROUPS
    assert record.source
    assert all(output.unit for output in record.outputs)
    assert record.pane in ("price", "own")
    if record.value_range:
        low, high = record.value_range
        assert all(low < level < high for level in record.levels)


def test_values_stay_in_the_range_that_the_record_says(name: str) -> None:
    if limits := INDICATORS[name].value_range:
        bars = 50 + INDICATORS[name].lookback()
        rounding = 1e-12 * (limits[1] - limits[0])
        for output in outputs(getattr(ta, name)(*inputs_of(name, walk(bars)))):
            assert np.nanmin(output) >= limits[0] - rounding
            assert np.nanmax(output) <= limits[1] + rounding


def test_the_namespace_lists_the_indicators_and_nothing_else() -> None:
    tools = {"Causality", "GROUPS", "INDICATORS", "Indicator", "Leak", "State", "check_causal"}
    assert set(dir(ta)) == {*tools, *INDICATORS}


def test_records_are_frozen(name: str) -> None:
    with pytest.raises(AttributeError):
        INDICATORS[name].title = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        INDICATORS["other"] = INDICATORS[name]  # type: ignore[index]


def modules() -> list[str]:
    return [f"workbench.indicators.{found.name}" for found in pkgutil.iter_modules(ta.__path__)]


@pytest.mark.parametrize("module", modules())
def test_doctests(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )


def test_importing_does_not_load_numba() -> None:
    code = """
import sys, numpy as np, workbench.indicators as ta
assert "numba" not in sys.modules
ta.sma(np.ones(9), window=5)
assert "numba" in sys.modules
"""
    run(code)


COMPUTE = "import numpy as np, workbench.indicators as ta; print(ta.sma(np.arange(4.0), window=2))"


def test_kernels_are_cached_where_numba_is_told(tmp_path: Path) -> None:
    for _ in range(2):
        assert "[nan 0.5 1.5 2.5]" in run(COMPUTE, NUMBA_CACHE_DIR=str(tmp_path)).stdout
    (kept,) = {path.stat().st_mtime_ns for path in tmp_path.rglob("*mean_1*.nbc")}
    run(COMPUTE, NUMBA_CACHE_DIR=str(tmp_path))
    assert {path.stat().st_mtime_ns for path in tmp_path.rglob("*mean_1*.nbc")} == {kept}
