"""Sums, spreads and how two series move together, over the last `window` bars.

Sums are taken in blocks of one window and never subtracted, about a value of the block; higher
moments and mean distances are taken directly, about the mean of each window. Where that value of
the block is an outlier, a spread is right to some `window` roundings, else to a few.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.kernels.windowed import blank, summed_in_blocks
from workbench.indicators.language import (
    NAN,
    absolute,
    fused,
    log,
    maximum,
    minimum,
    sqrt,
    step,
    where,
    workspace,
)


@kernel(reach=before)
def total(values, window, out):
    bars = len(values)
    suffix = workspace(values, min(window, bars) + 1)
    summed_in_blocks(values, 0, bars, window, 1.0, suffix, out)
    blank(out, min(window - 1, bars))


VARIANCE, DEVIATION, SCORE = 0, 1, 2


@step
def spread(values, window, figure, factor, out):
    """The population variance, `factor` times its root, or the last value in terms of that."""
    bars = len(values)
    size = min(window, bars)
    scale = 1.0 / window
    suffix, suffix2 = workspace(values, size + 1), workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = 0.0
        suffix2[p] = 0.0
    for start in range(0, bars, window):
        pivot = values[start]  # lies in every window that ends in this block
        sum_, squares = 0.0, 0.0
        for p in range(window - 1 if start > 0 else 0, 0, -1):
            offset = values[start - window + p] - pivot
            sum_ = sum_ + offset
            squares = fused(offset, offset, squares)
            suffix[p] = sum_
            suffix2[p] = squares
        sum_, squares = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            p = t - start + 1
            offset = values[t] - pivot
            sum_ = sum_ + offset
            squares = fused(offset, offset, squares)
            mean = (suffix[p] + sum_) * scale
            square = fused(suffix2[p] + squares, scale, -mean * mean)
            square = maximum(square, 0.0 * square)
            if figure == VARIANCE:
                out[t] = square
            elif figure == DEVIATION:
                out[t] = factor * sqrt(square)
            else:
                out[t] = where(square == 0.0, 0.0, (offset - mean) / sqrt(square))
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(reach=before)
def variance(values, window, out):
    spread(values, window, VARIANCE, 1.0, out)


@kernel(reach=before)
def deviation(values, window, factor, out):
    spread(values, window, DEVIATION, factor, out)


@kernel(reach=before)
def score(values, window, out):
    spread(values, window, SCORE, 1.0, out)


COVARIANCE, CORRELATION, SLOPE = 0, 1, 2


@step
def joint(values, others, window, figure, factor, out):
    """`factor` times the covariance, the correlation, or the slope of the values by the others.

    The latter two are 0 where what they are divided by is 0.
    """
    bars = len(values)
    size = min(window, bars) + 1
    scale = 1.0 / window
    sums, sums2 = workspace(values, size), workspace(values, size)
    squares, squares2 = workspace(values, size), workspace(values, size)
    products = workspace(values, size)
    for p in range(size):
        sums[p] = 0.0
        sums2[p] = 0.0
        squares[p] = 0.0
        squares2[p] = 0.0
        products[p] = 0.0
    for start in range(0, bars, window):
        pivot, pivot2 = values[start], others[start]  # in every window that ends in this block
        sum_, sum2, square, square2, product = 0.0, 0.0, 0.0, 0.0, 0.0
        for p in range(window - 1 if start > 0 else 0, 0, -1):
            t = start - window + p
            offset, offset2 = values[t] - pivot, others[t] - pivot2
            sum_, sum2 = sum_ + offset, sum2 + offset2
            square, square2 = fused(offset, offset, square), fused(offset2, offset2, square2)
            product = fused(offset, offset2, product)
            sums[p] = sum_
            sums2[p] = sum2
            squares[p] = square
            squares2[p] = square2
            products[p] = product
        sum_, sum2, square, square2, product = 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            p = t - start + 1
            offset, offset2 = values[t] - pivot, others[t] - pivot2
            sum_, sum2 = sum_ + offset, sum2 + offset2
            square, square2 = fused(offset, offset, square), fused(offset2, offset2, square2)
            product = fused(offset, offset2, product)
            mean, mean2 = (sums[p] + sum_) * scale, (sums2[p] + sum2) * scale
            own = fused(squares[p] + square, scale, -mean * mean)
            own2 = fused(squares2[p] + square2, scale, -mean2 * mean2)
            shared = fused(products[p] + product, scale, -mean * mean2)
            if figure == COVARIANCE:
                out[t] = factor * shared
            elif figure == CORRELATION:
                moved = (own > 0.0) & (own2 > 0.0)
                ratio = shared / (sqrt(own) * sqrt(own2))
                out[t] = where(moved, maximum(minimum(ratio, 1.0), -1.0), 0.0 * shared)
            else:
                out[t] = where(own2 > 0.0, shared / own2, 0.0 * shared)
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(reach=before)
def covariance(values, others, window, factor, out):
    joint(values, others, window, COVARIANCE, factor, out)


@kernel(reach=before)
def correlation(values, others, window, out):
    joint(values, others, window, CORRELATION, 1.0, out)


@kernel(reach=before)
def slope(values, others, window, out):
    joint(values, others, window, SLOPE, 1.0, out)


@step
def middle(values, t, window):
    """The mean of the window that ends at `t`, less its last value."""
    last = values[t]
    even, odd = 0.0 * last, 0.0 * last
    for back in range(1, window - 1, 2):  # two sums, neither waits for the other
        odd = odd + (values[t - back] - last)
        even = even + (values[t - back - 1] - last)
    if window % 2 == 0:
        odd = odd + (values[t - window + 1] - last)
    return (even + odd) * (1.0 / window)


@kernel(reach=before)
def mean_distance(values, window, out):
    """The mean distance from the mean."""
    scale = 1.0 / window
    for t in range(min(window - 1, len(values))):
        out[t] = NAN
    for t in range(window - 1, len(values)):
        last = values[t]
        mean = middle(values, t, window)
        even, odd = absolute(mean), 0.0
        for back in range(1, window - 1, 2):
            odd = odd + absolute(values[t - back] - last - mean)
            even = even + absolute(values[t - back - 1] - last - mean)
        if window % 2 == 0:
            odd = odd + absolute(values[t - window + 1] - last - mean)
        out[t] = (even + odd) * scale


@kernel(reach=before)
def skewness(values, window, out):
    """The third standardised moment without its bias; 0 where no value differs."""
    scale = 1.0 / window
    unbiased = math.sqrt(window * (window - 1.0)) / (window - 2.0)
    for t in range(min(window - 1, len(values))):
        out[t] = NAN
    for t in range(window - 1, len(values)):
        last = values[t]
        mean = middle(values, t, window)
        two, three = 0.0 * last, 0.0 * last
        for back in range(window):
            distance = values[t - back] - last - mean
            square = distance * distance
            two = two + square
            three = fused(square, distance, three)
        two, three = two * scale, three * scale
        out[t] = where(two == 0.0, 0.0, unbiased * three / (two * sqrt(two)))


@kernel(reach=before)
def excess_kurtosis(values, window, out):
    """The fourth standardised moment above a normal one's, without its bias; least -3."""
    scale = 1.0 / window
    unbiased = (window - 1.0) / ((window - 2.0) * (window - 3.0))
    for t in range(min(window - 1, len(values))):
        out[t] = NAN
    for t in range(window - 1, len(values)):
        last = values[t]
        mean = middle(values, t, window)
        two, four = 0.0 * last, 0.0 * last
        for back in range(window):
            distance = values[t - back] - last - mean
            square = distance * distance
            two = two + square
            four = fused(square, square, four)
        two, four = two * scale, four * scale
        excess = (window + 1.0) * four / (two * two) - 3.0 * (window - 1.0)
        out[t] = where(two == 0.0, -3.0, unbiased * excess)


@kernel(reach=before)
def entropy(values, window, out):
    """Of the shares of the values in their sum, in bits."""
    bars = len(values)
    size = min(window, bars)
    bit = 1.0 / math.log(2.0)
    sums, parts = workspace(values, size + 1), workspace(values, size + 1)
    for p in range(size + 1):
        sums[p] = 0.0
        parts[p] = 0.0
    for start in range(0, bars, window):
        sum_, part = 0.0, 0.0
        for t in range(start, min(start + window, bars)):
            sum_ = sum_ + values[t]
            part = part + where(values[t] == 0.0, 0.0, values[t] * log(values[t]))
            whole = sums[t - start + 1] + sum_
            shared = (parts[t - start + 1] + part) / whole
            out[t] = where(whole == 0.0, 0.0, bit * (log(whole) - shared))
        sum_, part = 0.0, 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            value = values[start + p]
            sum_ = sum_ + value
            part = part + where(value == 0.0, 0.0, value * log(value))
            sums[p] = sum_
            parts[p] = part
    for t in range(min(window - 1, bars)):
        out[t] = NAN
