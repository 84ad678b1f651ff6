"""Directional movement: whether there is a trend, and which way."""

from __future__ import annotations

from typing import NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import directional
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.record import Points, Price, Window, indicator, settling

BOOK = "J. Welles Wilder, New Concepts in Technical Trading Systems (1978)"


@indicator(
    "Plus directional movement",
    group="momentum",
    warm_up=lambda window: max(window - 1, 1),
    stable_after=lambda window: window + settling(1 / window),
    source=f"TA-Lib PLUS_DM; {BOOK}",
)
def plus_dm(high: Floats, low: Floats, /, *, window: Window = 14) -> Price:
    """Plus directional movement: how far highs rose, summed, in the unit of the prices.

    Formula (TA-Lib PLUS_DM): a bar's movement is the rise of its high where that is above 0 and
    above the fall of its low, else 0. The first sum is that of `window` - 1 movements, then
    s[t] = s[t-1] - s[t-1] / window + movement[t]. Warm-up: `window` - 1 NaN, at least 1.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> plus_dm(np.array([2.0, 3.0, 5.0]), np.array([1.0, 2.0, 4.0]), window=2)
    array([nan, 1. , 2.5])
    """
    return directional.movement(high, low, window, 1)


@indicator(
    "Minus directional movement",
    group="momentum",
    warm_up=lambda window: max(window - 1, 1),
    stable_after=lambda window: window + settling(1 / window),
    source=f"TA-Lib MINUS_DM; {BOOK}",
)
def minus_dm(high: Floats, low: Floats, /, *, window: Window = 14) -> Price:
    """Minus directional movement: how far lows fell, summed, in the unit of the prices.

    Formula (TA-Lib MINUS_DM): a bar's movement is the fall of its low where that is above 0 and
    above the rise of its high, else 0; summed as by `plus_dm`.
    Warm-up: `window` - 1 NaN, at least 1.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> minus_dm(np.array([5.0, 3.0, 2.0]), np.array([4.0, 2.0, 1.0]), window=2)
    array([nan,  2.,  2.])
    """
    return directional.movement(high, low, window, 0)


@indicator(
    "Plus directional indicator",
    group="momentum",
    value_range=(0.0, 100.0),
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source=f"TA-Lib PLUS_DI; {BOOK}",
)
def plus_di(high: Floats, low: Floats, close: Floats, /, *, window: Window = 14) -> Points:
    """Plus directional indicator: the upward movement in per cent of the true range.

    Formula (TA-Lib PLUS_DI): 100 · plus_dm / the true ranges summed likewise; 0 while these are 0.
    With `window` = 1 too, where TA-Lib gives a hundredth of it. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 3.0, 5.0], [1.0, 2.0, 4.0], [1.5, 2.5, 4.5]])
    >>> plus_di(high, low, close, window=1)
    array([        nan, 66.66666667, 80.        ])
    """
    return directional.indicator(high, low, close, window, 1)


@indicator(
    "Minus directional indicator",
    group="momentum",
    value_range=(0.0, 100.0),
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source=f"TA-Lib MINUS_DI; {BOOK}",
)
def minus_di(high: Floats, low: Floats, close: Floats, /, *, window: Window = 14) -> Points:
    """Minus directional indicator: the downward movement in per cent of the true range.

    Formula (TA-Lib MINUS_DI): 100 · minus_dm / the true ranges summed likewise; 0 while these
    are 0. With `window` = 1 too, where TA-Lib gives a hundredth of it. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[5.0, 3.0, 2.0], [4.0, 2.0, 1.0], [4.5, 2.5, 1.5]])
    >>> minus_di(high, low, close, window=1)
    array([        nan, 80.        , 66.66666667])
    """
    return directional.indicator(high, low, close, window, 0)


@indicator(
    "Directional movement index",
    group="momentum",
    value_range=(0.0, 100.0),
    warm_up=lambda window: window,
    stable_after=lambda window: window + 2 * settling(1 / window),
    source=f"TA-Lib DX; {BOOK}",
)
def dx(
    high: Floats,
    low: Floats,
    close: Floats,  # noqa: ARG001
    /,
    *,
    window: AtLeastTwo = 14,
) -> Points:
    """Directional movement index: how one-sided the movement is, in points from 0 to 100.

    Formula (TA-Lib DX): 100 · |plus_di - minus_di| / (plus_di + minus_di), from which the true
    range cancels; a bar without movement keeps the value before it; 0 while there was none.
    Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 3.0], [1.0, 2.0, 1.0], [1.5, 3.0, 2.0]])
    >>> dx(high, low, close, window=2)
    array([nan, nan,  0.])
    """
    return directional.index(high, low, window)


@indicator(
    "Average directional movement index",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(25.0,),
    warm_up=lambda window: 2 * window - 1,
    stable_after=lambda window: 2 * window - 1 + 3 * settling(1 / window),
    source=f"TA-Lib ADX; {BOOK}",
)
def adx(
    high: Floats,
    low: Floats,
    close: Floats,  # noqa: ARG001
    /,
    *,
    window: AtLeastTwo = 14,
) -> Points:
    """Average directional movement index: the strength of a trend, in points from 0 to 100.

    Formula (TA-Lib ADX): Wilder's average of `dx`: the mean of the first `window` values, then
    a[t] = a[t-1] + (dx[t] - a[t-1]) / window. Warm-up: 2 · `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the average passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high = np.array([2.0, 3.0, 5.0, 6.0])
    >>> adx(high, high - 1, high - 0.5, window=2)
    array([ nan,  nan,  nan, 100.])
    """
    return directional.average_index(high, low, window)


@indicator(
    "Average directional movement index rating",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(25.0,),
    warm_up=lambda window: 3 * window - 2,
    stable_after=lambda window: 3 * window - 2 + 3 * settling(1 / window),
    source=f"TA-Lib ADXR; {BOOK}",
)
def adxr(
    high: Floats,
    low: Floats,
    close: Floats,  # noqa: ARG001
    /,
    *,
    window: AtLeastTwo = 14,
) -> Points:
    """Average directional movement index rating: a slower `adx`, in points from 0 to 100.

    Formula (TA-Lib ADXR): (adx[t] + adx[t - window + 1]) / 2. Warm-up: 3 · `window` - 2 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; averages and distances pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high = np.array([2.0, 3.0, 5.0, 6.0, 8.0])
    >>> adxr(high, high - 1, high - 0.5, window=2)
    array([ nan,  nan,  nan,  nan, 100.])
    """
    return directional.halfway(directional.average_index(high, low, window), window)


class Dmi(NamedTuple):
    """The strength of a trend, and the movements up and down."""

    adx: Points
    plus_di: Points
    minus_di: Points


@indicator(
    "Directional movement system",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(25.0,),
    warm_up=lambda window: window,
    stable_after=lambda window: 2 * window - 1 + 3 * settling(1 / window),
    source=f"TA-Lib ADX, PLUS_DI, MINUS_DI; {BOOK}",
)
def dmi(high: Floats, low: Floats, close: Floats, /, *, window: AtLeastTwo = 14) -> Dmi:
    """Directional movement system: `adx`, `plus_di`, `minus_di`, in points from 0 to 100.

    Formula (TA-Lib ADX, PLUS_DI, MINUS_DI): those of the indicators of these names, in one pass.
    Warm-up: `window` NaN in both indicators, 2 · `window` - 1 in `adx`.
    Shape: Series give a frame of three columns, wide frames (output, symbol) columns, arrays a
    named tuple of arrays; float64.
    Gaps: NaN where any input is missing; averages pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high = np.array([2.0, 3.0, 5.0, 6.0])
    >>> dmi(high, high - 1, high - 0.5, window=2).adx
    array([ nan,  nan,  nan, 100.])
    """
    return Dmi(*directional.system(high, low, close, window))
