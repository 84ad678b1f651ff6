"""How far the price moves."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import (
    channels,
    elementwise,
    extremes,
    ranges,
    rolling,
    spreads,
)
from workbench.indicators.record import Allowed, Drawn, Points, Price, Window, indicator, settling

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]
Percent = Annotated[Floats, Drawn("per cent")]
Count = Annotated[Floats, Drawn("ratio, summed")]


@indicator(
    "Average true range",
    group="volatility",
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source="TA-Lib ATR; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def atr(high: Floats, low: Floats, close: Floats, /, *, window: Window = 14) -> Price:
    """Average true range, in the unit of the prices.

    Formula (TA-Lib ATR): Wilder's average of the true range, which is the greater of the high and
    the close before, less the lesser of the low and the close before: the mean of the first
    `window` true ranges, then a[t] = a[t-1] + (range[t] - a[t-1]) / window. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the close before is that of the last complete bar.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> atr(high, low, close, window=1)
    array([nan, 2.5, 2. ])
    """
    return ranges.atr(high, low, close, window)


@indicator(
    "True range",
    group="volatility",
    warm_up=lambda: 1,
    source="TA-Lib TRANGE; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def trange(high: Floats, low: Floats, close: Floats, /) -> Price:
    """True range, in the unit of the prices.

    Formula (TA-Lib TRANGE): the greater of the high and the close before, less the lesser of the
    low and the close before. Warm-up: 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the close before is that of the last complete bar.
    Raises InputError for a wrong or misaligned input.

    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> trange(high, low, close)
    array([nan, 2.5, 2. ])
    """
    return spreads.true_ranges(high, low, close)


@indicator(
    "Normalised average true range",
    group="volatility",
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source="TA-Lib NATR; John Forman, Technical Analysis of Stocks & Commodities 24:5 (2006)",
)
def natr(high: Floats, low: Floats, close: Floats, /, *, window: Window = 14) -> Percent:
    """Average true range in per cent of the close.

    Formula (TA-Lib NATR): 100 · atr / close; 0 where the close is 0. With `window` = 1 too,
    where TA-Lib gives the true range itself. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the average passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 2.5, 4.0]])
    >>> natr(high, low, close, window=1)
    array([  nan, 100. ,  62.5])
    """
    return spreads.natr(high, low, close, window)


@indicator(
    "Average day range",
    group="volatility",
    warm_up=lambda window: window - 1,
    source="TA-Lib ADR",
)
def adr(high: Floats, low: Floats, /, *, window: Window = 14) -> Price:
    """Average range of the bars, in the unit of the prices.

    Formula (TA-Lib ADR): the mean of high - low over `window` bars. Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> adr(np.array([2.0, 5.0]), np.array([1.0, 2.0]), window=2)
    array([nan,  2.])
    """
    return spreads.mean_range(high, low, window)


@indicator(
    "Chaikin volatility",
    group="volatility",
    levels=(0.0,),
    warm_up=lambda window, bars: window - 1 + bars,
    stable_after=lambda window, bars: window - 1 + bars + 2 * settling(2 / (window + 1)),
    source="TA-Lib CVI; Marc Chaikin; Steven Achelis, Technical Analysis from A to Z (2000)",
)
def cvi(high: Floats, low: Floats, /, *, window: AtLeastTwo = 10, bars: Window = 10) -> Percent:
    """Chaikin volatility: how much wider the bars have become, in per cent.

    Formula (TA-Lib CVI): 100 · (e[t] / e[t - bars] - 1), where e is the exponential average of
    high - low over `window` bars; 0 where e[t - bars] is 0. Warm-up: `window` - 1 + `bars` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; averages and distances pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> cvi(np.array([2.0, 2.0, 5.0]), np.array([1.0, 1.0, 1.0]), window=2, bars=1)
    array([ nan,  nan, 200.])
    """
    return spreads.growth(spreads.smooth_range(high, low, window), bars)


@indicator(
    "Mass index",
    group="volatility",
    levels=(26.5, 27.0),
    warm_up=lambda average, window: 2 * average + window - 3,
    stable_after=lambda average, window: 2 * average + window + 3 * settling(2 / (average + 1)),
    source="TA-Lib MASSI; Donald Dorsey, Technical Analysis of Stocks & Commodities 10:6 (1992)",
)
def massi(
    high: Floats, low: Floats, /, *, average: AtLeastTwo = 9, window: AtLeastTwo = 25
) -> Count:
    """Mass index: a sum of ratios, near `window`; it bulges when the bars become wider.

    Formula (TA-Lib MASSI): the sum over `window` bars of e / EMA(e), where e is the exponential
    average of high - low, both over `average` bars; the ratio is 1 where both are 0.
    Warm-up: 2 · `average` + `window` - 3 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; averages and sum pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> massi(np.array([2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0, 4.0]), average=2, window=2)
    array([nan, nan, nan,  2.])
    """
    return window * rolling.mean(spreads.bulge(high, low, average), window)


@indicator(
    "Relative volatility index",
    group="volatility",
    value_range=(0.0, 100.0),
    levels=(50.0,),
    warm_up=lambda window, deviation_window: window + deviation_window - 2,
    stable_after=lambda window, deviation_window: window + deviation_window + settling(1 / window),
    source="TA-Lib RVI; Donald Dorsey, Technical Analysis of Stocks & Commodities 11:6 (1993)",
)
def rvi(close: Floats, /, *, window: Window = 14, deviation_window: AtLeastTwo = 10) -> Points:
    """Relative volatility index, in points from 0 to 100.

    Formula (TA-Lib RVI): 100 · up / (up + down), Wilder's averages over `window` bars of the
    population standard deviation of the last `deviation_window` values, counted as up where the
    value rose, as down where it fell; 50 where it has not moved.
    Warm-up: `window` + `deviation_window` - 2 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> rvi(np.array([1.0, 2.0, 1.0, 2.0]), window=2, deviation_window=2)
    array([nan, nan, 50., 75.])
    """
    deviation = channels.moments(close, deviation_window)[1]
    return spreads.upward_share(elementwise.change(close, 1), deviation, window)


@indicator(
    "Choppiness index",
    group="volatility",
    value_range=(0.0, 100.0),
    levels=(38.2, 61.8),
    warm_up=lambda window: window,
    source="E. W. Dreiss, Choppiness index (1993)",
)
def choppiness(high: Floats, low: Floats, close: Floats, /, *, window: AtLeastTwo = 14) -> Points:
    """Choppiness index, in points: 100 for prices that go nowhere, low in a trend.

    Formula (Dreiss): 100 · log(sum of the true ranges / (greatest high - least low)) /
    log(window), all over `window` bars; 0 where the price has not moved. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[2.0, 3.0, 3.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    >>> choppiness(high, low, close, window=2)
    array([ nan,  nan, 100.])
    """
    moved = window * rolling.mean(spreads.true_ranges(high, low, close), window)
    span = extremes.highest(high, window) - extremes.lowest(low, window)
    share = np.where(span == 0.0, 1.0, moved / span) + 0.0 * moved
    return np.log(share) * (100.0 / np.log(window))


@indicator(
    "Ulcer index",
    group="volatility",
    warm_up=lambda window: 2 * window - 2,
    source="Peter Martin and Byron McCann, The Investor's Guide to Fidelity Funds (1989)",
)
def ulcer_index(close: Floats, /, *, window: Window = 14) -> Percent:
    """Ulcer index: how deep and how long the price stays below its high, in per cent.

    Formula (Martin): the root of the mean over `window` bars of the squared fall, in per cent,
    below the greatest of the last `window` values; no fall where that is 0.
    Warm-up: 2 · `window` - 2 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the windows pass over.
    Raises InputError for a wrong input or parameter.

    >>> ulcer_index(np.array([4.0, 4.0, 3.0]), window=2).round(3)
    array([   nan,    nan, 17.678])
    """
    top = extremes.highest(close, window)
    fall = 100.0 * elementwise.ratio(close - top, top)
    return np.sqrt(rolling.mean(fall * fall, window))
