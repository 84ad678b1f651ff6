"""Weighted averages of the last `window` bars.

Linear weights are summed in blocks of one window, as plain ones are, and never subtract; other
weights are multiplied out bar by bar.
"""

from __future__ import annotations

import math

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.language import (
    NAN,
    exp,
    floor,
    fused,
    maximum,
    minimum,
    sin,
    step,
    where,
    workspace,
)


@kernel(reach=before)
def wma(values, window, out):
    bars = len(values)
    size = min(window, bars)
    scale = 2.0 / (window * (window + 1.0))
    suffix = workspace(values, size + 1)  # weighted 1, 2, 3 … from its first bar on
    for p in range(size + 1):
        suffix[p] = 0.0
    for start in range(0, bars, window):
        plain, rising = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            p = t - start
            plain = plain + values[t]
            rising = fused(1.0 * p, values[t], rising)
            out[t] = (fused(1.0 * (window - p), plain, rising) + suffix[p + 1]) * scale
        plain, rising = 0.0, 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            plain = plain + values[start + p]
            rising = rising + plain
            suffix[p] = rising
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(reach=before)
def vwma(values, weights, window, out):
    bars = len(values)
    size = min(window, bars)
    worth, shares = workspace(values, size + 1), workspace(values, size + 1)
    for p in range(size + 1):
        worth[p] = 0.0
        shares[p] = 0.0
    for start in range(0, bars, window):
        top, bottom = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            top = fused(values[t], weights[t], top)
            bottom = bottom + weights[t]
            whole = shares[t - start + 1] + bottom
            mean = (worth[t - start + 1] + top) / whole
            out[t] = where(whole == 0.0, values[t], mean)
        top, bottom = 0.0, 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            top = fused(values[start + p], weights[start + p], top)
            bottom = bottom + weights[start + p]
            worth[p] = top
            shares[p] = bottom
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(reach=lambda shortest, longest: longest - 1)  # noqa: ARG005
def variable_mean(values, periods, shortest, longest, out):
    bars = len(values)
    for t in range(min(longest - 1, bars)):
        out[t] = NAN
    for t in range(longest - 1, bars):
        period = floor(minimum(maximum(periods[t], shortest), longest))
        total = 0.0
        for bar in range(longest):
            total = total + where(bar < period, values[t - bar], 0.0)
        out[t] = total / period


@step
def weigh(values, weights, window, out):
    """The average of each window with some weights, the newest bar's first."""
    bars = len(values)
    for t in range(min(window - 1, bars)):
        out[t] = NAN
    whole = 0.0
    for bar in range(window):
        whole = whole + weights[bar]
    for bar in range(window):
        weights[bar] = weights[bar] / whole
    for t in range(window - 1, bars):
        even, odd = weights[0] * values[t], 0.0
        for bar in range(1, window - 1, 2):  # two sums at a time: one waits less for the other
            odd = fused(weights[bar], values[t - bar], odd)
            even = fused(weights[bar + 1], values[t - bar - 1], even)
        if window % 2 == 0:
            odd = fused(weights[window - 1], values[t - window + 1], odd)
        out[t] = even + odd


@kernel(reach=before)
def gaussian(values, window, offset, sigma, out):
    weights = workspace(values, window)
    for bar in range(window):
        away = ((1.0 - offset) * (window - 1.0) - bar) * sigma / window
        weights[bar] = exp(-0.5 * away * away)
    weigh(values, weights, window, out)


@kernel(reach=before)
def half_wave(values, window, out):
    weights = workspace(values, window)
    for bar in range(window):
        weights[bar] = sin(math.pi * (bar + 1.0) / (window + 1.0))
    weigh(values, weights, window, out)


@kernel(reach=before)
def fibonacci(values, window, out):
    weights = workspace(values, window)
    one, two = 0.0, 1.0
    for bar in range(window - 1, -1, -1):
        weights[bar] = two
        one, two = two, one + two
    weigh(values, weights, window, out)


@kernel(reach=before)
def binomial(values, window, out):
    weights = workspace(values, window)
    weight = exp(-math.log(2.0) * (window - 1.0))
    for bar in range(window):
        weights[bar] = weight
        weight = weight * (window - 1.0 - bar) / (bar + 1.0)
    weigh(values, weights, window, out)
