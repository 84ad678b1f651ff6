"""What bars form: smoothed candles, turning points, levels of a session."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import NAN, maximum, minimum, step, where


@kernel(outputs=4, registers=1)
def heikin_ashi(open, high, low, close, first, greatest, least, last, registers, seen):
    middle = registers[0]
    for t in range(len(close)):
        if seen + t == 0:
            middle = (open[t] + close[t]) * 0.5
        end = (open[t] + high[t] + low[t] + close[t]) * 0.25
        first[t] = middle
        greatest[t] = maximum(high[t], maximum(middle, end))
        least[t] = minimum(low[t], minimum(middle, end))
        last[t] = end
        middle = (middle + end) * 0.5
    registers[0] = middle


@kernel(outputs=2, reach=lambda left, right: left + right)
def turns(high, low, left, right, tops, bottoms):
    """100 where the bar `right` bars ago is beyond all of its neighbours, else 0."""
    for t in range(len(high)):
        if t < left + right:
            tops[t] = NAN
            bottoms[t] = NAN
        else:
            top, bottom = high[t - right], low[t - right]
            other_top, other_bottom = high[t], low[t]
            for p in range(t - right + 1, t):
                other_top = maximum(high[p], other_top)
                other_bottom = minimum(low[p], other_bottom)
            for p in range(t - right - left, t - right):
                other_top = maximum(high[p], other_top)
                other_bottom = minimum(low[p], other_bottom)
            tops[t] = where(top > other_top, 100.0, 0.0)
            bottoms[t] = where(bottom < other_bottom, 100.0, 0.0)


@kernel(outputs=3, registers=7)
def session_before(high, low, close, session, top, bottom, end, registers, seen):
    """High, low and close of the session before that of each bar; NaN in the first session."""
    number, greatest, least = registers[0], registers[1], registers[2]
    last = registers[3]
    kept_top, kept_bottom, kept_end = registers[4], registers[5], registers[6]
    for t in range(len(close)):
        if seen + t == 0:
            number = session[t]
            greatest, least, last = high[t], low[t], close[t]
            kept_top, kept_bottom, kept_end = NAN, NAN, NAN
        begins = session[t] != number
        kept_top = where(begins, greatest, kept_top)
        kept_bottom = where(begins, least, kept_bottom)
        kept_end = where(begins, last, kept_end)
        greatest = where(begins, high[t], maximum(high[t], greatest))
        least = where(begins, low[t], minimum(low[t], least))
        last = close[t]
        number = session[t]
        top[t] = kept_top
        bottom[t] = kept_bottom
        end[t] = kept_end
    registers[0] = number
    registers[1] = greatest
    registers[2] = least
    registers[3] = last
    registers[4] = kept_top
    registers[5] = kept_bottom
    registers[6] = kept_end


@step
def drawn(values, start, end, out):
    """A straight line from the bar `start` to the bar `end`."""
    out[start] = values[start]
    for t in range(start + 1, end + 1):
        part = (t - start) / (end - start)
        out[t] = values[start] + (values[end] - values[start]) * part


@kernel(lanes=False)
def zigzag(values, turn, out):
    bars = len(values)
    while values[bars - 1] != values[bars - 1]:  # the end of a column that is shorter
        bars -= 1
        out[bars] = NAN
    node, top, bottom = 0, 0, 0
    side = 0  # 1 while the line rises, -1 while it falls, 0 before it has begun
    for t in range(bars):
        if values[t] > values[top]:
            top = t
        if values[t] < values[bottom]:
            bottom = t
        rises = values[t] >= values[bottom] * (1.0 + turn) and t > bottom
        falls = values[t] <= values[top] * (1.0 - turn) and t > top
        if rises and side <= 0:
            drawn(values, node, bottom, out)
            node, top, side = bottom, t, 1
        elif falls and side >= 0:
            drawn(values, node, top, out)
            node, bottom, side = top, t, -1
    last = top if side > 0 else (bottom if side < 0 else node)
    drawn(values, node, last, out)
    drawn(values, last, bars - 1, out)
