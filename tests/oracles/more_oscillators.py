"""Further oscillators, against TA-Lib."""

from __future__ import annotations

import talib

from tests.oracles import Oracle

ORACLES = {
    "qstick": Oracle(
        lambda open, close, window: [talib.QSTICK(open, close, window)],
        [{"window": 1}, {"window": 3}, {"window": 10}],
        scale="follows",
        shift="same",
        talib="QSTICK",
        least_bars=1,
    ),
    "eri": Oracle(
        lambda high, low, close, window: talib.ERI(high, low, close, window),
        [{"window": 1}, {"window": 3}, {"window": 13}],
        scale="follows",
        shift="same",
        talib="ERI",
        least_bars=1,
    ),
}
