"""Regression lines: TA-Lib, else each window's line by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import talib

from tests.oracles import Oracle
from tests.oracles.statistics import MOVES, SPREAD, each, windows


def line(name: str, *windows: int, **laws: Any) -> Oracle:
    function = getattr(talib, name)
    settings = [{"window": window} for window in windows]
    return Oracle(lambda close, window: [function(close, window)], settings, talib=name, **laws)


def left(values: Any) -> Any:
    """The distances from the line that numpy fits, of values less their first."""
    bars = np.arange(len(values)) - (len(values) - 1) / 2
    heights = values - values[0]
    return heights - np.polyval(np.polyfit(bars, heights, 1), bars)


def explained(values: Any) -> float:
    if values.max() == values.min():
        return 0.0
    return float(1 - (left(values) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def standard_error(values: Any) -> float:
    return float(np.sqrt((left(values) ** 2).sum() / (len(values) - 2)))


ORACLES = {
    "linearreg": line("LINEARREG", 2, 3, 14, **MOVES),
    "linearreg_intercept": line("LINEARREG_INTERCEPT", 2, 3, 14, **MOVES),
    "tsf": line("TSF", 2, 3, 14, **MOVES),
    "linearreg_slope": line("LINEARREG_SLOPE", 2, 3, 14, scale="follows", shift="same"),
    "linearreg_angle": line("LINEARREG_ANGLE", 2, 3, 14, shift="same"),
    "r_squared": each(explained, windows(2, 3, 14), scale="same", shift="same"),
    "standard_error": each(standard_error, windows(3, 14), **SPREAD),
    "fosc": line("FOSC", 2, 5, scale="same", span=1.0),
}
