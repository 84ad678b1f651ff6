"""Prices weighted by the volume at which they were paid."""

from __future__ import annotations

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import flow, weighted
from workbench.indicators.record import Price, Window, indicator


@indicator(
    "Volume-weighted average price",
    group="overlap",
    pane="price",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="TA-Lib VWAP, for one session",
)
def vwap(high: Floats, low: Floats, close: Floats, volume: Floats, session: Floats, /) -> Price:
    """Volume-weighted average price of the session so far, in the unit of the prices.

    Formula (TA-Lib VWAP within a session): sum of volume · (high + low + close) / 3 by the sum of
    the volume; the bar's own price while there is none. `session` is a number that changes from
    session to session; tables with a DatetimeIndex have one from their UTC dates.
    Warm-up: none, no NaN.
    Shape: that of `high` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> price, session = np.array([2.0, 5.0, 3.0]), np.array([1.0, 1.0, 2.0])
    >>> vwap(price, price, price, np.array([2.0, 1.0, 4.0]), session)
    array([2., 3., 3.])
    """
    return flow.session_mean((high + low + close) / 3.0, volume, session)


@indicator(
    "Anchored volume-weighted average price",
    group="overlap",
    pane="price",
    warm_up=lambda: 0,
    stable_after=lambda: None,
    source="Brian Shannon, Maximum Trading Gains with Anchored VWAP (2023)",
)
def avwap(high: Floats, low: Floats, close: Floats, volume: Floats, anchor: Floats, /) -> Price:
    """Volume-weighted average price since the last anchor, in the unit of the prices.

    Formula (Shannon): sum of volume · (high + low + close) / 3 by the sum of the volume, from the
    last bar on whose `anchor` is not 0; the bar's own price while there is no volume.
    Warm-up: NaN before the first anchor.
    Shape: that of `high` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> price, anchor = np.array([2.0, 5.0, 3.0]), np.array([0.0, 1.0, 0.0])
    >>> avwap(price, price, price, np.array([2.0, 1.0, 1.0]), anchor)
    array([nan,  5.,  4.])
    """
    return flow.anchored_mean((high + low + close) / 3.0, volume, anchor)


@indicator(
    "Rolling volume-weighted average price",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib VWMA of TYPPRICE",
)
def rvwap(
    high: Floats, low: Floats, close: Floats, volume: Floats, /, *, window: Window = 20
) -> Price:
    """Volume-weighted average price of `window` bars, in the unit of the prices.

    Formula (TA-Lib VWMA of TYPPRICE): sum of volume · (high + low + close) / 3 by the sum of the
    volume; the bar's own price where there is none.
    Warm-up: `window` - 1 NaN.
    Shape: that of `high` (Series, wide frame, array; the columns of a Bars frame), float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> price = np.array([2.0, 5.0, 3.0])
    >>> rvwap(price, price, price, np.array([2.0, 1.0, 1.0]), window=2)
    array([nan,  3.,  4.])
    """
    return weighted.vwma((high + low + close) / 3.0, volume, window)
