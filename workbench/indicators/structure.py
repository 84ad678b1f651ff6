"""What bars form: smoothed candles, clouds, turning points, levels of a session."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import elementwise, extremes, structures
from workbench.indicators.record import Allowed, Drawn, Price, Window, indicator, settling

Flag = Annotated[Floats, Drawn("0 or 100", mark="bar")]
Neighbours = Annotated[int, Allowed(1, 10_000)]


class HeikinAshi(NamedTuple):
    """The smoothed bar."""

    open: Price
    high: Price
    low: Price
    close: Price


@indicator(
    "Heikin-Ashi candles",
    group="price",
    pane="price",
    warm_up=lambda: 0,
    stable_after=lambda: 1 + settling(0.5),
    source="TA-Lib HA; Dan Valcu, Technical Analysis of Stocks & Commodities 22:2 (2004)",
)
def ha(open: Floats, high: Floats, low: Floats, close: Floats, /) -> HeikinAshi:
    """Heikin-Ashi candles: `open`, `high`, `low`, `close`, in the unit of the prices.

    Formula (TA-Lib HA): close = (open + high + low + close) / 4 of the bar; open = the mean of
    the smoothed open and close before, at the first bar of its open and close; high and low span
    these and the bar's own. Warm-up: none. Shape: Series give a frame of four columns, wide
    frames (output, symbol) columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; the bar before is the last complete one.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> ha(*np.array([[1.0, 2.0], [4.0, 4.0], [1.0, 2.0], [2.0, 4.0]])).open
    array([1.5 , 1.75])
    """
    return HeikinAshi(*structures.heikin_ashi(open, high, low, close))


class Ichimoku(NamedTuple):
    """Two lines and the two edges of the cloud."""

    tenkan: Price
    kijun: Price
    span_a: Price
    span_b: Price


@indicator(
    "Ichimoku cloud",
    group="overlap",
    pane="price",
    increasing=("tenkan", "kijun", "senkou"),
    warm_up=lambda tenkan, kijun, senkou, displacement: tenkan - 1,  # noqa: ARG005
    stable_after=lambda tenkan, kijun, senkou, displacement: (  # noqa: ARG005
        senkou - 1 + displacement
    ),
    source="Goichi Hosoda; Manesh Patel, Trading with Ichimoku Clouds (2010)",
)
def ichimoku(
    high: Floats,
    low: Floats,
    /,
    *,
    tenkan: Window = 9,
    kijun: Window = 26,
    senkou: Window = 52,
    displacement: Window = 26,
) -> Ichimoku:
    """Ichimoku cloud: `tenkan`, `kijun`, `span_a`, `span_b`, in the unit of the prices.

    Formula (Hosoda): tenkan and kijun are the middles between the greatest high and the least low
    of as many bars; span_a is their mean, span_b the middle over `senkou` bars, both shown at the
    bar that they apply to: computed `displacement` bars before. The lagging line (chikou) is the
    close of a later bar and left out, as a value from the future. Warm-up: one less than the
    window NaN, and `displacement` more in the spans. Shape: Series give a frame of four columns,
    wide frames (output, symbol) columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; windows and displacement pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low = np.array([2.0, 4.0, 6.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0])
    >>> ichimoku(high, low, tenkan=1, kijun=2, senkou=3, displacement=1).span_a
    array([ nan,  nan, 2.75, 4.25])
    """
    short, middle, long = (_middle(high, low, window) for window in (tenkan, kijun, senkou))
    span_a = elementwise.shifted(0.5 * (short + middle), displacement)
    return Ichimoku(short, middle, span_a, elementwise.shifted(long, displacement))


def _middle(high: Floats, low: Floats, window: int) -> Floats:
    middle: Floats = 0.5 * (extremes.highest(high, window) + extremes.lowest(low, window))
    return middle


class PivotPoints(NamedTuple):
    """The pivot, three resistances above it, three supports below it."""

    pivot: Price
    r1: Price
    r2: Price
    r3: Price
    s1: Price
    s2: Price
    s3: Price


@indicator(
    "Pivot points",
    group="overlap",
    pane="price",
    warm_up=lambda: 1,
    stable_after=lambda: None,
    source="John Person, A Complete Guide to Technical Trading Tactics (2004)",
)
def pivot_points(high: Floats, low: Floats, close: Floats, session: Floats, /) -> PivotPoints:
    """Classic pivot points of the session before, in the unit of the prices.

    Formula (Person), with the high, low and close of the last session that is over:
    pivot = (high + low + close) / 3; r1, s1 = 2 · pivot - low, - high; r2, s2 = pivot ± (high -
    low); r3 = high + 2 · (pivot - low); s3 = low - 2 · (high - pivot). `session` is a number that
    changes from session to session; a table with a DatetimeIndex has one from its dates.
    Warm-up: NaN until the first session is over. Shape: Series give a frame of seven columns,
    wide frames (output, symbol) columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; such bars belong to no session.
    Raises InputError for a wrong or misaligned input.

    >>> import numpy as np
    >>> high, low, close = np.array([[3.0, 5.0, 5.0], [1.0, 2.0, 2.0], [2.0, 5.0, 3.0]])
    >>> pivot_points(high, low, close, np.array([1.0, 1.0, 2.0])).r1
    array([       nan,        nan, 6.33333333])
    """
    top, bottom, last = structures.session_before(high, low, close, session)
    pivot, span = (top + bottom + last) / 3.0, top - bottom
    return PivotPoints(
        pivot,
        2.0 * pivot - bottom,
        pivot + span,
        top + 2.0 * (pivot - bottom),
        2.0 * pivot - top,
        pivot - span,
        bottom - 2.0 * (top - pivot),
    )


class Fractal(NamedTuple):
    """100 where a high, or a low, of some bars ago proves to be a turning point."""

    swing_high: Flag
    swing_low: Flag


@indicator(
    "Williams fractal",
    group="momentum",
    value_range=(0.0, 100.0),
    warm_up=lambda left, right: left + right,
    source="TA-Lib FRACTAL; Bill Williams, Trading Chaos (1995)",
)
def fractal(
    high: Floats, low: Floats, /, *, left: Neighbours = 2, right: Neighbours = 2
) -> Fractal:
    """Williams fractal: `swing_high` and `swing_low`, 100 or 0, at the bar that proves them.

    Formula (TA-Lib FRACTAL): 100 where the high `right` bars ago is above those of the `left`
    bars before it and of the `right` bars after it, this bar among them; lows likewise, below.
    Equal prices make no turning point. No value looks ahead: a turn is `right` bars old when it
    is told. Warm-up: `left` + `right` NaN. Shape: Series give a frame of two columns, wide frames
    (output, symbol) columns, arrays a named tuple of arrays like them; float64.
    Gaps: NaN where any input is missing; the neighbours are complete bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> fractal(np.array([1.0, 3.0, 2.0]), np.array([0.0, 1.0, 1.0]), left=1, right=1).swing_high
    array([ nan,  nan, 100.])
    """
    return Fractal(*structures.turns(high, low, left, right))


@indicator(
    "Zigzag",
    group="overlap",
    pane="price",
    warm_up=lambda percent: 0,  # noqa: ARG005
    stable_after=lambda percent: None,  # noqa: ARG005
    repaints=True,
    source="Arthur Merrill, Filtered Waves (1977)",
)
def zigzag(close: Floats, /, *, percent: Annotated[float, Allowed(0.01, 99.0)] = 5.0) -> Price:
    """Zigzag: straight lines from turn to turn, in the unit of `close`. New bars repaint it.

    Formula (Merrill): a high is a turn when the price has since fallen by `percent` per cent of
    it, a low when it has since risen by as much; between the first value, the turns, the greatest
    or least value since the last of them, and the last value the line is straight. The bars after
    a turn decide it: use it to describe the past, not to trade. Warm-up: none.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the line passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> zigzag(np.array([10.0, 11.0, 12.0, 9.0]), percent=10.0)
    array([10., 11., 12.,  9.])
    """
    return structures.zigzag(close, percent / 100.0)
