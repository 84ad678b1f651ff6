"""Figures over the last `window` bars.

Rolling sums never subtract. Time is cut into blocks of one window; the sum over any window is a
suffix of the block before plus a prefix of its own, so an old spike leaves no residue.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import NAN, maximum, sqrt, workspace


def before(window, *_):
    """The bars that a window reaches back."""
    return window - 1


@kernel(reach=before)
def mean(values, window, out):
    bars = len(values)
    size = min(window, bars)
    scale = 1.0 / window
    suffix = workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = 0.0
    for start in range(0, bars, window):
        prefix = 0.0
        for t in range(start, min(start + window, bars)):
            prefix = prefix + values[t]
            out[t] = (suffix[t - start + 1] + prefix) * scale
        total = 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            total = total + values[start + p]
            suffix[p] = total
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(outputs=3, reach=before)
def bands(values, window, deviations, upper, middle, lower):
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
            average = (suffix[t - start + 1] + prefix) * scale
            variance = (suffix2[t - start + 1] + prefix2) * scale - average * average
            spread = deviations * sqrt(maximum(variance, 0.0 * variance))
            upper[t] = pivot + average + spread
            middle[t] = pivot + average
            lower[t] = pivot + average - spread
    for t in range(min(window - 1, bars)):
        upper[t] = NAN
        middle[t] = NAN
        lower[t] = NAN
