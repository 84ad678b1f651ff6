"""Bands around the price, and what they are made of."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.kernels.steps import average, true_range
from workbench.indicators.language import NAN, maximum, minimum, sqrt, step, where, workspace


@step
def stretch(high, low):
    """Four times the range of a bar as a part of its height; 0 where high + low is 0."""
    height = high + low
    return where(height == 0.0, 0.0, 4.0 * (high - low) / height)


@kernel(outputs=3, reach=before)
def acceleration(high, low, close, window, upper, middle, lower):
    bars = len(close)
    size = min(window, bars)
    scale = 1.0 / window
    highs, lows = workspace(close, size + 1), workspace(close, size + 1)
    closes = workspace(close, size + 1)
    for p in range(size + 1):
        highs[p] = 0.0
        lows[p] = 0.0
        closes[p] = 0.0
    for start in range(0, bars, window):
        top, mid, bottom = 0.0, 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            part = stretch(high[t], low[t])
            top = top + high[t] * (1.0 + part)
            mid = mid + close[t]
            bottom = bottom + low[t] * (1.0 - part)
            p = t - start + 1
            upper[t] = (highs[p] + top) * scale
            middle[t] = (closes[p] + mid) * scale
            lower[t] = (lows[p] + bottom) * scale
        top, mid, bottom = 0.0, 0.0, 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            t = start + p
            part = stretch(high[t], low[t])
            top = top + high[t] * (1.0 + part)
            mid = mid + close[t]
            bottom = bottom + low[t] * (1.0 - part)
            highs[p] = top
            closes[p] = mid
            lows[p] = bottom
    for t in range(min(window - 1, bars)):
        upper[t] = NAN
        middle[t] = NAN
        lower[t] = NAN


@kernel(outputs=3, reach=before)
def extremes(high, low, window, upper, middle, lower):
    bars = len(high)
    size = min(window, bars)
    tops, bottoms = workspace(high, size + 1), workspace(high, size + 1)
    for p in range(size + 1):
        tops[p] = high[0]
        bottoms[p] = low[0]
    for start in range(0, bars, window):
        top, bottom = high[start], low[start]
        tops[size] = top
        bottoms[size] = bottom
        for t in range(start, min(start + window, bars)):
            top = maximum(high[t], top)
            bottom = minimum(low[t], bottom)
            greatest = maximum(tops[t - start + 1], top)
            least = minimum(bottoms[t - start + 1], bottom)
            upper[t] = greatest
            middle[t] = (greatest + least) * 0.5
            lower[t] = least
        last = min(start + window, bars) - 1
        top, bottom = high[last], low[last]
        for p in range(min(size, bars - start) - 1, 0, -1):
            top = maximum(high[start + p], top)
            bottom = minimum(low[start + p], bottom)
            tops[p] = top
            bottoms[p] = bottom
    for t in range(min(window - 1, bars)):
        upper[t] = NAN
        middle[t] = NAN
        lower[t] = NAN


@kernel(outputs=3, registers=3)
def keltner(high, low, close, window, ranges, factor, upper, middle, lower, registers, seen):
    mean, spread, previous = registers[0], registers[1], registers[2]
    alpha, beta = 2.0 / (window + 1.0), 1.0 / ranges
    first = max(window - 1, ranges)  # both averages have their first value there
    for t in range(len(close)):
        age = seen + t
        if age > first - window:
            typical = (high[t] + low[t] + close[t]) / 3.0
            mean = average(age - first + window - 1, window, alpha, mean, typical)
        if age > first - ranges:
            moved = true_range(high[t], low[t], previous)
            spread = average(age - first + ranges - 1, ranges, beta, spread, moved)
        if age >= first:
            upper[t] = mean + factor * spread
            middle[t] = mean
            lower[t] = mean - factor * spread
        else:
            upper[t] = NAN
            middle[t] = NAN
            lower[t] = NAN
        previous = close[t]
    registers[0] = mean
    registers[1] = spread
    registers[2] = previous


@kernel(outputs=2, reach=before)
def moments(values, window, mean, deviation):
    """The mean and the population standard deviation, exact to rounding at any level."""
    bars = len(values)
    size = min(window, bars)
    scale = 1.0 / window
    suffix, suffix2 = workspace(values, size + 1), workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = 0.0
        suffix2[p] = 0.0
    for start in range(0, bars, window):
        pivot = values[start]  # lies in every window that ends in this block
        total, total2 = 0.0, 0.0
        for p in range(window - 1, 0, -1):
            if start > 0:
                offset = values[start - window + p] - pivot
                total = total + offset
                total2 = total2 + offset * offset
                suffix[p] = total
                suffix2[p] = total2
        prefix, prefix2 = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            offset = values[t] - pivot
            prefix = prefix + offset
            prefix2 = prefix2 + offset * offset
            moved = (suffix[t - start + 1] + prefix) * scale
            variance = (suffix2[t - start + 1] + prefix2) * scale - moved * moved
            mean[t] = pivot + moved
            deviation[t] = sqrt(maximum(variance, 0.0 * variance))
    for t in range(min(window - 1, bars)):
        mean[t] = NAN
        deviation[t] = NAN


@kernel(reach=before)
def fitted(values, window, out):
    """The last point of the straight line through the last `window` values (least squares)."""
    scale = 6.0 / (window * (window + 1.0))
    half = 0.5 * (window - 1.0)
    for t in range(len(values)):
        if t < window - 1:
            out[t] = NAN
        else:
            last = values[t]
            total = 0.0 * last
            for p in range(window):
                weight = 1.0 / window + scale * (p - half)
                total = total + weight * (values[t - window + 1 + p] - last)
            out[t] = last + total
