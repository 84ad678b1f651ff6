"""The straight line through the last `window` values, by least squares.

Its sums are taken in blocks of one window and never subtracted, about a value of the block: no
price level and no old spike leaves a trace.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.moments import middle
from workbench.indicators.kernels.rolling import before
from workbench.indicators.language import (
    NAN,
    absolute,
    fused,
    sqrt,
    step,
    where,
    workspace,
)


@step
def fit(values, window, level, lean, out):
    """`level` times the mean of each window plus `lean` times its slope."""
    bars = len(values)
    size = min(window, bars)
    scale, half = 1.0 / window, 0.5 * (window - 1.0)
    steepness = 12.0 * scale / (window * (1.0 * window) - 1.0)
    suffix, moments = workspace(values, size + 1), workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = 0.0
        moments[p] = 0.0
    for start in range(0, bars, window):
        pivot = values[start]  # lies in every window that ends in this block
        total, moment = 0.0, 0.0  # the moment about the first bar of the block
        for p in range(window - 1 if start > 0 else 0, 0, -1):
            offset = values[start - window + p] - pivot
            total = total + offset
            moment = fused(1.0 * (p - window), offset, moment)
            suffix[p] = total
            moments[p] = moment
        total, moment = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            p = t - start
            offset = values[t] - pivot
            total = total + offset
            moment = fused(1.0 * p, offset, moment)
            whole = suffix[p + 1] + total
            slope = (fused(half - p, whole, moments[p + 1]) + moment) * steepness
            out[t] = fused(level, pivot, fused(lean, slope, level * scale * whole))
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(reach=before)
def line(values, window, place, out):
    """The line at a bar of the window, counted from its oldest."""
    fit(values, window, 1.0, place - 0.5 * (window - 1.0), out)


@kernel(reach=before)
def slope(values, window, out):
    """What a bar adds to the line."""
    fit(values, window, 0.0, 1.0, out)


@kernel()
def inclination(slopes, out):
    """The arc tangents, in degrees: halved twice, they are near 0, where a series gives them."""
    for t in range(len(slopes)):
        steep = absolute(slopes[t])
        tangent = where(steep > 1.0, 1.0 / steep, steep)
        tangent = tangent / (1.0 + sqrt(fused(tangent, tangent, 1.0)))
        tangent = tangent / (1.0 + sqrt(fused(tangent, tangent, 1.0)))
        square = -tangent * tangent
        total = 1.0 / 25.0 + 0.0 * square
        for term in range(11, -1, -1):
            total = fused(total, square, 1.0 / (2 * term + 1))
        angle = (720.0 / math.pi) * tangent * total
        angle = where(steep > 1.0, 90.0 - angle, angle)
        out[t] = where(slopes[t] < 0.0, -angle, angle)


@kernel(reach=lambda: 1)
def miss(values, forecasts, out):
    """The value less the forecast of the bar before, in per cent of the value."""
    out[0] = NAN
    for t in range(1, len(values)):
        value = values[t]
        out[t] = where(value == 0.0, 0.0, 100.0 * (value - forecasts[t - 1]) / value)


@step
def steepest(values, t, window, mean):
    """The slope of the window that ends at `t`, whose mean is `mean` above its last value."""
    last = values[t]
    half = 0.5 * (window - 1.0)
    moment = 0.0 * last
    for back in range(window):
        moment = fused(half - back, values[t - back] - last - mean, moment)
    return moment * (12.0 / window / (window * (1.0 * window) - 1.0))


@kernel(reach=before)
def residual(values, window, out):
    """The root of the mean square of the distances from the line, by degrees of freedom."""
    half = 0.5 * (window - 1.0)
    for t in range(min(window - 1, len(values))):
        out[t] = NAN
    for t in range(window - 1, len(values)):
        last = values[t]
        mean = middle(values, t, window)
        rise = steepest(values, t, window, mean)
        squares = 0.0 * last
        for back in range(window):
            distance = values[t - back] - last - mean - rise * (half - back)
            squares = fused(distance, distance, squares)
        out[t] = sqrt(squares * (1.0 / (window - 2.0)))
