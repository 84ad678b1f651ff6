"""Indicators over a panel, each beside TA-Lib called symbol by symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import talib

from benchmarks.cases.scratch import bars
from benchmarks.harness import Scale, Trial, case
from workbench.indicators import INDICATORS, Indicator

Arrays = list[np.ndarray[Any, Any]]

TALIB: dict[str, Callable[..., Any]] = {
    "atr": talib.ATR,
    "bbands": talib.BBANDS,
    "ema": talib.EMA,
    "macd": talib.MACD,
    "rsi": talib.RSI,
    "sma": talib.SMA,
}
SPELLING = {
    "window": "timeperiod",
    "fast": "fastperiod",
    "slow": "slowperiod",
    "signal": "signalperiod",
}
"""Our parameters' names in TA-Lib; a name that stands for two of them is in PAIRS."""
PAIRS = {"deviations": ("nbdevup", "nbdevdn")}


def talib_parameters(record: Indicator) -> dict[str, Any]:
    """The defaults of an indicator as TA-Lib spells them."""
    return {
        name: parameter.default
        for ours, parameter in record.parameters.items()
        for name in PAIRS.get(ours, (SPELLING.get(ours, ours),))
    }


def panel(symbols: int, rows: int) -> dict[str, np.ndarray[Any, Any]]:
    """Fields as C-contiguous (time, symbol) arrays."""
    frames = [bars(rows, 86_400, seed) for seed in range(symbols)]
    return {
        field: np.ascontiguousarray(np.stack([frame[field].to_numpy() for frame in frames], axis=1))
        for field in frames[0]
    }


def ours(record: Indicator, inputs: Arrays) -> Arrays:
    result = record.compute(*inputs)
    return list(result) if isinstance(result, tuple) else [result]


def loop(record: Indicator, series: Sequence[Arrays], parameters: dict[str, Any]) -> Arrays:
    """TA-Lib on each symbol's contiguous series, the results side by side: (symbol, time)."""
    count, rows = len(series), len(series[0][0])
    outputs = [np.empty((count, rows)) for _ in record.outputs]
    for number, inputs in enumerate(series):
        result = TALIB[record.name](*inputs, **parameters)
        for output, column in zip(
            outputs, result if isinstance(result, tuple | list) else [result], strict=True
        ):
            output[number] = column
    return outputs


def same_values(first: Arrays, second: Arrays) -> None:
    """AssertionError unless equal within 1e-9, relative to the value or to the output's range."""
    for mine, theirs in zip(first, second, strict=True):
        floor = 1e-9 * np.nanmax(np.abs(mine))
        np.testing.assert_allclose(theirs, mine, rtol=1e-9, atol=floor)


def trial(record: Indicator, scale: Scale) -> Iterator[Trial]:
    fields = panel(scale.pick(500, 4), scale.pick(2_520, 300))
    inputs = [fields[name] for name in record.inputs]
    rows, symbols = inputs[0].shape
    series = [[np.ascontiguousarray(field[:, n]) for field in inputs] for n in range(symbols)]
    parameters = talib_parameters(record)
    moved = max(len(inputs), len(record.outputs))
    sources, targets = inputs * moved, [np.empty_like(inputs[0]) for _ in range(moved)]

    def copy() -> None:
        for source, target in zip(sources, targets, strict=False):
            np.copyto(target, source)

    yield Trial(
        work=rows * symbols,
        unit="bars",
        paths={
            "workbench": lambda: ours(record, inputs),
            "TA-Lib": lambda: loop(record, series, parameters),
        },
        limits={"a copy in memory": copy},
        same=same_values,
        result=lambda name, found: found if name == "workbench" else [a.T for a in found],
    )


def register(record: Indicator) -> None:
    title = f"{record.name} of 500 symbols × 2,520 bars"
    case(f"indicator_{record.name}", title, group="indicators", reference="TA-Lib")(
        lambda scale: trial(record, scale)
    )


for _record in INDICATORS.values():
    register(_record)
