"""Rates of change, of the price and of its averages."""

from __future__ import annotations

from typing import Annotated

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import elementwise, rates, windowed
from workbench.indicators.momentum import AtLeastTwo, Macd
from workbench.indicators.record import Drawn, Price, Window, indicator, settling

Percent = Annotated[Floats, Drawn("per cent")]
Ratio = Annotated[Floats, Drawn("ratio")]
SignedPoints = Annotated[Floats, Drawn("points, -100 to 100")]


@indicator(
    "Momentum",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="TA-Lib MOM",
)
def mom(close: Floats, /, *, window: Window = 10) -> Price:
    """Momentum: the change over `window` bars, in the unit of `close`.

    Formula (TA-Lib MOM): x[t] - x[t - window]. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the distance passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> mom(np.array([1.0, 2.0, 4.0]), window=2)
    array([nan, nan,  3.])
    """
    return elementwise.change(close, window)


@indicator(
    "Rate of change",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="TA-Lib ROC",
)
def roc(close: Floats, /, *, window: Window = 10) -> Percent:
    """Rate of change over `window` bars, in per cent.

    Formula (TA-Lib ROC): 100 · (x[t] / x[t - window] - 1); 0 where x[t - window] is 0.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the distance passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> roc(np.array([1.0, 2.0, 4.0]), window=2)
    array([ nan,  nan, 300.])
    """
    return rates.growth(close, window, 100.0)


@indicator(
    "Rate of change as a part",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="TA-Lib ROCP",
)
def rocp(close: Floats, /, *, window: Window = 10) -> Ratio:
    """Rate of change over `window` bars, as a part of the value before: 0.01 is one per cent.

    Formula (TA-Lib ROCP): (x[t] - x[t - window]) / x[t - window]; 0 where x[t - window] is 0.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the distance passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> rocp(np.array([1.0, 2.0, 4.0]), window=2)
    array([nan, nan,  3.])
    """
    return rates.growth(close, window, 1.0)


@indicator(
    "Rate of change as a ratio",
    group="momentum",
    levels=(1.0,),
    warm_up=lambda window: window,
    source="TA-Lib ROCR",
)
def rocr(close: Floats, /, *, window: Window = 10) -> Ratio:
    """The value as a multiple of that `window` bars before.

    Formula (TA-Lib ROCR): x[t] / x[t - window]; 0 where x[t - window] is 0.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the distance passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> rocr(np.array([1.0, 2.0, 4.0]), window=2)
    array([nan, nan,  4.])
    """
    return rates.multiple(close, window, 1.0)


@indicator(
    "Rate of change as a ratio, in per cent",
    group="momentum",
    levels=(100.0,),
    warm_up=lambda window: window,
    source="TA-Lib ROCR100",
)
def rocr100(close: Floats, /, *, window: Window = 10) -> Percent:
    """The value in per cent of that `window` bars before.

    Formula (TA-Lib ROCR100): 100 · x[t] / x[t - window]; 0 where x[t - window] is 0.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the distance passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> rocr100(np.array([1.0, 2.0, 4.0]), window=2)
    array([ nan,  nan, 400.])
    """
    return rates.multiple(close, window, 100.0)


@indicator(
    "Chande momentum oscillator",
    group="momentum",
    value_range=(-100.0, 100.0),
    levels=(-50.0, 50.0),
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source="TA-Lib CMO; Tushar Chande, Stanley Kroll, The New Technical Trader (1994)",
)
def cmo(close: Floats, /, *, window: AtLeastTwo = 14) -> SignedPoints:
    """Chande momentum oscillator, in points from -100 to 100.

    Formula (TA-Lib CMO): 100 · (gain - loss) / (gain + loss), both Wilder's averages of the rises
    and the falls as in `rsi`; the book has plain sums. A bar without a change keeps the value
    before it; 0 while the column has never moved. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> cmo(np.array([1.0, 2.0, 1.0, 2.0]), window=2)
    array([nan, nan,  0., 50.])
    """
    return rates.net_share(close, window)


@indicator(
    "Triple exponential average oscillator",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda window: 3 * window - 2,
    stable_after=lambda window: 3 * window - 2 + 3 * settling(2 / (window + 1)),
    source="TA-Lib TRIX; Jack Hutson, Technical Analysis of Stocks & Commodities 1:5 (1983)",
)
def trix(close: Floats, /, *, window: Window = 30) -> Percent:
    """The change of a threefold exponential average from bar to bar, in per cent.

    Formula (TA-Lib TRIX): e = EMA(EMA(EMA(x))), each of `window` bars; 100 · (e[t] / e[t-1] - 1),
    0 where e[t-1] is 0. Warm-up: 3 · `window` - 2 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> trix(np.array([1.0, 2.0, 4.0]), window=1)
    array([ nan, 100., 100.])
    """
    return rates.triple_growth(close, window)


@indicator(
    "Absolute price oscillator",
    group="momentum",
    levels=(0.0,),
    increasing=("fast", "slow"),
    warm_up=lambda fast, slow: slow - 1,  # noqa: ARG005
    stable_after=lambda fast, slow: slow - 1 + settling(2 / (slow + 1)),  # noqa: ARG005
    source="TA-Lib APO",
)
def apo(close: Floats, /, *, fast: AtLeastTwo = 12, slow: AtLeastTwo = 26) -> Price:
    """Absolute price oscillator: a quick average less a slow one, in the unit of `close`.

    Formula (TA-Lib APO with exponential averages, its default): EMA(fast) - EMA(slow), which start
    as plain means of the first `fast` and `slow` values.
    Warm-up: `slow` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter, and where fast is not less than slow.

    >>> import numpy as np
    >>> apo(np.array([1.0, 2.0, 3.0, 4.0]), fast=2, slow=3)
    array([nan, nan, 0.5, 0.5])
    """
    return rates.spread(close, fast, slow, 0)


@indicator(
    "Percentage price oscillator",
    group="momentum",
    levels=(0.0,),
    increasing=("fast", "slow"),
    warm_up=lambda fast, slow: slow - 1,  # noqa: ARG005
    stable_after=lambda fast, slow: slow - 1 + settling(2 / (slow + 1)),  # noqa: ARG005
    source="TA-Lib PPO",
)
def ppo(close: Floats, /, *, fast: AtLeastTwo = 12, slow: AtLeastTwo = 26) -> Percent:
    """Percentage price oscillator: a quick average less a slow one, in per cent of the slow one.

    Formula (TA-Lib PPO with exponential averages, its default): 100 · (EMA(fast) - EMA(slow)) /
    EMA(slow), averages as in `apo`; 0 where EMA(slow) is 0. Warm-up: `slow` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter, and where fast is not less than slow.

    >>> import numpy as np
    >>> ppo(np.array([1.0, 2.0, 3.0, 4.0]), fast=2, slow=3)
    array([        nan,         nan, 25.        , 16.66666667])
    """
    return rates.spread(close, fast, slow, 1)


@indicator(
    "Moving average convergence divergence, plain averages",
    group="momentum",
    levels=(0.0,),
    increasing=("fast", "slow"),
    warm_up=lambda fast, slow, signal: slow + signal - 2,  # noqa: ARG005
    source="TA-Lib MACDEXT",
)
def macdext(
    close: Floats,
    /,
    *,
    fast: AtLeastTwo = 12,
    slow: AtLeastTwo = 26,
    signal: Window = 9,
) -> Macd:
    """Moving average convergence divergence of plain averages, in units of `close`.

    Formula (TA-Lib MACDEXT with simple averages, its default; `macd` has exponential ones):
    macd = SMA(fast) - SMA(slow), signal = SMA(macd, signal), histogram = macd - signal.
    Warm-up: `slow` + `signal` - 2 NaN in all three. Shape: a Series gives a frame of three
    columns, a wide frame (output, symbol) columns, an array a named tuple of arrays; float64.
    Gaps: NaN on a missing bar, which the windows pass over.
    Raises InputError for a wrong input or parameter, and where fast is not less than slow.

    >>> import numpy as np
    >>> macdext(np.array([1.0, 2.0, 3.0, 5.0]), fast=2, slow=3, signal=2).histogram
    array([       nan,        nan,        nan, 0.08333333])
    """
    return Macd(*windowed.plain_macd(close, fast, slow, signal))


@indicator(
    "Moving average convergence divergence, fixed weights",
    group="momentum",
    levels=(0.0,),
    warm_up=lambda signal: 24 + signal,
    stable_after=lambda signal: 24 + signal + settling(0.075) + settling(2 / (signal + 1)),
    source="TA-Lib MACDFIX; Gerald Appel",
)
def macdfix(close: Floats, /, *, signal: Window = 9) -> Macd:
    """Moving average convergence divergence with Appel's first weights, in units of `close`.

    Formula (TA-Lib MACDFIX): `macd` of 12 and 26 bars, but with the weights 0.15 and 0.075 of a
    new value in place of 2/13 and 2/27; signal = EMA(macd, signal), histogram = macd - signal.
    Warm-up: 24 + `signal` NaN in all three. Shape: a Series gives a frame of three columns, a
    wide frame (output, symbol) columns, an array a named tuple of arrays; float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> macdfix(np.full(30, 5.0)).macd[-1]
    np.float64(nan)
    """
    return Macd(*rates.fixed_macd(close, signal))
