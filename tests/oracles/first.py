"""The six indicators of the demo, against TA-Lib."""

from __future__ import annotations

import talib

from tests.oracles import Oracle

ORACLES = {
    "sma": Oracle(
        lambda close, window: [talib.SMA(close, window)],
        [{"window": 1}, {"window": 3}, {"window": 20}],
        scale="follows",
        shift="follows",
        talib="SMA",
    ),
    "ema": Oracle(
        lambda close, window: [talib.EMA(close, window)],
        [{"window": 1}, {"window": 3}, {"window": 20}],
        scale="follows",
        shift="follows",
        talib="EMA",
    ),
    "rsi": Oracle(
        lambda close, window: [talib.RSI(close, window)],
        [{"window": 2}, {"window": 14}],
        scale="same",
        talib="RSI",
    ),
    "macd": Oracle(
        lambda close, fast, slow, signal: talib.MACD(close, fast, slow, signal),
        [
            {"fast": 2, "slow": 3, "signal": 1},
            {"fast": 5, "slow": 8, "signal": 3},
            {"fast": 12, "slow": 26, "signal": 9},
        ],
        scale="follows",
        shift="same",
        talib="MACD",
    ),
    "bbands": Oracle(
        lambda close, window, deviations: talib.BBANDS(close, window, deviations, deviations),
        [{"window": 2, "deviations": 1.0}, {"window": 20, "deviations": 2.5}],
        scale="follows",
        shift="follows",
        talib="BBANDS",
    ),
    "atr": Oracle(
        lambda high, low, close, window: [talib.ATR(high, low, close, window)],
        [{"window": 1}, {"window": 2}, {"window": 14}],
        scale="follows",
        shift="same",
        talib="ATR",
    ),
}
