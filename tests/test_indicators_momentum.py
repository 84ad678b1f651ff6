"""Momentum on awkward bars: equal prices, stretches without a move, bars without volume."""

from __future__ import annotations

import numpy as np
import pytest

import workbench.indicators as ta
from tests.indicator_data import Columns, inputs_of, walk
from tests.oracles.momentum import ORACLES

PRICES = ("open", "high", "low", "close")


def ticks(size: float) -> Columns:
    """Bars whose prices are whole multiples of a large tick."""
    columns = walk(500, 2)
    for name in PRICES:
        columns[name] = np.round(columns[name] / size) * size
    columns["high"] = np.maximum.reduce([columns[name] for name in PRICES])
    columns["low"] = np.minimum.reduce([columns[name] for name in PRICES])
    return columns


def still() -> Columns:
    """The same, without a move at the start and in the middle, and without volume at the end."""
    columns = ticks(0.25)
    for name in PRICES:
        columns[name][:40] = columns[name][200:300] = columns["close"][200]
    columns["volume"][400:450] = 0.0
    return columns


AWKWARD = {"ticks of 0.1": ticks(0.1), "ticks of 5": ticks(5.0), "still": still()}


@pytest.mark.parametrize("kind", AWKWARD)
@pytest.mark.parametrize("name", ORACLES)
def test_equals_talib_on_awkward_bars(name: str, kind: str) -> None:
    inputs = inputs_of(name, AWKWARD[kind])
    for parameters in ORACLES[name].settings:
        expected = ORACLES[name].compute(*inputs, **parameters)
        found = getattr(ta, name)(
            *(np.repeat(one[:, None], 9, axis=1) for one in inputs), **parameters
        )
        for left, right in zip(
            found if isinstance(found, tuple) else [found], expected, strict=True
        ):
            np.testing.assert_allclose(left[:, 8], right, rtol=1e-9, atol=1e-7)


def test_the_system_is_its_parts() -> None:
    high, low, close = (walk(300, 3, 9)[name] for name in PRICES[1:])
    system = ta.dmi(high, low, close, window=7)
    for name in ("adx", "plus_di", "minus_di"):
        part = getattr(ta, name)(high, low, close, window=7)
        np.testing.assert_array_equal(getattr(system, name), part)


def test_directional_figures_keep_their_value_where_nothing_moves() -> None:
    """However long: the sums that they are quotients of underflow some 9,600 bars on."""
    columns = walk(80, 4)
    bars = [np.r_[columns[name], np.full(12_000, columns["close"][-1])] for name in PRICES[1:]]
    system = ta.dmi(*bars)
    for held in (ta.dx(*bars), system.plus_di, system.minus_di, ta.cmo(bars[2])):
        np.testing.assert_allclose(held[90:], held[90], rtol=1e-9)
    assert system.adx[-1] == pytest.approx(ta.dx(*bars)[-1], rel=1e-9)
