"""Every indicator over a panel, beside TA-Lib called symbol by symbol where it has the function."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.harness import Scale, Trial, case
from tests.indicator_data import walk
from tests.oracles import ORACLES
from workbench.indicators import INDICATORS, Indicator

Arrays = list[np.ndarray[Any, Any]]
FAMILY = {"adx", "adxr", "dx", "plus_di", "minus_di"}
"""What TA-Lib recomputes from scratch for each output, and we do not."""
COMPARED = 40
"""Symbols whose values are compared; the first and the last ones."""


@functools.lru_cache(2)
def panel(symbols: int, rows: int) -> dict[str, tuple[Any, Any]]:
    """Each input as wb.bars gives it, (time, symbol) in C order, and with contiguous series."""
    fields = walk(min(rows, 2_520), 1, symbols)
    times = -(-rows // 2_520)  # a long walk would leave the prices that there are
    fields = {name: np.tile(values, (times, 1))[:rows] for name, values in fields.items()}
    return {
        name: (np.ascontiguousarray(values), np.asfortranarray(values))
        for name, values in fields.items()
    }


@functools.lru_cache(4)
def stored(outputs: int, symbols: int, rows: int) -> Arrays:
    """Where TA-Lib's results go: like ours, memory that was used before."""
    return [np.zeros((symbols, rows)) for _ in range(outputs)]


def listed(result: Any) -> Arrays:
    return list(result) if isinstance(result, tuple) else [result]


def loop(record: Indicator, inputs: Arrays, **given: float) -> Arrays:
    """TA-Lib on each symbol's contiguous series, the results side by side: (symbol, time)."""
    rows, symbols = inputs[0].shape
    parameters = record.checked(given)
    call, outputs = ORACLES[record.name].compute, stored(len(record.outputs), symbols, rows)
    for number in range(symbols):
        found = call(*(values[:, number] for values in inputs), **parameters)
        for output, column in zip(outputs, found, strict=True):
            output[number] = column
    return outputs


def same_values(first: Arrays, second: Arrays) -> None:
    """AssertionError unless equal within 1e-9, relative to the value or to the output's range.

    One value in a thousand may differ: where a flag hangs on the last bit of a comparison.
    """
    for mine, theirs in zip(first, second, strict=True):
        floor = 1e-9 * np.abs(mine[np.isfinite(mine)]).max(initial=0.0)
        equal = np.isclose(theirs, mine, rtol=1e-9, atol=floor, equal_nan=True)
        assert equal.mean() > 1 - 1e-3, f"{(~equal).sum():,} of {equal.size:,} values differ"


def some(arrays: Arrays) -> Arrays:
    symbols = [*range(COMPARED), *range(-COMPARED, 0)]
    few = arrays[0].shape[1] <= 2 * COMPARED
    return arrays if few else [array[:, symbols] for array in arrays]


def trial(record: Indicator, symbols: int, rows: int) -> Iterator[Trial]:
    fields = panel(symbols, rows)
    ours = [fields[name][0] for name in record.inputs]
    series = [fields[name][1] for name in record.inputs]
    moved = max(len(ours), len(record.outputs))
    targets = stored(moved, rows, symbols)

    def copy() -> None:
        for source, target in zip(ours * moved, targets, strict=False):
            np.copyto(target, source)

    peers = {"TA-Lib": lambda: loop(record, series)} if ORACLES[record.name].talib else {}
    yield Trial(
        work=rows * symbols,
        unit="bars",
        paths={"workbench": lambda: listed(record.compute(*ours, threads=1)), **peers},
        limits={"a copy in memory": copy},
        same=same_values,
        result=lambda name, found: some(found if name == "workbench" else [a.T for a in found]),
        rounds=(3, 5),
    )


def register(record: Indicator) -> None:
    beside = ORACLES[record.name].talib
    goals = {"targets": {"TA-Lib": 8.0 if record.name in FAMILY else 1.3}} if beside else {}
    case(
        f"indicator_{record.name}",
        f"`{record.name}`",
        group="indicators",
        reference="TA-Lib" if beside else "a copy in memory",
        part_of="panels of 5,000 symbols × 2,520 bars, one thread",
        **goals,
    )(lambda scale: trial(record, scale.pick(5_000, 12), scale.pick(2_520, 300)))


def register_series(record: Indicator) -> None:
    case(
        f"series_{record.name}",
        f"`{record.name}`",
        group="indicators",
        reference="TA-Lib",
        part_of="one series of 1,000,000 bars, several outputs",
        targets={"TA-Lib": 2.5},
    )(lambda scale: trial(record, 1, scale.pick(1_000_000, 3_000)))


for _record in INDICATORS.values():
    register(_record)
    # Over a million bars the running sums of TA-Lib's cycles drift away from what they add up.
    if ORACLES[_record.name].talib and len(_record.outputs) > 1 and _record.group != "cycle":
        register_series(_record)


@case(
    "indicator_threads",
    "macd of 5,000 symbols × 2,520 bars on two threads",
    group="indicators",
    reference="one thread",
    targets={"one thread": 1.6},
)
def threads(scale: Scale) -> Iterator[Trial]:
    close = panel(scale.pick(5_000, 12), scale.pick(2_520, 300))["close"][0]
    compute = INDICATORS["macd"].compute
    yield Trial(
        work=close.size,
        unit="bars",
        paths={
            "workbench": lambda: list(compute(close, threads=2)),
            "one thread": lambda: list(compute(close, threads=1)),
        },
        same=same_values,
        result=lambda _, found: some(found),
    )
