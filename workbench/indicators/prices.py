"""Price transforms: one price for each bar."""

from __future__ import annotations

from workbench.indicators.jit import Floats
from workbench.indicators.record import Price, indicator


@indicator(
    "Average price",
    group="price",
    pane="price",
    warm_up=lambda: 0,
    source="TA-Lib AVGPRICE",
)
def avgprice(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Price:
    """Average price of each bar, in the unit of the inputs.

    Formula (TA-Lib AVGPRICE): (open + high + low + close) / 4. Warm-up: none.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> avgprice(np.array([1.0]), np.array([4.0]), np.array([2.0]), np.array([3.0]))
    array([2.5])
    """
    return 0.25 * ((open + close) + (high + low))


@indicator(
    "Median price",
    group="price",
    pane="price",
    warm_up=lambda: 0,
    source="TA-Lib MEDPRICE",
)
def medprice(high: Floats, low: Floats, /) -> Price:
    """Median price of each bar, in the unit of the inputs.

    Formula (TA-Lib MEDPRICE): (high + low) / 2. Warm-up: none.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> medprice(np.array([4.0]), np.array([2.0]))
    array([3.])
    """
    return 0.5 * (high + low)


@indicator(
    "Typical price",
    group="price",
    pane="price",
    warm_up=lambda: 0,
    source="TA-Lib TYPPRICE",
)
def typprice(high: Floats, low: Floats, close: Floats, /) -> Price:
    """Typical price of each bar, in the unit of the inputs.

    Formula (TA-Lib TYPPRICE): (high + low + close) / 3. Warm-up: none.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> typprice(np.array([4.0]), np.array([2.0]), np.array([3.0]))
    array([3.])
    """
    return (high + low + close) / 3.0


@indicator(
    "Weighted close price",
    group="price",
    pane="price",
    warm_up=lambda: 0,
    source="TA-Lib WCLPRICE",
)
def wclprice(high: Floats, low: Floats, close: Floats, /) -> Price:
    """Weighted close price of each bar, in the unit of the inputs.

    Formula (TA-Lib WCLPRICE): (high + low + 2 · close) / 4. Warm-up: none.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> wclprice(np.array([4.0]), np.array([2.0]), np.array([3.0]))
    array([3.])
    """
    return 0.25 * ((high + low) + 2.0 * close)
