"""What candlestick patterns ask of a bar, and what is usual among the bars before it."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import NAN, absolute, maximum, minimum, step, where


@step
def body(open, close, t):
    """The distance between open and close."""
    return absolute(close[t] - open[t])


@step
def top(open, close, t):
    """The upper end of the body."""
    return maximum(open[t], close[t])


@step
def bottom(open, close, t):
    """The lower end of the body."""
    return minimum(open[t], close[t])


@step
def upper(open, high, close, t):
    """The shadow above the body."""
    return high[t] - maximum(open[t], close[t])


@step
def lower(open, low, close, t):
    """The shadow below the body."""
    return minimum(open[t], close[t]) - low[t]


@step
def gap_up(open, close, t, before):
    """Whether the body of bar `t` lies above that of bar `before`."""
    return minimum(open[t], close[t]) > maximum(open[before], close[before])


@step
def gap_down(open, close, t, before):
    """Whether the body of bar `t` lies below that of bar `before`."""
    return maximum(open[t], close[t]) < minimum(open[before], close[before])


@step
def coloured(open, close, t):
    """100 for a white bar, whose close is not below its open, -100 for a black one."""
    return where(close[t] >= open[t], 100.0, -100.0)


@step
def blank(out, bars):
    """No signal yet in the first `bars` rows."""
    for t in range(min(bars, len(out))):
        out[t] = NAN


@kernel(reach=lambda window, _: window)
def usual(values, window, factor, out):
    """`factor` times the mean of the `window` values before each."""
    blank(out, window)
    for t in range(window, len(values)):
        total = values[t - window]
        for p in range(t - window + 1, t):
            total = total + values[p]
        out[t] = factor * (total / window)
