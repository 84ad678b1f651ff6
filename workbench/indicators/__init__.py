"""Technical indicators: `sma(close, window=20)` for a Series, a wide frame, Bars or arrays.

Every function carries its `record`; `INDICATORS` maps names to records. numba is imported by the
first computation, not by this package.
"""

from workbench.indicators.adaptive_averages import frama, kama, mcginley, vidya
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
from workbench.indicators.causality import Causality, Leak, check_causal
from workbench.indicators.cycles import (
    ht_dcperiod,
    ht_dcphase,
    ht_phasor,
    ht_sine,
    ht_trendline,
    ht_trendmode,
    mama,
)
from workbench.indicators.momentum import macd, rsi
from workbench.indicators.moving_averages import dema, midpoint, midprice, rma, t3, tema, zlema
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
from workbench.indicators.weighted_averages import (
    alma,
    fwma,
    hma,
    mavp,
    pwma,
    sinwma,
    trima,
    vwma,
    wma,
)

__all__ = [
    "GROUPS",
    "INDICATORS",
    "Causality",
    "Indicator",
    "Leak",
    "State",
    "accbands",
    "adr",
    "alma",
    "atr",
    "bandwidth",
    "bbands",
    "chandelier",
    "check_causal",
    "choppiness",
    "cvi",
    "dema",
    "donchian",
    "ema",
    "envelope",
    "fractal",
    "frama",
    "fwma",
    "garman_klass",
    "ha",
    "historical_volatility",
    "hma",
    "ht_dcperiod",
    "ht_dcphase",
    "ht_phasor",
    "ht_sine",
    "ht_trendline",
    "ht_trendmode",
    "ichimoku",
    "kama",
    "kc",
    "macd",
    "mama",
    "massi",
    "mavp",
    "mcginley",
    "midpoint",
    "midprice",
    "natr",
    "parkinson",
    "percent_b",
    "pivot_points",
    "pwma",
    "rma",
    "rogers_satchell",
    "rsi",
    "rvi",
    "sar",
    "sarext",
    "sinwma",
    "sma",
    "squeeze",
    "starc",
    "supertrend",
    "t3",
    "tema",
    "trange",
    "trima",
    "ulcer_index",
    "vidya",
    "vwma",
    "wma",
    "yang_zhang",
    "zigzag",
    "zlema",
]


def __dir__() -> list[str]:
    return sorted(__all__)
