"""Oscillators made of averages, extremes and rates of change."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import (
    averages,
    elementwise,
    extremes,
    oscillators,
    rates,
    rolling,
    swings,
    weighted,
)
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.rates import Percent, Ratio, SignedPoints
from workbench.indicators.record import (
    Allowed,
    Drawn,
    Points,
    Price,
    PriceBars,
    Window,
    indicator,
    settling,
)

Figure = Annotated[Floats, Drawn("figure")]


@indicator(
    "Awesome oscillator",
    group="momentum",
    levels=(0.0,),
    increasing=("fast", "slow"),
    warm_up=lambda fast, slow: slow - 1,  # noqa: ARG005
    source="TA-Lib AO; Bill Williams, New Trading Dimensions (1998)",
)
def ao(high: Floats, low: Floats, /, *, fast: Window = 5, slow: AtLeastTwo = 34) -> PriceBars:
    """Awesome oscillator, in the unit of the prices.

    Formula (TA-Lib AO): the mean of `fast` mid-prices less the mean of `slow` ones; a mid-price is
    (high + low) / 2. Warm-up: `slow` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where an input is missing, which the windows pass over.
    Raises InputError for a wrong or misaligned input or parameter, and unless fast < slow.

    >>> ao(np.array([2.0, 4.0]), np.array([0.0, 2.0]), fast=1, slow=2)
    array([nan,  1.])
    """
    middle = (high + low) / 2.0
    return rolling.mean(middle, fast) - rolling.mean(middle, slow)


@indicator(
    "Accelerator oscillator",
    group="momentum",
    levels=(0.0,),
    increasing=("fast", "slow"),
    warm_up=lambda fast, slow, signal: slow + signal - 2,  # noqa: ARG005
    source="TA-Lib AC; Bill Williams, New Trading Dimensions (1998)",
)
def ac(
    high: Floats,
    low: Floats,
    /,
    *,
    fast: Window = 5,
    slow: AtLeastTwo = 34,
    signal: Window = 5,
) -> PriceBars:
    """Accelerator oscillator, in the unit of the prices.

    Formula (TA-Lib AC): the awesome oscillator less its mean over `signal` bars.
    Warm-up: `slow` + `signal` - 2 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where an input is missing, which the windows pass over.
    Raises InputError for a wrong or misaligned input or parameter, and unless fast < slow.

    >>> ac(np.array([2.0, 4.0]), np.array([0.0, 2.0]), fast=1, slow=2, signal=1)
    array([nan,  0.])
    """
    middle = (high + low) / 2.0
    awesome = rolling.mean(middle, fast) - rolling.mean(middle, slow)
    return awesome - rolling.mean(awesome, signal)


@indicator(
    "Coppock curve",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window, short, long: max(short, long) + window - 1,
    source="TA-Lib COPPOCK; Edwin Coppock, Barron's (1962)",
)
def coppock(
    close: Floats, /, *, window: Window = 10, short: Window = 11, long: Window = 14
) -> Percent:
    """Coppock curve, in per cent.

    Formula (TA-Lib COPPOCK): the weighted mean over `window` bars of the sum of the rates of
    change over `short` and over `long` bars. Warm-up: max(`short`, `long`) + `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the windows pass over.
    Raises InputError for a wrong input or parameter.

    >>> coppock(np.array([1.0, 2.0, 3.0]), window=1, short=1, long=2)
    array([ nan,  nan, 250.])
    """
    change = rates.growth(close, short, 100.0) + rates.growth(close, long, 100.0)
    return weighted.wma(change, window)


@indicator(
    "Detrended price oscillator",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="TA-Lib DPO",
)
def dpo(close: Floats, /, *, window: AtLeastTwo = 20) -> Price:
    """Detrended price oscillator, in the unit of `close`.

    Formula (TA-Lib DPO): x[t - window // 2 - 1] less the mean of the last `window` values. The
    past price is compared with the present mean, so nothing looks ahead. Warm-up: `window` - 1 NaN,
    one more where the price lies further back.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> dpo(np.array([1.0, 2.0, 3.0, 4.0]), window=4)
    array([ nan,  nan,  nan, -1.5])
    """
    return elementwise.shifted(close, window // 2 + 1) - rolling.mean(close, window)


@indicator(
    "True strength index",
    group="momentum",
    levels=(0.0,),
    value_range=(-100.0, 100.0),
    warm_up=lambda first, second: first + second - 1,
    stable_after=lambda first, second: (
        first + second + settling(2 / (first + 1), 1e-12) + settling(2 / (second + 1), 1e-12)
    ),
    source="TA-Lib TSI; William Blau, Momentum, Direction, and Divergence (1995)",
)
def tsi(close: Floats, /, *, first: AtLeastTwo = 25, second: AtLeastTwo = 13) -> SignedPoints:
    """True strength index, in points from -100 to 100.

    Formula (TA-Lib TSI): 100 · EMA(EMA(change, first), second) / the same of the absolute changes;
    0 where nothing has moved. Warm-up: `first` + `second` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> tsi(np.array([1.0, 2.0, 3.0, 4.0]), first=2, second=2)
    array([ nan,  nan,  nan, 100.])
    """
    change = elementwise.change(close, 1)
    up = averages.ema(averages.ema(change, first), second)
    moved = averages.ema(averages.ema(np.abs(change), first), second)
    return 100.0 * elementwise.ratio(up, moved)


class Vortex(NamedTuple):
    """How far prices reach up and down, as shares of their ranges."""

    plus: Ratio
    minus: Ratio


@indicator(
    "Vortex indicator",
    group="momentum",
    levels=(1.0,),
    warm_up=lambda window: window,
    source="TA-Lib VORTEX; Botes and Siepman, Technical Analysis of Stocks & Commodities (2010)",
)
def vortex(high: Floats, low: Floats, close: Floats, /, *, window: AtLeastTwo = 14) -> Vortex:
    """Vortex indicator: `plus` and `minus`, as ratios.

    Formula (TA-Lib VORTEX): the sums over `window` bars of |high[t] - low[t-1]| and of
    |low[t] - high[t-1]|, each divided by the sum of the true ranges; 0 where that is 0.
    Warm-up: `window` NaN.
    Shape: a Bars frame gives a frame of two columns, wide frames (output, symbol) columns, arrays
    a named tuple of arrays like them; float64.
    Gaps: NaN where an input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[2.0, 3.0, 4.0], [1.0, 2.0, 3.0], [1.5, 2.5, 3.5]])
    >>> vortex(high, low, close, window=2).plus
    array([       nan,        nan, 1.33333333])
    """
    previous = elementwise.shifted(close, 1)
    span = np.maximum(high, previous) - np.minimum(low, previous)
    ranges = rolling.mean(span, window)
    up = rolling.mean(np.abs(high - elementwise.shifted(low, 1)), window)
    down = rolling.mean(np.abs(low - elementwise.shifted(high, 1)), window)
    return Vortex(elementwise.ratio(up, ranges), elementwise.ratio(down, ranges))


class KnowSureThing(NamedTuple):
    """The weighted rates of change and their average."""

    kst: Percent
    signal: Percent


@indicator(
    "Know sure thing",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda signal: 44,  # noqa: ARG005
    stable_after=lambda signal: 43 + signal,
    source="Martin Pring, Technical Analysis of Stocks & Commodities (1992)",
)
def kst(close: Floats, /, *, signal: Window = 9) -> KnowSureThing:
    """Know sure thing: `kst` and `signal`, in per cent.

    Formula (Pring): 1 · SMA10 of the rate of change over 10 bars + 2 · SMA10 over 15 +
    3 · SMA10 over 20 + 4 · SMA15 over 30; `signal` is its mean over `signal` bars.
    Warm-up: 44 NaN, and `signal` - 1 more in `signal`.
    Shape: a Series gives a frame of two columns, a wide frame (output, symbol) columns, an array a
    named tuple of arrays like it; float64.
    Gaps: NaN on a missing bar, which the windows pass over.
    Raises InputError for a wrong input or parameter.

    >>> kst(2.0 ** np.arange(45.0)).kst[-1] > 0
    np.True_
    """
    parts = [(10, 10, 1.0), (15, 10, 2.0), (20, 10, 3.0), (30, 15, 4.0)]
    line = np.zeros(close.shape)
    for bars, window, weight in parts:
        line = line + weight * rolling.mean(rates.growth(close, bars, 100.0), window)
    return KnowSureThing(line, rolling.mean(line, signal))


@indicator(
    "Schaff trend cycle",
    group="momentum",
    levels=(25.0, 75.0),
    value_range=(0.0, 100.0),
    increasing=("fast", "slow"),
    warm_up=lambda window, fast, slow: slow + 2 * window - 3,  # noqa: ARG005
    stable_after=lambda window, fast, slow: (  # noqa: ARG005
        slow + 2 * window + settling(2 / (slow + 1), 1e-14) + 200
    ),
    source="Doug Schaff, The Schaff trend cycle (1999); factor 1/2",
)
def stc(
    close: Floats, /, *, window: AtLeastTwo = 10, fast: AtLeastTwo = 23, slow: AtLeastTwo = 50
) -> Points:
    """Schaff trend cycle, in points from 0 to 100.

    Formula (Schaff): m = EMA(fast) - EMA(slow); p = where m stands between its extremes of
    `window` bars, 0 to 100, smoothed by half of each step; the same of p. Where the extremes are
    equal, the last place is held (0 before the first). Warm-up: `slow` + 2 · `window` - 3 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter, and unless fast is less than slow.

    >>> stc(np.array([1.0, 2.0, 4.0, 7.0, 3.0]), window=2, fast=2, slow=3)
    array([nan, nan, nan, nan,  0.])
    """
    line = averages.ema(close, fast) - averages.ema(close, slow)
    for _ in range(2):
        low, high = extremes.lowest(line, window), extremes.highest(line, window)
        line = swings.settled_place(line, low, high, 0.5)
    return line


class Fisher(NamedTuple):
    """The transform and its value one bar before."""

    fisher: Figure
    signal: Figure


@indicator(
    "Fisher transform",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    stable_after=lambda window: window + 120,
    source="John Ehlers, Technical Analysis of Stocks & Commodities (November 2002)",
)
def fisher(high: Floats, low: Floats, /, *, window: AtLeastTwo = 9) -> Fisher:
    """Fisher transform of the mid-price: `fisher`, and `signal`, its value one bar before.

    Formula (Ehlers): p = the place of (high + low) / 2 between its extremes of `window` bars,
    -0.5 to 0.5; v = 0.66 · p + 0.67 · v[t-1], kept within ±0.999;
    f = ln((1 + v) / (1 - v)) / 2 + f[t-1] / 2. Where the extremes are equal p is 0.
    Warm-up: `window` - 1 NaN, one more in `signal`.
    Shape: a Bars frame gives a frame of two columns, wide frames (output, symbol) columns, arrays
    a named tuple of arrays like them; float64.
    Gaps: NaN where an input is missing, which the window passes over.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> fisher(np.array([1.0, 1.0]), np.array([1.0, 1.0]), window=2).fisher
    array([nan,  0.])
    """
    middle = (high + low) / 2.0
    low, high = extremes.lowest(middle, window), extremes.highest(middle, window)
    return Fisher(*swings.fisher(middle, low, high))


@indicator(
    "Connors RSI",
    group="momentum",
    levels=(10.0, 90.0),
    value_range=(0.0, 100.0),
    warm_up=lambda window, streak, rank: max(window, streak, rank + 1),
    stable_after=lambda **_: None,
    source="Connors and Alvarez, An Introduction to ConnorsRSI (2012)",
)
def connors_rsi(
    close: Floats,
    /,
    *,
    window: AtLeastTwo = 3,
    streak: AtLeastTwo = 2,
    rank: Annotated[int, Allowed(1, 1_000)] = 100,
) -> Points:
    """Connors RSI, in points from 0 to 100.

    Formula (Connors): the mean of the RSI of the close over `window` bars, the RSI over `streak`
    bars of the number of bars in a row that have risen (or, negative, fallen), and the share of
    the last `rank` one-bar returns that are less than this one.
    Warm-up: the greatest of `window`, `streak` and `rank` + 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which all three pass over.
    Raises InputError for a wrong input or parameter.

    >>> connors_rsi(np.array([1.0, 2.0, 1.0, 3.0]), window=2, streak=2, rank=1).round(2)
    array([  nan,   nan, 27.78, 84.92])
    """
    below = swings.share_below(rates.multiple(close, 1, 1.0), rank)
    runs = oscillators.rsi(swings.streak(close), streak)
    return (oscillators.rsi(close, window) + runs + below) / 3.0
