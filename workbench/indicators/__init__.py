"""Technical indicators: `sma(close, window=20)` for a Series, a wide frame, Bars or arrays.

Every function carries its `record`; `INDICATORS` maps names to records. numba is imported by the
first computation, not by this package.
"""

from workbench.indicators.bands import (
    accbands,
    bandwidth,
    donchian,
    envelope,
    kc,
    percent_b,
    squeeze,
    starc,
)
from workbench.indicators.momentum import macd, rsi
from workbench.indicators.overlap import bbands, ema, sma
from workbench.indicators.record import GROUPS, INDICATORS, Indicator
from workbench.indicators.state import State
from workbench.indicators.volatility import atr

__all__ = [
    "GROUPS",
    "INDICATORS",
    "Indicator",
    "State",
    "accbands",
    "atr",
    "bandwidth",
    "bbands",
    "donchian",
    "ema",
    "envelope",
    "kc",
    "macd",
    "percent_b",
    "rsi",
    "sma",
    "squeeze",
    "starc",
]


def __dir__() -> list[str]:
    return sorted(__all__)
