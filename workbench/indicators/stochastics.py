"""Oscillators between bounds: where the price stands among its last bars."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import oscillators, rates, windowed
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.rates import SignedPoints
from workbench.indicators.record import Drawn, Points, Window, indicator, settling

Balance = Annotated[Floats, Drawn("ratio, -1 to 1")]
BelowTop = Annotated[Floats, Drawn("points, -100 to 0")]
Deviations = Annotated[Floats, Drawn("mean deviations / 0.015")]


class Stoch(NamedTuple):
    """The smoothed stochastic and its average."""

    slowk: Points
    slowd: Points


class Stochf(NamedTuple):
    """The stochastic and its average."""

    fastk: Points
    fastd: Points


@indicator(
    "Stochastic",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(20.0, 80.0),
    warm_up=lambda window, smoothing, signal: window + smoothing + signal - 3,
    source="TA-Lib STOCH; George Lane",
)
def stoch(
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: Window = 5,
    smoothing: Window = 3,
    signal: Window = 3,
) -> Stoch:
    """Stochastic: `slowk` and `slowd`, in points from 0 to 100.

    Formula (TA-Lib STOCH with simple averages, its default): slowk = SMA(k, smoothing),
    slowd = SMA(slowk, signal), where k = 100 · (close - lowest low) / (highest high - lowest low)
    of `window` bars, 0 where these are equal.
    Warm-up: `window` + `smoothing` + `signal` - 3 NaN in both. Shape: Series give a frame of two
    columns, wide frames (output, symbol) columns, arrays a named tuple of arrays; float64.
    Gaps: NaN where any input is missing; the windows pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> stoch(high, low, close, window=2, smoothing=1, signal=2).slowk
    array([        nan,         nan, 83.33333333])
    """
    return Stoch(*windowed.slow_stochastic(high, low, close, window, smoothing, signal))


@indicator(
    "Fast stochastic",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(20.0, 80.0),
    warm_up=lambda window, signal: window + signal - 2,
    source="TA-Lib STOCHF; George Lane",
)
def stochf(
    high: Floats, low: Floats, close: Floats, /, *, window: Window = 5, signal: Window = 3
) -> Stochf:
    """Fast stochastic: `fastk` and `fastd`, in points from 0 to 100.

    Formula (TA-Lib STOCHF with a simple average, its default): fastd = SMA(fastk, signal), where
    fastk = 100 · (close - lowest low) / (highest high - lowest low) of `window` bars, 0 where
    these are equal. Warm-up: `window` + `signal` - 2 NaN in both. Shape: Series give a frame of
    two columns, wide frames (output, symbol) columns, arrays a named tuple of arrays; float64.
    Gaps: NaN where any input is missing; the windows pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> stochf(high, low, close, window=2, signal=1).fastk
    array([        nan, 66.66666667, 83.33333333])
    """
    return Stochf(*windowed.stochastic(high, low, close, window, signal))


@indicator(
    "Stochastic of the relative strength index",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(20.0, 80.0),
    warm_up=lambda window, range_window, signal: window + range_window + signal - 2,
    stable_after=lambda window, range_window, signal: (
        window + range_window + signal - 2 + 2 * settling(1 / window)
    ),
    source="TA-Lib STOCHRSI; Tushar Chande, Stanley Kroll, The New Technical Trader (1994)",
)
def stochrsi(
    close: Floats,
    /,
    *,
    window: AtLeastTwo = 14,
    range_window: Window = 5,
    signal: Window = 3,
) -> Stochf:
    """Where the relative strength index stands in its range: `fastk`, `fastd`, 0 to 100 points.

    Formula (TA-Lib STOCHRSI): `stochf` of `range_window` bars, and its average of `signal` bars,
    over rsi(close, window) in place of high, low and close.
    Warm-up: `window` + `range_window` + `signal` - 2 NaN in both. Shape: a Series gives a frame
    of two columns, a wide frame (output, symbol) columns, an array a named tuple of arrays.
    Gaps: NaN on a missing bar, which averages and windows pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> stochrsi(np.array([1.0, 2.0, 1.0, 2.0, 1.0]), window=2, range_window=2, signal=1).fastk
    array([ nan,  nan,  nan, 100.,   0.])
    """
    strength = oscillators.rsi(close, window)
    return Stochf(*windowed.stochastic(strength, strength, strength, range_window, signal))


@indicator(
    "Williams' %R",
    group="momentum",
    value_range=(-100.0, 0.0),
    levels=(-80.0, -20.0),
    warm_up=lambda window: window - 1,
    source="TA-Lib WILLR; Larry Williams",
)
def willr(high: Floats, low: Floats, close: Floats, /, *, window: AtLeastTwo = 14) -> BelowTop:
    """Williams' %R: how far the close is below the highest high, in points from -100 to 0.

    Formula (TA-Lib WILLR): -100 · (highest high - close) / (highest high - lowest low) of `window`
    bars; 0 where these are equal. Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.25]])
    >>> willr(high, low, close, window=2)
    array([         nan, -33.33333333, -25.        ])
    """
    return windowed.below_highest(high, low, close, window)


class Aroon(NamedTuple):
    """How recent the lowest low and the highest high are."""

    down: Points
    up: Points


@indicator(
    "Aroon",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(30.0, 70.0),
    warm_up=lambda window: window,
    source="TA-Lib AROON; Tushar Chande, Technical Analysis of Stocks & Commodities 13:9 (1995)",
)
def aroon(high: Floats, low: Floats, /, *, window: AtLeastTwo = 14) -> Aroon:
    """Aroon: how recent the extremes are, `down` and `up`, in points: 100 now, 0 `window` ago.

    Formula (TA-Lib AROON): 100 · (window - bars since the lowest low, or the highest high, of
    `window` + 1 bars) / window; of equal ones the last counts.
    Warm-up: `window` NaN in both. Shape: Series give a frame of two columns, wide frames
    (output, symbol) columns, arrays a named tuple of arrays; float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> aroon(np.array([2.0, 4.0, 3.0]), np.array([1.0, 2.0, 2.0]), window=2).up
    array([nan, nan, 50.])
    """
    return Aroon(*windowed.aroon(high, low, window))


@indicator(
    "Aroon oscillator",
    group="momentum",
    value_range=(-100.0, 100.0),
    levels=(0.0,),
    warm_up=lambda window: window,
    source="TA-Lib AROONOSC; Tushar Chande",
)
def aroonosc(high: Floats, low: Floats, /, *, window: AtLeastTwo = 14) -> SignedPoints:
    """Aroon oscillator, in points from -100 to 100.

    Formula (TA-Lib AROONOSC): up - down of `aroon`. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> aroonosc(np.array([2.0, 4.0, 3.0]), np.array([1.0, 2.0, 2.0]), window=2)
    array([nan, nan, 50.])
    """
    down, up = windowed.aroon(high, low, window)
    return up - down


@indicator(
    "Commodity channel index",
    group="momentum",
    levels=(-100.0, 100.0),
    warm_up=lambda window: window - 1,
    source="TA-Lib CCI; Donald Lambert, Commodities 9:10 (1980)",
)
def cci(high: Floats, low: Floats, close: Floats, /, *, window: AtLeastTwo = 14) -> Deviations:
    """Commodity channel index: the distance from the mean; 100 is 1.5 mean deviations.

    Formula (TA-Lib CCI): (p - m) / (0.015 · d), where p = (high + low + close) / 3, m is its mean
    over `window` bars and d the mean of |p - m| over these; 0 where d is no more than rounding,
    1e-14 of m. Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> price = np.array([1.0, 2.0, 3.0])
    >>> cci(price, price, price, window=3)
    array([ nan,  nan, 100.])
    """
    return windowed.channel_index(high, low, close, window)


@indicator(
    "Money flow index",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(20.0, 80.0),
    warm_up=lambda window: window,
    source="TA-Lib MFI; Gene Quong, Avrum Soudack, Stocks & Commodities 7:3 (1989)",
)
def mfi(
    high: Floats, low: Floats, close: Floats, volume: Floats, /, *, window: AtLeastTwo = 14
) -> Points:
    """Money flow index: the money that came with rises, in per cent of all that moved.

    Formula (TA-Lib MFI): 100 · up / (up + down), sums over `window` bars of p · volume where
    p = (high + low + close) / 3 rose or fell by more than rounding, 1e-14 of both prices; 0 where
    nothing moved. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> price = np.array([1.0, 3.0, 1.0])
    >>> mfi(price, price, price, np.full(3, 100.0), window=2)
    array([nan, nan, 75.])
    """
    return windowed.money_flow(high, low, close, volume, window)


@indicator(
    "Intraday momentum index",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(30.0, 70.0),
    warm_up=lambda window: window - 1,
    source="TA-Lib IMI; Tushar Chande, Stanley Kroll, The New Technical Trader (1994)",
)
def imi(open: Floats, close: Floats, /, *, window: AtLeastTwo = 14) -> Points:
    """Intraday momentum index: the rises within bars in per cent of all moves within bars.

    Formula (TA-Lib IMI): 100 · up / (up + down), sums over `window` bars of close - open where it
    is above 0, and below; 50 where no bar moved. Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> imi(np.array([1.0, 4.0]), np.array([4.0, 3.0]), window=2)
    array([nan, 75.])
    """
    return windowed.intraday(open, close, window)


@indicator(
    "Balance of power",
    group="momentum",
    value_range=(-1.0, 1.0),
    levels=(0.0,),
    warm_up=lambda: 0,
    source="TA-Lib BOP; Igor Livshin, Stocks & Commodities 19:8 (2001)",
)
def bop(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Balance:
    """Balance of power: the way from open to close as a part of the bar's range, -1 to 1.

    Formula (TA-Lib BOP): (close - open) / (high - low); 0 where high is not above low.
    Warm-up: none.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> bop(np.array([1.0]), np.array([3.0]), np.array([1.0]), np.array([2.0]))
    array([0.5])
    """
    return rates.balance(open, high, low, close)


@indicator(
    "Ultimate oscillator",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(30.0, 70.0),
    increasing=("short", "medium", "long"),
    warm_up=lambda short, medium, long: long,  # noqa: ARG005
    source="TA-Lib ULTOSC; Larry Williams, Stocks & Commodities 3:4 (1985)",
)
def ultosc(
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    short: Window = 7,
    medium: Window = 14,
    long: Window = 28,
) -> Points:
    """Ultimate oscillator: the buying pressure over three windows, in points from 0 to 100.

    Formula (TA-Lib ULTOSC): 100 · (4 a + 2 b + c) / 7; a, b and c are, over `short`, `medium` and
    `long` bars, the sum of close - min(low, close before) divided by that of the true range, 0
    where this is 0. Warm-up: `long` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the windows pass over such bars.
    Raises InputError for a wrong or misaligned input, a wrong parameter or windows out of order.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0] * 4, [1.0] * 4, [1.5] * 4])
    >>> ultosc(high, low, close, short=1, medium=2, long=3)
    array([nan, nan, nan, 50.])
    """
    return windowed.ultimate(high, low, close, short, medium, long)
