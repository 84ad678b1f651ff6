"""vectorbt over a wide DataFrame; averages of Wilder's are its exponential ones of 2 n - 1 bars."""

from __future__ import annotations

from typing import Any

import vectorbt

from benchmarks.peers.worker import Tables


class Vectorbt(Tables):
    def sma(self) -> list[Any]:
        return [vectorbt.MA.run(self.close, 20).ma]

    def ema(self) -> list[Any]:
        return [vectorbt.MA.run(self.close, 20, ewm=True).ma]

    def rsi(self) -> list[Any]:
        return [vectorbt.RSI.run(self.close, 27, ewm=True).rsi]

    def macd(self) -> list[Any]:
        found = vectorbt.MACD.run(self.close, 12, 26, 9, macd_ewm=True, signal_ewm=True)
        return [found.macd, found.signal, found.hist]

    def bbands(self) -> list[Any]:
        found = vectorbt.BBANDS.run(self.close, 20, alpha=2.0)
        return [found.upper, found.middle, found.lower]

    def atr(self) -> list[Any]:
        return [vectorbt.ATR.run(self.high, self.low, self.close, 27, ewm=True).atr]


if __name__ == "__main__":
    Vectorbt().serve()
