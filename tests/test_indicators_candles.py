"""Candlestick patterns where they really occur; on random walks the rarest never do."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from talib import abstract

import workbench.indicators as ta
from tests.oracles.candles import ORACLES
from workbench.indicators import INDICATORS

RARE = np.array(
    [
        # open, high, low, close of three stars in the south, of a mat hold
        [[10, 10.2, 3.5, 7], [8, 8.1, 4, 6], [5.5, 5.5, 5.2, 5.2]],
        [[13.8, 13.9, 13.3, 13.4], [13.2, 13.2, 12.6, 12.6], [12.9, 12.9, 12.3, 12.3]],
    ]
)
BOTH_WAYS = [
    "belthold",
    "breakaway",
    "closingmarubozu",
    "counterattack",
    "dojistar",
    "engulfing",
    "gapsidesidewhite",
    "harami",
    "haramicross",
    "hikkake",
    "hikkakemod",
    "highwave",
    "kicking",
    "kickingbylength",
    "longline",
    "marubozu",
    "risefall3methods",
    "separatinglines",
    "shortline",
    "spinningtop",
    "tasukigap",
    "tristar",
    "xsidegap3methods",
    "abandonedbaby",
    "3inside",
    "3outside",
    "3linestrike",
]


@functools.cache
def restless(bars: int, seed: int, decimals: int) -> tuple[np.ndarray, ...]:
    """Open, high, low, close with gaps, doji, bare and shadowed bodies, closes that repeat."""
    rng = np.random.default_rng(seed)
    rows, trend = [(100.0, 100.0, 100.0, 100.0)], 1.0
    for _ in range(bars):
        begin, top, bottom, end = rows[-1]
        if not 30 < end < 300:
            begin = top = bottom = end = 100.0
        if rng.random() < 0.25:
            trend = -trend
        starts = (
            end,
            end + rng.normal(0, 0.3),
            begin + (end - begin) * rng.random(),
            top + 0.6 * rng.random(),
            bottom - 0.6 * rng.random(),
            begin + rng.normal(0, 0.02),
        )
        start = starts[rng.choice(6, p=[0.1, 0.2, 0.3, 0.15, 0.15, 0.1])]
        size = rng.choice([0.02, 0.3, 1.0, 2.5], p=[0.2, 0.3, 0.3, 0.2]) * (0.5 + rng.random())
        close = start + size * (trend if rng.random() < 0.75 else -trend)
        if rng.random() < 0.08:
            close = end + rng.normal(0, 0.02)
        above, below = rng.choice([0, 0.02, 0.3, 1.2], 2, p=[0.3, 0.2, 0.3, 0.2]) * rng.random(2)
        rows.append((start, max(start, close) + above, min(start, close) - below, close))
    table = np.array(rows)
    for at in range(500, bars, 1_000):
        table[at : at + 3] = 90.0 + RARE[0]
        table[at + 99] = 100.0, 103.1, 99.9, 103.0
        table[at + 100 : at + 103] = 90.0 + RARE[1]
        table[at + 103] = 102.6, 105.1, 102.5, 105.0
    return tuple(np.round(table, decimals).T.copy())


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("decimals", [2, 12])
def test_equals_talib_where_the_pattern_occurs(name: str, decimals: int) -> None:
    bars = restless(60_000, 7, decimals)
    wide = [np.repeat(values[:, None], 9, axis=1) for values in bars]
    for parameters in ORACLES[name].settings:
        (expected,) = ORACLES[name].compute(*bars, **parameters)
        np.testing.assert_array_equal(getattr(ta, name)(*bars, **parameters), expected)
        np.testing.assert_array_equal(getattr(ta, name)(*wide, **parameters)[:, 8], expected)


@pytest.mark.parametrize("name", ORACLES)
def test_the_bars_of_these_tests_hold_the_pattern(name: str) -> None:
    (expected,) = ORACLES[name].compute(*restless(60_000, 7, 2), **ORACLES[name].settings[0])
    signals = set(expected[np.isfinite(expected)])
    assert signals - {0.0}
    if name.removeprefix("cdl") in BOTH_WAYS:
        assert {-100.0, 100.0} <= signals
    if "hikkake" in name:
        assert {-200.0, 200.0} <= signals


@pytest.mark.parametrize("name", ORACLES)
def test_the_first_signal_is_where_talib_looks_first(name: str) -> None:
    function = abstract.Function(name.upper())
    assert INDICATORS[name].lookback() == function.lookback
    defaults = {one.name: one.default for one in INDICATORS[name].parameters.values()}
    assert defaults == dict(function.parameters)
