"""The straight line through the last bars, and what is read off it."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import elementwise, moments, regression
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.rates import Percent
from workbench.indicators.record import Allowed, Drawn, Price, indicator

AtLeastThree = Annotated[int, Allowed(3, 100_000)]
PriceABar = Annotated[Floats, Drawn("price a bar")]
Degrees = Annotated[Floats, Drawn("degrees, -90 to 90")]
Share = Annotated[Floats, Drawn("ratio, 0 to 1")]


@indicator(
    "Linear regression",
    group="statistics",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib LINEARREG",
)
def linearreg(close: Floats, /, *, window: AtLeastTwo = 14) -> Price:
    """The end of the straight line through the last `window` values, in the unit of `close`.

    Formula (TA-Lib LINEARREG): intercept + slope · (`window` - 1) of the line by least squares.
    Also known as lsma. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> linearreg(np.array([1.0, 2.0, 6.0]), window=3)
    array([nan, nan, 5.5])
    """
    end: Floats = regression.line(close, window, window - 1.0)
    return end


@indicator(
    "Linear regression intercept",
    group="statistics",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib LINEARREG_INTERCEPT",
)
def linearreg_intercept(close: Floats, /, *, window: AtLeastTwo = 14) -> Price:
    """The start of the straight line through the last `window` values, in the unit of `close`.

    Formula (TA-Lib LINEARREG_INTERCEPT): the line by least squares at the oldest of its bars.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> linearreg_intercept(np.array([1.0, 2.0, 6.0]), window=3)
    array([nan, nan, 0.5])
    """
    start: Floats = regression.line(close, window, 0.0)
    return start


@indicator(
    "Linear regression slope",
    group="statistics",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="TA-Lib LINEARREG_SLOPE",
)
def linearreg_slope(close: Floats, /, *, window: AtLeastTwo = 14) -> PriceABar:
    """The slope of the straight line through the last `window` values, in units of `close` a bar.

    Formula (TA-Lib LINEARREG_SLOPE): that of the line by least squares.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> linearreg_slope(np.array([1.0, 2.0, 6.0]), window=3)
    array([nan, nan, 2.5])
    """
    slope: Floats = regression.slope(close, window)
    return slope


@indicator(
    "Linear regression angle",
    group="statistics",
    value_range=(-90.0, 90.0),
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="TA-Lib LINEARREG_ANGLE",
)
def linearreg_angle(close: Floats, /, *, window: AtLeastTwo = 14) -> Degrees:
    """The angle of the straight line through the last `window` values, in degrees.

    Formula (TA-Lib LINEARREG_ANGLE): the arc tangent of `linearreg_slope`; so it depends on the
    unit of the price. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> linearreg_angle(np.array([1.0, 2.0, 3.0]), window=3)
    array([nan, nan, 45.])
    """
    angle: Floats = regression.inclination(regression.slope(close, window))
    return angle


@indicator(
    "Time series forecast",
    group="statistics",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib TSF",
)
def tsf(close: Floats, /, *, window: AtLeastTwo = 14) -> Price:
    """The straight line through the last `window` values, one bar on, in the unit of `close`.

    Formula (TA-Lib TSF): intercept + slope · `window` of the line by least squares; made of
    these bars alone, it stands at the last of them. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> tsf(np.array([1.0, 2.0, 6.0]), window=3)
    array([nan, nan,  8.])
    """
    forecast: Floats = regression.line(close, window, 1.0 * window)
    return forecast


@indicator(
    "Forecast oscillator",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="TA-Lib FOSC; Tushar Chande and Stanley Kroll, The New Technical Trader (1994)",
)
def fosc(close: Floats, /, *, window: AtLeastTwo = 5) -> Percent:
    """How far the price is above what the line of the bars before forecast, in per cent.

    Formula (TA-Lib FOSC): 100 · (close - tsf[t - 1]) / close; 0 where the close is 0.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> fosc(np.array([1.0, 2.0, 4.0]), window=2)
    array([nan, nan, 25.])
    """
    missed: Floats = regression.miss(close, regression.line(close, window, 1.0 * window))
    return missed


@indicator(
    "Coefficient of determination",
    group="statistics",
    value_range=(0.0, 1.0),
    warm_up=lambda window: window - 1,
    source="Norman Draper and Harry Smith, Applied Regression Analysis (1998)",
)
def r_squared(close: Floats, /, *, window: AtLeastTwo = 14) -> Share:
    """How straight the way of the price over `window` bars was: from 0 to 1, a straight line.

    Formula: the squared correlation of the price with time, which is the part of its variance
    that `linearreg` explains; 0 where the price stands still. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> r_squared(np.array([1.0, 2.0, 1.0, 0.0]), window=3)
    array([nan, nan,  0.,  1.])
    """
    slope, variance = regression.slope(close, window), moments.variance(close, window)
    explained = slope * slope * ((window * window - 1) / 12)
    share: Floats = np.minimum(elementwise.ratio(explained, variance), 1.0)
    return share


@indicator(
    "Standard error of the regression",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="Norman Draper and Harry Smith, Applied Regression Analysis (1998)",
)
def standard_error(close: Floats, /, *, window: AtLeastThree = 14) -> Price:
    """How far the price lies off the straight line through `window` bars, in the unit of `close`.

    Formula: the root of the sum of the squared distances from the line by least squares, by
    `window` - 2. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> standard_error(np.array([1.0, 2.0, 3.0, 1.0]), window=3).round(3)
    array([  nan,   nan, 0.   , 1.225])
    """
    error: Floats = regression.residual(close, window)
    return error
