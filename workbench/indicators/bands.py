"""Bands and channels: how far from its average the price may lie."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import channels, elementwise, ranges, rolling, spreads
from workbench.indicators.overlap import Bands
from workbench.indicators.record import (
    Allowed,
    Drawn,
    PriceBars,
    Window,
    indicator,
    settling,
)

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]
Factor = Annotated[float, Allowed(0.0, 1000.0)]
Positive = Annotated[float, Allowed(0.001, 1000.0)]
Ratio = Annotated[Floats, Drawn("ratio")]
Flag = Annotated[Floats, Drawn("0 or 1", mark="bar")]


@indicator(
    "Acceleration bands",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib ACCBANDS; Price Headley, Big Trends in Trading (2002)",
)
def accbands(high: Floats, low: Floats, close: Floats, /, *, window: AtLeastTwo = 20) -> Bands:
    """Acceleration bands: `upper`, `middle`, `lower`, in the unit of the prices.

    Formula (TA-Lib ACCBANDS): with r = 4 · (high - low) / (high + low), 0 where high + low is 0,
    the means over `window` bars of high · (1 + r), of close, and of low · (1 - r).
    Warm-up: `window` - 1 NaN. Shape: Series give a frame of three columns, wide frames (output,
    symbol) columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[3.0, 3.0], [1.0, 1.0], [2.0, 2.0]])
    >>> accbands(high, low, close, window=2).upper
    array([nan,  9.])
    """
    return Bands(*channels.acceleration(high, low, close, window))


@indicator(
    "Donchian channels",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib DONCHIAN; Richard Donchian's four-week rule",
)
def donchian(high: Floats, low: Floats, /, *, window: AtLeastTwo = 20) -> Bands:
    """Donchian channels: `upper`, `middle`, `lower`, in the unit of the prices.

    Formula (TA-Lib DONCHIAN): the greatest high and the least low of the last `window` bars, this
    bar among them, and their mean. Warm-up: `window` - 1 NaN. Shape: Series give a frame of three
    columns, wide frames (output, symbol) columns, arrays a named tuple of arrays; float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> donchian(np.array([3.0, 5.0]), np.array([1.0, 2.0]), window=2).middle
    array([nan,  3.])
    """
    return Bands(*channels.extremes(high, low, window))


@indicator(
    "Keltner channels",
    group="overlap",
    pane="price",
    warm_up=lambda window, range_window, factor: max(window - 1, range_window),  # noqa: ARG005
    stable_after=lambda window, range_window, factor: (  # noqa: ARG005
        max(window - 1, range_window) + settling(2 / (window + 1)) + settling(1 / range_window)
    ),
    source="TA-Lib KC; Chester Keltner, How to Make Money in Commodities (1960)",
)
def kc(
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: AtLeastTwo = 20,
    range_window: Window = 10,
    factor: Factor = 2.0,
) -> Bands:
    """Keltner channels: `upper`, `middle`, `lower`, in the unit of the prices.

    Formula (TA-Lib KC): the exponential average over `window` bars of (high + low + close) / 3,
    and `factor` average true ranges (Wilder's, `range_window`) above and below it. Both averages
    have their first value at the same bar. Warm-up: the greater of `window` - 1 and
    `range_window` NaN. Shape: Series give a frame of three columns, wide frames (output, symbol)
    columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; the averages pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[3.0, 6.0], [1.0, 2.0], [2.0, 4.0]])
    >>> kc(high, low, close, window=2, range_window=1, factor=1.0).upper
    array([nan,  7.])
    """
    return Bands(*channels.keltner(high, low, close, window, range_window, factor))


@indicator(
    "Stoller average range channels",
    group="overlap",
    pane="price",
    warm_up=lambda window, range_window, factor: max(window - 1, range_window),  # noqa: ARG005
    stable_after=lambda window, range_window, factor: (  # noqa: ARG005
        max(window - 1, range_window) + settling(1 / range_window)
    ),
    source="Manning Stoller; Steven Achelis, Technical Analysis from A to Z (2000)",
)
def starc(
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: Window = 6,
    range_window: Window = 15,
    factor: Factor = 2.0,
) -> Bands:
    """Stoller's bands: `upper`, `middle`, `lower`, in the unit of the prices.

    Formula (Stoller): the simple average of `window` closes, and `factor` average true ranges
    (Wilder's, `range_window`) above and below it. Warm-up: the greater of `window` - 1 and
    `range_window` NaN in the outer bands, `window` - 1 in the middle. Shape: Series give a frame
    of three columns, wide frames (output, symbol) columns, arrays a named tuple; float64.
    Gaps: NaN where any input is missing; the averages pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[3.0, 6.0], [1.0, 2.0], [2.0, 4.0]])
    >>> starc(high, low, close, window=2, range_window=1, factor=1.0).lower
    array([nan, -1.])
    """
    spread = factor * ranges.atr(high, low, close, range_window)
    middle = rolling.mean(close, window) + 0.0 * spread
    return Bands(middle + spread, middle, middle - spread)


@indicator(
    "Moving average envelope",
    group="overlap",
    pane="price",
    warm_up=lambda window, percent: window - 1,  # noqa: ARG005
    source="Steven Achelis, Technical Analysis from A to Z (2000)",
)
def envelope(
    close: Floats, /, *, window: Window = 20, percent: Annotated[float, Allowed(0.0, 100.0)] = 2.5
) -> Bands:
    """Moving average envelope: `upper`, `middle`, `lower`, in the unit of `close`.

    Formula (Achelis): the simple average of `window` values, and `percent` per cent of it above
    and below. Warm-up: `window` - 1 NaN. Shape: a Series gives a frame of three columns, a wide
    frame (output, symbol) columns, an array a named tuple of arrays like it; float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> envelope(np.array([100.0, 300.0]), window=2, percent=10.0).upper
    array([ nan, 220.])
    """
    middle = rolling.mean(close, window)
    width = middle * (percent / 100.0)
    return Bands(middle + width, middle, middle - width)


@indicator(
    "Bollinger %b",
    group="volatility",
    levels=(0.0, 1.0),
    warm_up=lambda window, deviations: window - 1,  # noqa: ARG005
    source="John Bollinger, Bollinger on Bollinger Bands (2001)",
)
def percent_b(close: Floats, /, *, window: AtLeastTwo = 20, deviations: Positive = 2.0) -> Ratio:
    """Where the price lies between its Bollinger bands: 0 at the lower, 1 at the upper one.

    Formula (Bollinger): (close - lower) / (upper - lower), with the bands of `bbands`; 0.5, the
    middle, where they coincide. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> percent_b(np.array([1.0, 3.0]), window=2, deviations=1.0)
    array([nan,  1.])
    """
    mean, deviation = channels.moments(close, window)
    return 0.5 + 0.5 / deviations * elementwise.ratio(close - mean, deviation)


@indicator(
    "Bollinger bandwidth",
    group="volatility",
    warm_up=lambda window, deviations: window - 1,  # noqa: ARG005
    source="John Bollinger, Bollinger on Bollinger Bands (2001)",
)
def bandwidth(close: Floats, /, *, window: AtLeastTwo = 20, deviations: Positive = 2.0) -> Ratio:
    """How far apart the Bollinger bands are, as a part of the middle one.

    Formula (Bollinger): (upper - lower) / middle, with the bands of `bbands`; 0 where the middle
    is 0. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> bandwidth(np.array([1.0, 3.0]), window=2, deviations=1.0)
    array([nan,  1.])
    """
    mean, deviation = channels.moments(close, window)
    return 2.0 * deviations * elementwise.ratio(deviation, mean)


class Squeeze(NamedTuple):
    """1 while the bands are squeezed, else 0; and where the price leans."""

    squeeze: Flag
    momentum: PriceBars


@indicator(
    "Volatility squeeze",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window, deviations, factor: window,  # noqa: ARG005
    stable_after=lambda window, deviations, factor: 2 * window - 2,  # noqa: ARG005
    source="John Carter, Mastering the Trade (2005), TTM squeeze",
)
def squeeze(
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: AtLeastTwo = 20,
    deviations: Positive = 2.0,
    factor: Positive = 1.5,
) -> Squeeze:
    """Squeeze: `squeeze`, 1 or 0, and `momentum`, in the unit of the prices.

    Formula (Carter): 1 where `deviations` population standard deviations of the last `window`
    closes are less than `factor` means of their true ranges (the Bollinger bands lie within the
    Keltner channel), else 0. Momentum is the last point of the straight line through the last
    `window` distances of the close from the mean of its simple average and the middle of the
    Donchian channel. Warm-up: `window` NaN in `squeeze`, 2 · `window` - 2 in `momentum`.
    Shape: Series give a frame of two columns, wide frames (output, symbol) columns, arrays a
    named tuple of arrays; float64. Gaps: NaN where any input is missing, which windows pass over.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> high, low, close = np.array([[3.0, 4.0, 5.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])
    >>> squeeze(high, low, close, window=2).squeeze
    array([nan, nan,  1.])
    """
    mean, deviation = channels.moments(close, window)
    spread = factor * rolling.mean(spreads.true_ranges(high, low, close), window)
    middle = channels.extremes(high, low, window)[1]
    leaning = channels.fitted(close - 0.5 * (middle + mean), window)
    within = np.where(deviations * deviation < spread, 1.0, 0.0)
    return Squeeze(within + 0.0 * spread, leaning)
