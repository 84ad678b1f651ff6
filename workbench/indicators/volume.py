"""Volume: whether it is bought or sold, and how much there is of it."""

from __future__ import annotations

from typing import Annotated

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import averages, elementwise, flow, rolling
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.record import Drawn, Window, indicator, settling

Shares = Annotated[Floats, Drawn("volume")]
SharesBars = Annotated[Floats, Drawn("volume", mark="bar")]
Index = Annotated[Floats, Drawn("index, 1000 at first")]
Ratio = Annotated[Floats, Drawn("ratio")]
SignedRatio = Annotated[Floats, Drawn("ratio, -1 to 1")]
Force = Annotated[Floats, Drawn("price × volume")]
Percent = Annotated[Floats, Drawn("per cent")]
PercentBars = Annotated[Floats, Drawn("per cent", mark="bar")]
Ease = Annotated[Floats, Drawn("price² / volume unit")]


@indicator(
    "On-balance volume",
    group="volume",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="TA-Lib OBV; Joseph Granville",
)
def obv(close: Floats, volume: Floats, /) -> Shares:
    """On-balance volume: volume bought less volume sold, in the unit of `volume`.

    Formula (TA-Lib OBV): the sum of the volumes, + where the close rises, - where it falls, 0 where
    it stays; the first volume counts as bought.
    Warm-up: none, no NaN.
    Shape: that of `close` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> obv(np.array([2.0, 3.0, 1.0]), np.array([5.0, 1.0, 2.0]))
    array([5., 6., 4.])
    """
    return flow.balance(close, volume)


@indicator(
    "Accumulation and distribution",
    group="volume",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="TA-Lib AD; Marc Chaikin",
)
def ad(high: Floats, low: Floats, close: Floats, volume: Floats, /) -> Shares:
    """Accumulation and distribution line, in the unit of `volume`.

    Formula (TA-Lib AD): the sum of volume · ((close - low) - (high - close)) / (high - low) so far;
    a bar without a range counts 0.
    Warm-up: none, no NaN.
    Shape: that of `high` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> ad(*np.array([[3.0, 3.0], [1.0, 1.0], [3.0, 1.5], [4.0, 2.0]]))
    array([4., 3.])
    """
    return flow.running(_money_flow(high, low, close, volume))


def _money_flow(high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """The volume, from minus all of it at the low to all of it at the high."""
    return elementwise.ratio((close - low) - (high - close), high - low) * volume


@indicator(
    "Chaikin oscillator",
    group="volume",
    levels=(0.0,),
    warm_up=lambda fast, slow: max(fast, slow) - 1,
    stable_after=lambda **_: None,
    source="TA-Lib ADOSC; Marc Chaikin",
)
def adosc(
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    /,
    *,
    fast: Window = 3,
    slow: Window = 10,
) -> Shares:
    """Chaikin oscillator: `fast` less `slow` average of the line `ad`, in the unit of `volume`.

    Formula (TA-Lib ADOSC): EMA(ad, fast) - EMA(ad, slow), both begun at the first value.
    Warm-up: the longer window - 1 NaN.
    Shape: that of `high` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> adosc(*np.array([[3.0, 3.0], [1.0, 1.0], [3.0, 1.5], [4.0, 2.0]]), fast=1, slow=2).round(4)
    array([    nan, -0.3333])
    """
    line = flow.running(_money_flow(high, low, close, volume))
    return flow.oscillation(line, fast, slow)


@indicator(
    "Chaikin money flow",
    group="volume",
    value_range=(-1.0, 1.0),
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="TA-Lib CMF; Marc Chaikin",
)
def cmf(
    high: Floats, low: Floats, close: Floats, volume: Floats, /, *, window: AtLeastTwo = 20
) -> SignedRatio:
    """Chaikin money flow over `window` bars, from -1 (all sold) to 1 (all bought).

    Formula (TA-Lib CMF): sum of volume · ((close - low) - (high - close)) / (high - low) by the sum
    of the volume; 0 where there is none.
    Warm-up: `window` - 1 NaN.
    Shape: that of `high` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> cmf(*np.array([[3.0, 3.0], [1.0, 1.0], [3.0, 1.5], [4.0, 2.0]]), window=2)
    array([nan, 0.5])
    """
    flowing = rolling.mean(_money_flow(high, low, close, volume), window)
    return elementwise.ratio(flowing, rolling.mean(volume, window))


@indicator(
    "Elder's force index",
    group="volume",
    levels=(0.0,),
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(2.0 / (window + 1.0)),
    source="TA-Lib EFI; Alexander Elder, Trading for a Living (1993)",
)
def efi(close: Floats, volume: Floats, /, *, window: Window = 13) -> Force:
    """Elder's force index over `window` bars, in the unit of the price times that of the volume.

    Formula (TA-Lib EFI): EMA(volume · (close - close before), window).
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> efi(np.array([2.0, 3.0, 1.0]), np.array([5.0, 1.0, 2.0]), window=1)
    array([nan,  1., -4.])
    """
    return averages.ema(elementwise.change(close, 1) * volume, window)


@indicator(
    "Negative volume index",
    group="volume",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="TA-Lib NVI; Paul Dysart; Norman Fosback, Stock Market Logic (1976)",
)
def nvi(close: Floats, volume: Floats, /) -> Index:
    """Negative volume index: follows the price on bars whose volume falls; an index.

    Formula (TA-Lib NVI): 1000 at first; then, where the volume falls,
    index + index · (close / close before - 1).
    Warm-up: none, no NaN.
    Shape: that of `close` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> nvi(np.array([2.0, 3.0, 3.0]), np.array([5.0, 1.0, 2.0]))
    array([1000., 1500., 1500.])
    """
    return flow.index(close, volume, -1.0)


@indicator(
    "Positive volume index",
    group="volume",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="TA-Lib PVI; Paul Dysart; Norman Fosback, Stock Market Logic (1976)",
)
def pvi(close: Floats, volume: Floats, /) -> Index:
    """Positive volume index: follows the price on bars whose volume rises; an index.

    Formula (TA-Lib PVI): 1000 at first; then, where the volume rises,
    index + index · (close / close before - 1).
    Warm-up: none, no NaN.
    Shape: that of `close` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> pvi(np.array([2.0, 3.0, 2.25]), np.array([5.0, 1.0, 2.0]))
    array([1000., 1000.,  750.])
    """
    return flow.index(close, volume, 1.0)


@indicator(
    "Price and volume trend",
    group="volume",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="TA-Lib PVT",
)
def pvt(close: Floats, volume: Floats, /) -> Shares:
    """Price and volume trend, in the unit of `volume`.

    Formula (TA-Lib PVT): the sum of volume · (close / close before - 1) so far; 0 at first.
    Warm-up: none, no NaN.
    Shape: that of `close` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> pvt(np.array([2.0, 3.0, 1.5]), np.array([5.0, 1.0, 2.0]))
    array([ 0. ,  0.5, -0.5])
    """
    return flow.trend(close, volume)


@indicator(
    "Relative volume",
    group="volume",
    levels=(1.0,),
    warm_up=lambda window: window,
    source="TA-Lib RVOL",
)
def rvol(volume: Floats, /, *, window: Window = 20) -> Ratio:
    """Relative volume: the volume as a multiple of the mean of the `window` bars before.

    Formula (TA-Lib RVOL): volume[t] / SMA(volume, window)[t - 1]; 0 where that is 0.
    Warm-up: `window` NaN.
    Shape: that of `volume` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> rvol(np.array([2.0, 4.0, 6.0]), window=2)
    array([nan, nan,  2.])
    """
    return elementwise.ratio(volume, elementwise.shifted(rolling.mean(volume, window), 1))
