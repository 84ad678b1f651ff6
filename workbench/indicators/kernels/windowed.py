"""Oscillators over the last `window` bars: where the price stands, which way bars went.

Sums and extremes are taken in blocks of one window, as in `rolling` and `extremes`; over a few
bars they are quicker taken directly.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.kernels.steps import true_range
from workbench.indicators.language import (
    NAN,
    absolute,
    maximum,
    minimum,
    step,
    where,
    workspace,
)

FEW = 6


@step
def summed(values, first, bars, window, scale, suffix, out):
    """`scale` times the sums of `window` values, the first of which is at the bar `first`."""
    if window > FEW:
        summed_in_blocks(values, first, bars, window, scale, suffix, out)
    else:
        for t in range(first + window - 1, bars):
            total = values[t]
            for back in range(1, window):
                total = total + values[t - back]
            out[t] = total * scale
    blank(out, min(first + window - 1, bars))


@step
def summed_in_blocks(values, first, bars, window, scale, suffix, out):
    """Means over a window: a suffix of one block and a prefix of the next."""
    size = min(window, bars)
    for p in range(size + 1):
        suffix[p] = 0.0
    for start in range(first, bars, window):
        prefix = 0.0
        for t in range(start, min(start + window, bars)):
            prefix = prefix + values[t]
            out[t] = (suffix[t - start + 1] + prefix) * scale
        total = 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            total = total + values[start + p]
            suffix[p] = total


@step
def placed(value, top, bottom, below_top):
    """Where a value stands in a range: 0 to 100, or -100 to 0 below its top."""
    distance = value - (top if below_top else bottom)
    return where(top == bottom, 0.0, 100.0 * distance / (top - bottom))


@step
def position(high, low, close, window, bars, below_top, above, below, out):
    """Where the close stands in the range of the window."""
    if window > FEW:
        position_in_blocks(high, low, close, window, bars, below_top, above, below, out)
    else:
        for t in range(window - 1, bars):
            top, bottom = high[t], low[t]
            for back in range(1, window):
                top = maximum(high[t - back], top)
                bottom = minimum(low[t - back], bottom)
            out[t] = placed(close[t], top, bottom, below_top)
    blank(out, min(window - 1, bars))


@step
def position_in_blocks(high, low, close, window, bars, below_top, above, below, out):
    """Where closes stand in their ranges, by blocks of a window."""
    size = min(window, bars)
    for p in range(size + 1):
        above[p] = high[0]
        below[p] = low[0]
    for start in range(0, bars, window):
        greatest, least = high[start], low[start]
        above[size] = greatest
        below[size] = least
        for t in range(start, min(start + window, bars)):
            greatest = maximum(high[t], greatest)
            least = minimum(low[t], least)
            top = maximum(above[t - start + 1], greatest)
            bottom = minimum(below[t - start + 1], least)
            out[t] = placed(close[t], top, bottom, below_top)
        end = min(start + window, bars) - 1
        greatest, least = high[end], low[end]
        for p in range(min(size, bars - start) - 1, 0, -1):
            greatest = maximum(high[start + p], greatest)
            least = minimum(low[start + p], least)
            above[p] = greatest
            below[p] = least


@step
def blank(out, bars):
    """NaN at the start."""
    for t in range(bars):
        out[t] = NAN


@kernel(reach=before)
def below_highest(high, low, close, window, out):
    bars = len(close)
    size = min(window, bars) + 1
    above, below = workspace(close, size), workspace(close, size)
    position(high, low, close, window, bars, 1, above, below, out)


@kernel(outputs=2, reach=lambda window, signal: window + signal - 2)
def stochastic(high, low, close, window, signal, quick, smooth):
    bars = len(close)
    size = min(max(window, signal), bars) + 1
    above, below = workspace(close, size), workspace(close, size)
    position(high, low, close, window, bars, 0, above, below, quick)
    summed(quick, window - 1, bars, signal, 1.0 / signal, above, smooth)
    blank(quick, min(window + signal - 2, bars))


@kernel(outputs=2, reach=lambda window, smoothing, signal: window + smoothing + signal - 3)
def slow_stochastic(high, low, close, window, smoothing, signal, slow, smooth):
    bars = len(close)
    size = min(max(window, smoothing, signal), bars) + 1
    above, below = workspace(close, size), workspace(close, size)
    position(high, low, close, window, bars, 0, above, below, smooth)
    summed(smooth, window - 1, bars, smoothing, 1.0 / smoothing, above, slow)
    summed(slow, window + smoothing - 2, bars, signal, 1.0 / signal, above, smooth)
    blank(slow, min(window + smoothing + signal - 3, bars))


@kernel(outputs=2, reach=lambda window: window)
def aroon(high, low, window, down, up):
    """How near the last greatest and least of `window` + 1 bars are: 100 now, 0 `window` ago."""
    bars = len(high)
    block = window + 1
    size = min(block, bars)
    scale = 100.0 / window
    above, above_at = workspace(high, size + 1), workspace(high, size + 1)
    below, below_at = workspace(high, size + 1), workspace(high, size + 1)
    for p in range(size + 1):
        above[p] = high[0]
        below[p] = low[0]
        above_at[p] = 0.0
        below_at[p] = 0.0
    for start in range(0, bars, block):
        greatest, least = high[start], low[start]
        now = 1.0 * start
        top_at, bottom_at = 0.0 * greatest + now, 0.0 * least + now
        above[size] = greatest
        below[size] = least
        for t in range(start, min(start + block, bars)):
            top, bottom = high[t], low[t]
            top_at = where(top >= greatest, now, top_at)
            bottom_at = where(bottom <= least, now, bottom_at)
            greatest, least = maximum(top, greatest), minimum(bottom, least)
            p = t - start + 1
            since = now - window
            up[t] = (where(above[p] > greatest, above_at[p], top_at) - since) * scale
            down[t] = (where(below[p] < least, below_at[p], bottom_at) - since) * scale
            now = now + 1.0
        end = min(start + block, bars) - 1
        greatest, least = high[end], low[end]
        now = 1.0 * end
        top_at, bottom_at = 0.0 * greatest + now, 0.0 * least + now
        for p in range(end - start, 0, -1):
            top, bottom = high[start + p], low[start + p]
            top_at = where(top > greatest, now, top_at)
            bottom_at = where(bottom < least, now, bottom_at)
            greatest, least = maximum(top, greatest), minimum(bottom, least)
            above[p] = greatest
            above_at[p] = top_at
            below[p] = least
            below_at[p] = bottom_at
            now = now - 1.0
    blank(up, min(window, bars))
    blank(down, min(window, bars))


@kernel(reach=before)
def channel_index(high, low, close, window, out):
    """The distance from the mean typical price, in mean deviations of 1 / 0.015."""
    bars = len(close)
    size = min(window, bars)
    scale = 1.0 / window
    typical, suffix = workspace(close, bars), workspace(close, size + 1)
    for t in range(bars):
        typical[t] = (high[t] + low[t] + close[t]) / 3.0
    for p in range(size + 1):
        suffix[p] = 0.0
    for start in range(0, bars, window):
        pivot = typical[start]  # lies in every window that ends in this block
        total = 0.0
        for p in range(window - 1, 0, -1):
            if start > 0:
                total = total + (typical[start - window + p] - pivot)
                suffix[p] = total
        prefix = 0.0
        for t in range(start, min(start + window, bars)):
            prefix = prefix + (typical[t] - pivot)
            mean = pivot + (suffix[t - start + 1] + prefix) * scale
            if t >= window - 1:
                even, odd = absolute(typical[t] - mean), 0.0
                for back in range(1, window - 1, 2):  # two sums, neither waits for the other
                    odd = odd + absolute(typical[t - back] - mean)
                    even = even + absolute(typical[t - back - 1] - mean)
                if window % 2 == 0:
                    odd = odd + absolute(typical[t - window + 1] - mean)
                deviation = (even + odd) * scale
                still = deviation <= 1e-14 * absolute(mean)
                out[t] = where(still, 0.0, (typical[t] - mean) / (0.015 * deviation))
    blank(out, min(window - 1, bars))


@step
def add_share(parts, wholes, first, bars, window, weight, still, suffix, suffix2, out):
    """Add `weight` times the parts' sum by that of the wholes, or `still` where this is 0."""
    size = min(window, bars)
    for p in range(size + 1):
        suffix[p] = 0.0
        suffix2[p] = 0.0
    for start in range(first, bars, window):
        part, whole = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            part = part + parts[t]
            whole = whole + wholes[t]
            top, bottom = suffix[t - start + 1] + part, suffix2[t - start + 1] + whole
            out[t] = out[t] + where(bottom == 0.0, still, weight * top / bottom)
        part, whole = 0.0, 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            part = part + parts[start + p]
            whole = whole + wholes[start + p]
            suffix[p] = part
            suffix2[p] = whole


@kernel(reach=lambda window: window)
def money_flow(high, low, close, volume, window, out):
    bars = len(close)
    size = min(window, bars) + 1
    gained, moved = workspace(close, bars), workspace(close, bars)
    suffix, suffix2 = workspace(close, size), workspace(close, size)
    previous = 0.0
    for t in range(bars):
        typical = (high[t] + low[t] + close[t]) / 3.0
        flow = typical * volume[t]
        rounding = 1e-14 * (absolute(typical) + absolute(previous))
        gained[t] = where(typical - previous > rounding, flow, 0.0)
        moved[t] = where(absolute(typical - previous) > rounding, flow, 0.0)
        out[t] = 0.0
        previous = typical
    add_share(gained, moved, 1, bars, window, 100.0, 0.0, suffix, suffix2, out)
    blank(out, min(window, bars))


@kernel(reach=before)
def intraday(opening, close, window, out):
    bars = len(close)
    size = min(window, bars) + 1
    gained, moved = workspace(close, bars), workspace(close, bars)
    suffix, suffix2 = workspace(close, size), workspace(close, size)
    for t in range(bars):
        change = close[t] - opening[t]
        gained[t] = maximum(change, 0.0)
        moved[t] = absolute(change)
        out[t] = 0.0
    add_share(gained, moved, 0, bars, window, 100.0, 50.0, suffix, suffix2, out)
    blank(out, min(window - 1, bars))


@kernel(reach=lambda short, medium, long: long)  # noqa: ARG005
def ultimate(high, low, close, short, medium, long, out):
    bars = len(close)
    size = min(long, bars) + 1
    pressure, ranges = workspace(close, bars), workspace(close, bars)
    suffix, suffix2 = workspace(close, size), workspace(close, size)
    previous = close[0]
    for t in range(bars):
        pressure[t] = close[t] - minimum(low[t], previous)
        ranges[t] = true_range(high[t], low[t], previous)
        out[t] = 0.0
        previous = close[t]
    add_share(pressure, ranges, 1, bars, short, 400.0 / 7.0, 0.0, suffix, suffix2, out)
    add_share(pressure, ranges, 1, bars, medium, 200.0 / 7.0, 0.0, suffix, suffix2, out)
    add_share(pressure, ranges, 1, bars, long, 100.0 / 7.0, 0.0, suffix, suffix2, out)
    blank(out, min(long, bars))


@kernel(outputs=3, reach=lambda fast, slow, signal: slow + signal - 2)  # noqa: ARG005
def plain_macd(values, fast, slow, signal, line, smooth, histogram):
    bars = len(values)
    size = min(max(slow, signal), bars) + 1
    suffix = workspace(values, size)
    summed(values, 0, bars, fast, 1.0 / fast, suffix, line)
    summed(values, 0, bars, slow, 1.0 / slow, suffix, histogram)
    for t in range(bars):
        line[t] = line[t] - histogram[t]
    summed(line, slow - 1, bars, signal, 1.0 / signal, suffix, smooth)
    for t in range(bars):
        histogram[t] = line[t] - smooth[t]
    blank(line, min(slow + signal - 2, bars))
