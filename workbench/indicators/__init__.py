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
from workbench.indicators.stops import chandelier, sar, sarext, supertrend
from workbench.indicators.structure import fractal, ha, ichimoku, pivot_points, zigzag
from workbench.indicators.volatility import (
    adr,
    atr,
    choppiness,
    cvi,
    massi,
    natr,
    rvi,
    trange,
    ulcer_index,
)
from workbench.indicators.volatility_estimators import (
    garman_klass,
    historical_volatility,
    parkinson,
    rogers_satchell,
    yang_zhang,
)

__all__ = [
    "GROUPS",
    "INDICATORS",
    "Indicator",
    "State",
    "accbands",
    "adr",
    "atr",
    "bandwidth",
    "bbands",
    "chandelier",
    "choppiness",
    "cvi",
    "donchian",
    "ema",
    "envelope",
    "fractal",
    "garman_klass",
    "ha",
    "historical_volatility",
    "ichimoku",
    "kc",
    "macd",
    "massi",
    "natr",
    "parkinson",
    "percent_b",
    "pivot_points",
    "rogers_satchell",
    "rsi",
    "rvi",
    "sar",
    "sarext",
    "sma",
    "squeeze",
    "starc",
    "supertrend",
    "trange",
    "ulcer_index",
    "yang_zhang",
    "zigzag",
]


def __dir__() -> list[str]:
    return sorted(__all__)
