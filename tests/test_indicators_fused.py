"""Large panels in C order go through a program without tiles: same values, gaps or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.indicator_data import inputs_of, walk
from workbench.indicators import INDICATORS, fused
from workbench.indicators.tracing import traced

BARS, SYMBOLS = 900, 163
"""More than a megabyte, and some symbols beyond the last group of eight."""
GAPPY, LATE = [9, 80, 162], [40, 41]


@pytest.fixture(scope="module")
def panel() -> dict[str, Any]:
    columns = walk(BARS, 3, SYMBOLS)
    made = {name: np.array(np.broadcast_to(c, (BARS, SYMBOLS)), order="C")
            for name, c in columns.items()}  # fmt: skip
    for values in made.values():
        values[::37, GAPPY] = np.nan
        values[:123, LATE] = np.nan
    return made


def listed(found: Any) -> list[Any]:
    return list(found) if isinstance(found, tuple) else [found]


def streams(name: str) -> bool:
    record = INDICATORS[name]
    program = traced(record.function, len(record.inputs), record.checked({}))
    return program is not None and fused.strip_of(program) is not None


@pytest.mark.parametrize("name", [name for name in INDICATORS if streams(name)])
def test_a_program_gives_what_tiles_give(name: str, panel: dict[str, Any]) -> None:
    compute, inputs = INDICATORS[name].compute, inputs_of(name, panel)
    by_tiles = listed(compute(*(np.asfortranarray(values) for values in inputs)))
    for threads in (1, 2):
        for found, expected in zip(
            listed(compute(*inputs, threads=threads)), by_tiles, strict=True
        ):
            floor = 1e-11 * np.nanmax(np.abs(expected), initial=0)
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=floor)


def test_most_indicators_need_no_tiles() -> None:
    assert sum(map(streams, INDICATORS)) > 0.8 * len(INDICATORS)


def test_a_grid_shares_the_panel(panel: dict[str, Any]) -> None:
    found = INDICATORS["sma"].compute(panel["close"], window=[3, 200])
    for window, table in zip((3, 200), np.asarray(found), strict=True):
        expected = INDICATORS["sma"].compute(np.asfortranarray(panel["close"]), window=window)
        np.testing.assert_allclose(table, expected, rtol=1e-13)


def test_a_program_is_what_was_done_once() -> None:
    program = traced(lambda high, low: np.abs(high - low) + np.abs(high - low), 2, {})
    assert program is not None
    assert [step.does for step in program.steps] == ["{} - {}", "absolute({})", "{} + {}"]
    assert traced(lambda close: np.cumsum(close), 1, {}) is None
    assert traced(lambda close: close[1:], 1, {}) is None
