"""Sums, spreads and how two series move together, over the last `window` bars.

Sums are taken in blocks of one window and never subtracted, about a value of the block; higher
moments and mean distances are taken directly, about the mean of each window.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.kernels.windowed import blank, summed_in_blocks
from workbench.indicators.language import (
    NAN,
    absolute,
    fused,
    maximum,
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


@kernel(outputs=2, reach=before)
def spread(values, window, ahead, variance):
    """How far the last value is above the mean, and the population variance."""
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
            ahead[t] = offset - mean
            variance[t] = maximum(square, 0.0 * square)
    for t in range(min(window - 1, bars)):
        ahead[t] = NAN
        variance[t] = NAN


@kernel(outputs=3, reach=before)
def joint(values, others, window, covariance, variance, variance2):
    """The population covariance of two series, and the variance of each."""
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
            covariance[t] = fused(products[p] + product, scale, -mean * mean2)
            variance[t] = maximum(own, 0.0 * own)
            variance2[t] = maximum(own2, 0.0 * own2)
    for t in range(min(window - 1, bars)):
        covariance[t] = NAN
        variance[t] = NAN
        variance2[t] = NAN


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


@kernel(outputs=2, reach=before)
def shape(values, window, third, fourth):
    """The third and the fourth standardised moment; 0 where no value differs."""
    scale = 1.0 / window
    for t in range(min(window - 1, len(values))):
        third[t] = NAN
        fourth[t] = NAN
    for t in range(window - 1, len(values)):
        last = values[t]
        mean = middle(values, t, window)
        two, three, four = 0.0 * last, 0.0 * last, 0.0 * last
        for back in range(window):
            distance = values[t - back] - last - mean
            square = distance * distance
            two = two + square
            three = fused(square, distance, three)
            four = fused(square, square, four)
        two = two * scale
        third[t] = where(two == 0.0, 0.0, three * scale / (two * sqrt(two)))
        fourth[t] = where(two == 0.0, 0.0, four * scale / (two * two))
