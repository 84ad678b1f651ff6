"""Stops: TA-Lib, else pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle


def supertrend(high: Any, low: Any, close: Any, window: int, factor: float) -> list[Any]:
    line, trend = talib.SUPERTREND(high, low, close, window, factor)
    trend = trend.astype(float)
    trend[:window] = np.nan  # where TA-Lib has 0
    return [line, trend]


def chandelier(high: Any, low: Any, close: Any, window: int, factor: float) -> list[Any]:
    spread = factor * talib.ATR(high, low, close, window)
    top = pd.Series(high).rolling(window).max().to_numpy()
    bottom = pd.Series(low).rolling(window).min().to_numpy()
    return [top - spread, bottom + spread]


def sarext(high: Any, low: Any, **parameters: float) -> list[Any]:
    return [talib.SAREXT(high, low, *parameters.values())]


ORACLES = {
    "sar": Oracle(
        lambda high, low, acceleration, maximum: [talib.SAR(high, low, acceleration, maximum)],
        [
            {"acceleration": 0.02, "maximum": 0.2},
            {"acceleration": 0.0, "maximum": 0.0},
            {"acceleration": 0.3, "maximum": 0.1},
        ],
        scale="follows",
        shift="follows",
        talib="SAR",
    ),
    "sarext": Oracle(
        sarext,
        [
            {
                "start": start,
                "offset": offset,
                "first_long": first,
                "acceleration_long": 0.02,
                "maximum_long": 0.2,
                "first_short": 0.02,
                "acceleration_short": growth,
                "maximum_short": 0.3,
            }
            for start, offset, first, growth in (
                (0.0, 0.0, 0.02, 0.02),
                (50.0, 0.01, 0.05, 0.1),
                (-120.0, 0.02, 0.3, 0.4),
            )
        ],
        talib="SAREXT",
    ),
    "supertrend": Oracle(
        supertrend,
        [{"window": 2, "factor": 0.0}, {"window": 3, "factor": 1.0}, {"window": 10, "factor": 3.0}],
        talib="SUPERTREND",
    ),
    "chandelier": Oracle(
        chandelier,
        [{"window": 1, "factor": 0.0}, {"window": 22, "factor": 3.0}],
        scale="follows",
        shift="follows",
    ),
}
