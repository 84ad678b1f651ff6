"""pandas-ta, by its maintained fork: symbol by symbol, and the columns put side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas_ta_classic as pandas_ta

from benchmarks.peers.worker import Tables

Series = dict[str, Any]


def macd(bars: Series) -> list[Any]:
    found = pandas_ta.macd(bars["close"])
    return [found.iloc[:, 0], found.iloc[:, 2], found.iloc[:, 1]]


def bbands(bars: Series) -> list[Any]:
    found = pandas_ta.bbands(bars["close"], length=20, std=2, ddof=0)
    return [found.iloc[:, 2], found.iloc[:, 1], found.iloc[:, 0]]


def atr(bars: Series) -> list[Any]:
    return [pandas_ta.atr(bars["high"], bars["low"], bars["close"], 14)]


class PandasTa(Tables):
    def sma(self) -> list[Any]:
        return self._each(lambda bars: [pandas_ta.sma(bars["close"], 20)])

    def ema(self) -> list[Any]:
        return self._each(lambda bars: [pandas_ta.ema(bars["close"], 20)])

    def rsi(self) -> list[Any]:
        return self._each(lambda bars: [pandas_ta.rsi(bars["close"], 14)])

    def macd(self) -> list[Any]:
        return self._each(macd)

    def bbands(self) -> list[Any]:
        return self._each(bbands)

    def atr(self) -> list[Any]:
        return self._each(atr)

    def _each(self, of: Callable[[Series], list[Any]]) -> list[Any]:
        tables = {"high": self.high, "low": self.low, "close": self.close}
        found = [of({field: table[name] for field, table in tables.items()})
                 for name in self.close]  # fmt: skip
        return [np.column_stack(columns) for columns in zip(*found, strict=True)]


if __name__ == "__main__":
    PandasTa().serve()
