"""Stops that trail the price."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import extremes, ranges
from workbench.indicators.kernels import stops as trailing
from workbench.indicators.record import Allowed, Drawn, Price, Window, indicator, settling

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]
Acceleration = Annotated[float, Allowed(0.0, 1000.0)]
Factor = Annotated[float, Allowed(0.0, 1000.0)]
Direction = Annotated[Floats, Drawn("1 up, -1 down", mark="bar")]


@indicator(
    "Parabolic stop and reverse",
    group="overlap",
    pane="price",
    warm_up=lambda acceleration, maximum: 1,  # noqa: ARG005
    stable_after=lambda **_: None,
    source="TA-Lib SAR; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def sar(
    high: Floats, low: Floats, /, *, acceleration: Acceleration = 0.02, maximum: Acceleration = 0.2
) -> Price:
    """Parabolic stop and reverse: the level at which to turn over, in the unit of the prices.

    Formula (TA-Lib SAR): the stop moves by f · (extreme - stop), where extreme is the greatest
    high of a long position (the least low of a short one); f starts at `acceleration`, grows by
    it with each new extreme, to `maximum` at most. The stop is held outside this bar and the one
    before. A bar that reaches it turns the position, and the stop is the extreme reached. The
    first position is short where the low fell more than the high rose. Warm-up: 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the stop passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> sar(np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    array([ nan, 1.  , 1.04])
    """
    step = min(acceleration, maximum)
    rule = (step, step, maximum)
    return trailing.parabolic(high, low, 0.0, 0.0, *rule, *rule, 0)


@indicator(
    "Parabolic stop and reverse, extended",
    group="overlap",
    levels=(0.0,),
    warm_up=lambda **_: 1,
    stable_after=lambda **_: None,
    source="TA-Lib SAREXT; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def sarext(
    high: Floats,
    low: Floats,
    /,
    *,
    start: Annotated[float, Allowed(-1e15, 1e15)] = 0.0,
    offset: Annotated[float, Allowed(0.0, 1000.0)] = 0.0,
    first_long: Acceleration = 0.02,
    acceleration_long: Acceleration = 0.02,
    maximum_long: Acceleration = 0.2,
    first_short: Acceleration = 0.02,
    acceleration_short: Acceleration = 0.02,
    maximum_short: Acceleration = 0.2,
) -> Price:
    """Parabolic stop, in the unit of the prices: positive for a long, negative for a short one.

    Formula (TA-Lib SAREXT): as `sar`, with a factor of its own for each side: its first value
    (`first_long`, `first_short`), its growth (`acceleration_long`, `acceleration_short`) and its
    greatest value (`maximum_long`, `maximum_short`). `start` above 0 begins long with that stop,
    below 0 short with the stop -`start`; 0 lets the first two bars choose. A stop that has just
    turned is moved away from the price by the part `offset` of itself. Warm-up: 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the stop passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> sarext(np.array([4.0, 3.0, 2.0]), np.array([3.0, 2.0, 1.0]))
    array([  nan, -4.  , -3.96])
    """
    long = min(first_long, maximum_long), min(acceleration_long, maximum_long), maximum_long
    short = min(first_short, maximum_short), min(acceleration_short, maximum_short), maximum_short
    return trailing.parabolic(high, low, start, offset, *long, *short, 1)


class Supertrend(NamedTuple):
    """The stop, and the side of the price that it is on."""

    supertrend: Price
    direction: Direction


@indicator(
    "Supertrend",
    group="overlap",
    pane="price",
    warm_up=lambda window, factor: window,  # noqa: ARG005
    stable_after=lambda **_: None,
    source="TA-Lib SUPERTREND; Olivier Seban, Tout le monde mérite d'être riche (2009)",
)
def supertrend(
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: AtLeastTwo = 10,
    factor: Factor = 3.0,
) -> Supertrend:
    """Supertrend: `supertrend`, in the unit of the prices, and `direction`, 1 up or -1 down.

    Formula (TA-Lib SUPERTREND): bands `factor` average true ranges (Wilder's, `window`) above and
    below (high + low) / 2. The upper band only falls until a close was above it, the lower one
    only rises until a close was below it. The line is the lower band in a rising trend, until the
    close is below it, and the upper band in a falling one, until the close is above it. The trend
    starts as a rising one. Warm-up: `window` NaN. Shape: Series give a frame of two columns, wide
    frames (output, symbol) columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; bands and trend pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> supertrend(high, low, close, window=2, factor=1.0).supertrend
    array([ nan,  nan, 2.25])
    """
    return Supertrend(*trailing.supertrend(high, low, close, window, factor))


class Chandelier(NamedTuple):
    """The exits of a long and of a short position."""

    long: Price
    short: Price


@indicator(
    "Chandelier exit",
    group="overlap",
    pane="price",
    warm_up=lambda window, factor: window,  # noqa: ARG005
    stable_after=lambda window, factor: window + settling(1 / window),  # noqa: ARG005
    source="Chuck LeBeau; Alexander Elder, Come Into My Trading Room (2002)",
)
def chandelier(
    high: Floats, low: Floats, close: Floats, /, *, window: Window = 22, factor: Factor = 3.0
) -> Chandelier:
    """Chandelier exit: `long` and `short`, in the unit of the prices.

    Formula (LeBeau): long = the greatest high of the last `window` bars less `factor` average
    true ranges (Wilder's, `window`); short = their least low and as much above it.
    Warm-up: `window` NaN. Shape: Series give a frame of two columns, wide frames (output, symbol)
    columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> chandelier(high, low, close, window=2, factor=1.0).long
    array([ nan,  nan, 2.75])
    """
    spread = factor * ranges.atr(high, low, close, window)
    top, bottom = extremes.highest(high, window), extremes.lowest(low, window)
    return Chandelier(top - spread, bottom + spread)
