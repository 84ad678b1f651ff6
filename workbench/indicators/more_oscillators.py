"""Further oscillators made of averages."""

from __future__ import annotations

from typing import NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import averages, rolling
from workbench.indicators.record import PriceBars, Window, indicator, settling


@indicator(
    "Qstick",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="TA-Lib QSTICK; Tushar Chande and Stanley Kroll, The New Technical Trader (1994)",
)
def qstick(open: Floats, close: Floats, /, *, window: Window = 10) -> PriceBars:
    """Qstick: the mean candle body, in the unit of the prices; above 0 where closes gain.

    Formula (TA-Lib QSTICK): the mean of close - open over `window` bars.
    Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where an input is missing, which the window passes over.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> import numpy as np
    >>> qstick(np.array([1.0, 2.0]), np.array([2.0, 5.0]), window=2)
    array([nan,  2.])
    """
    return rolling.mean(close - open, window)


class Powers(NamedTuple):
    """Bull and bear power."""

    bull: PriceBars
    bear: PriceBars


@indicator(
    "Elder ray",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    stable_after=lambda window: window - 1 + settling(2 / (window + 1)),
    source="TA-Lib ERI; Alexander Elder, Trading for a Living (1993)",
)
def eri(high: Floats, low: Floats, close: Floats, /, *, window: Window = 13) -> Powers:
    """Elder ray: bull and bear power, in the unit of the prices.

    Formula (TA-Lib ERI): high and low, each less the exponential mean of the close over `window`
    bars. Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where an input is missing, which the average passes over.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> import numpy as np
    >>> eri(np.array([3.0, 5.0]), np.array([1.0, 2.0]), np.array([2.0, 4.0]), window=2).bull
    array([nan,  2.])
    """
    average = averages.ema(close, window)
    return Powers(high - average, low - average)
