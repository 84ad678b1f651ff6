"""Regression lines: TA-Lib, else each window's line by itself."""

from __future__ import annotations

from typing import Any

import talib

from tests.oracles import Oracle


def line(name: str, *windows: int, **laws: Any) -> Oracle:
    function = getattr(talib, name)
    settings = [{"window": window} for window in windows]
    return Oracle(lambda close, window: [function(close, window)], settings, talib=name, **laws)


MOVES: dict[str, Any] = {"scale": "follows", "shift": "follows"}

ORACLES = {
    "linearreg": line("LINEARREG", 2, 3, 14, **MOVES),
    "linearreg_intercept": line("LINEARREG_INTERCEPT", 2, 3, 14, **MOVES),
    "tsf": line("TSF", 2, 3, 14, **MOVES),
    "linearreg_slope": line("LINEARREG_SLOPE", 2, 3, 14, scale="follows", shift="same"),
    "linearreg_angle": line("LINEARREG_ANGLE", 2, 3, 14, shift="same"),
    "fosc": line("FOSC", 2, 5, scale="same", span=1.0),
}
