"""The indicators that everybody has, over a panel, beside pandas, vectorbt and pandas-ta."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cases.indicators import loop, panel
from benchmarks.harness import Scale, Trial, case
from benchmarks.remote import peer
from workbench.indicators import INDICATORS

SETTLED = 1_000
"""Bars at the end that are compared: the peers begin their averages otherwise."""

Frames = dict[str, pd.DataFrame]


def smoothed(values: pd.DataFrame, alpha: float) -> pd.DataFrame:
    return values.ewm(alpha=alpha, adjust=False).mean()


def macd(bars: Frames) -> list[Any]:
    line = smoothed(bars["close"], 2 / 13) - smoothed(bars["close"], 2 / 27)
    signal = smoothed(line, 2 / 10)
    return [line, signal, line - signal]


def bbands(bars: Frames) -> list[Any]:
    window = bars["close"].rolling(20)
    mean, spread = window.mean(), 2 * window.std(ddof=0)
    return [mean + spread, mean, mean - spread]


def rsi(bars: Frames) -> list[Any]:
    change = bars["close"].diff()
    gain, loss = smoothed(change.clip(lower=0), 1 / 14), smoothed(-change.clip(upper=0), 1 / 14)
    return [100 * gain / (gain + loss)]


def atr(bars: Frames) -> list[Any]:
    before = bars["close"].shift()
    true_range = np.maximum(bars["high"], before) - np.minimum(bars["low"], before)
    return [smoothed(true_range, 1 / 14)]


WITH_PANDAS: dict[str, tuple[dict[str, float], Callable[[Frames], list[Any]]]] = {
    "sma": ({"window": 20}, lambda bars: [bars["close"].rolling(20).mean()]),
    "ema": ({"window": 20}, lambda bars: [smoothed(bars["close"], 2 / 21)]),
    "rsi": ({"window": 14}, rsi),
    "macd": ({}, macd),
    "bbands": ({"window": 20}, bbands),
    "atr": ({"window": 14}, atr),
}


def same_values(first: list[Any], second: list[Any]) -> None:
    """AssertionError unless equal within 1e-9, once all averages have settled."""
    for mine, theirs in zip(first, second, strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(mine)))


def settled(_: str, found: Any) -> list[Any]:
    tables = [found[key] for key in sorted(found)] if isinstance(found, dict) else found
    return [np.asarray(table)[-SETTLED:] for table in tables]


def trial(scale: Scale, name: str) -> Iterator[Trial]:
    fields = panel(scale.pick(500, 4), 2_520)
    record, (parameters, with_pandas) = INDICATORS[name], WITH_PANDAS[name]
    bars = {field: pd.DataFrame(fields[field][0]) for field in ("high", "low", "close")}
    ours = [fields[field][0] for field in record.inputs]
    series = [fields[field][1] for field in record.inputs]
    for field, table in bars.items():
        np.save(scale.folder / f"{field}.npy", table)

    def compute() -> list[Any]:
        found = record.compute(*ours, threads=1, **parameters)
        return list(found) if isinstance(found, tuple) else [found]

    with peer(scale, "vectorbt") as vectorbt, peer(scale, "pandas_ta") as pandas_ta:
        for one in (vectorbt, pandas_ta):
            one.do("open", folder=str(scale.folder))
        yield Trial(
            work=bars["close"].size,
            unit="bars",
            paths={
                "workbench": compute,
                "TA-Lib": lambda: [table.T for table in loop(record, series, **parameters)],
                "pandas": lambda: with_pandas(bars),
                **vectorbt.path("vectorbt", name),
                **pandas_ta.path("pandas-ta", name),
            },
            same=same_values,
            result=settled,
        )


def register(name: str) -> None:
    case(
        f"peers_{name}",
        f"`{name}` of 500 symbols × 2,520 bars, one thread",
        group="indicators",
        reference="pandas",
        targets={"pandas": 1.3, "vectorbt": 1.3, "pandas-ta": 1.3},
    )(lambda scale: trial(scale, name))


for _name in WITH_PANDAS:
    register(_name)
