"""Performance of a price: what it returned, and how far it fell on the way."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import elementwise, rates, wealth
from workbench.indicators.record import Drawn, Window, indicator
from workbench.indicators.volatility_estimators import AtLeastTwo, Periods

Return = Annotated[Floats, Drawn("ratio")]
Bars = Annotated[Floats, Drawn("bars")]
YearlyReturn = Annotated[Floats, Drawn("ratio per year")]


@indicator(
    "Returns",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="Carl Bacon, Practical Portfolio Performance Measurement and Attribution (2008)",
)
def returns(close: Floats, /, *, window: Window = 1) -> Return:
    """The simple return over `window` bars: 0.01 is one per cent.

    Formula (Carl Bacon): x[t] / x[t - window] - 1; 0 where x[t - window] is 0. Warm-up:
    `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> returns(np.array([1.0, 2.0, 3.0]))
    array([nan, 1. , 0.5])
    """
    growth: Floats = rates.growth(close, window, 1.0)
    return growth


@indicator(
    "Log returns",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window: window,
    source="Carl Bacon, Practical Portfolio Performance Measurement and Attribution (2008)",
)
def log_returns(close: Floats, /, *, window: Window = 1) -> Return:
    """The logarithm of the value as a multiple of that `window` bars before.

    Formula (Carl Bacon): log x[t] - log x[t - window]; NaN where a price is not above 0.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> log_returns(np.exp([0.0, 1.0, 3.0]))
    array([nan,  1.,  2.])
    """
    change: Floats = elementwise.change(np.log(close), window)
    return change


@indicator(
    "Cumulative returns",
    group="performance",
    levels=(0.0,),
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="Carl Bacon, Practical Portfolio Performance Measurement and Attribution (2008)",
)
def cumulative_returns(close: Floats, /) -> Return:
    """The return since the first bar: 0.01 is one per cent.

    Formula (Carl Bacon): x[t] / x[first] - 1; NaN or infinite where the first price is 0.
    Warm-up: none.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which is passed over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> cumulative_returns(np.array([2.0, 3.0, 1.0]))
    array([ 0. ,  0.5, -0.5])
    """
    growth: Floats = wealth.grown(close)
    return growth


@indicator(
    "Drawdown",
    group="performance",
    levels=(0.0,),
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="Malik Magdon-Ismail and Amir Atiya, Risk 17:10 (2004)",
)
def drawdown(close: Floats, /) -> Return:
    """How far the price is below its highest so far: -0.1 is ten per cent below.

    Formula (Malik Magdon-Ismail and Amir Atiya): x[t] / max(x[first] .. x[t]) - 1. Warm-up: none.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which is passed over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> drawdown(np.array([2.0, 1.0, 4.0]))
    array([ 0. , -0.5,  0. ])
    """
    depth: Floats = wealth.below_peak(close)[0]
    return depth


@indicator(
    "Drawdown duration",
    group="performance",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="Malik Magdon-Ismail and Amir Atiya, Risk 17:10 (2004)",
)
def drawdown_duration(close: Floats, /) -> Bars:
    """The bars since the price was at its highest so far, 0 at a new or equal peak.

    Formula (Malik Magdon-Ismail and Amir Atiya): t - the last bar at which x was max(x[first]
    .. x[t]). Warm-up: none.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which is passed over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> drawdown_duration(np.array([2.0, 1.0, 1.0, 2.0]))
    array([0., 1., 2., 0.])
    """
    bars: Floats = wealth.below_peak(close)[1]
    return bars


@indicator(
    "Maximum drawdown",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="Malik Magdon-Ismail and Amir Atiya, Risk 17:10 (2004)",
)
def max_drawdown(close: Floats, /, *, window: AtLeastTwo = 252) -> Return:
    """The worst fall from a price to a later one within `window` bars, as a negative ratio.

    Formula (Malik Magdon-Ismail and Amir Atiya): min(x[j] / x[i] - 1) over i <= j in the
    window; 0 where the price only rose. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> max_drawdown(np.array([4.0, 2.0, 3.0, 1.0]), window=3)
    array([        nan,         nan, -0.5       , -0.66666667])
    """
    worst: Floats = wealth.deepest_fall(close, window)
    return worst


@indicator(
    "Compound annual growth rate",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="Carl Bacon, Practical Portfolio Performance Measurement and Attribution (2008)",
)
def cagr(close: Floats, /, *, window: AtLeastTwo = 252, periods: Periods = 252.0) -> YearlyReturn:
    """The yearly return at which the price of `window` bars ago would have become that of now.

    Formula (Carl Bacon): (x[t] / x[t - window]) ^ (`periods` / `window`) - 1, with `periods`
    bars a year; NaN where a price is not above 0. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the next return is that from the last bar before.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> cagr(np.array([1.0, 2.0, 4.0]), window=2, periods=1.0)
    array([nan, nan,  1.])
    """
    growth = elementwise.change(np.log(close), window)
    yearly: Floats = np.exp(periods / window * growth) - 1.0
    return yearly


def one_bar_returns(close: Floats) -> Floats:
    """The simple return of each bar, for figures over them."""
    growth: Floats = rates.growth(close, 1, 1.0)
    return growth
