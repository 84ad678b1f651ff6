"""The last `window` values in order of size; kept sorted, the newest takes the oldest's place.

No price decides a branch: each place of the sorted values is told what it holds next by its
neighbours, so eight symbols are sorted at once.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.language import NAN, floor, maximum, minimum, step, where, workspace


@step
def advance(ranked, values, t, window):
    """Let the sorted values be those of the window that ends at `t`; infinite where it lacks."""
    new = values[t]
    if t == 0:
        for p in range(window):
            ranked[p] = math.inf
    old = values[t - window] if t >= window else math.inf + 0.0 * new
    lesser = -math.inf
    for p in range(window - 1):
        kept = where(ranked[p] < old, ranked[p], ranked[p + 1])
        ranked[p] = maximum(lesser, minimum(kept, new))
        lesser = kept
    ranked[window - 1] = maximum(lesser, new)


@kernel(reach=before)
def quantile(values, window, fraction, out):
    """Between the two values nearest to the fraction, in proportion."""
    ranked = workspace(values, window)
    place = fraction * (window - 1.0)
    below = min(int(place), max(window - 2, 0))
    above = min(below + 1, window - 1)
    for t in range(len(values)):
        advance(ranked, values, t, window)
        low, high = ranked[below], ranked[above]
        out[t] = low + (place - below) * (high - low) if t >= window - 1 else NAN


@kernel(reach=before)
def ranked_at(values, window, place, out):
    """The value that has `place` values before it in order of size."""
    ranked = workspace(values, window)
    for t in range(len(values)):
        advance(ranked, values, t, window)
        out[t] = ranked[place] if t >= window - 1 else NAN


@step
def nearest(ranked, window, centre, count):
    """The `count`-th least distance of sorted values from their median.

    Of the two halves it is the least, over all ways to take so many, of the greatest one taken.
    """
    half = window // 2
    least = math.inf + 0.0 * centre
    for left in range(max(count - half, 0), min(count, half) + 1):
        below = centre - ranked[half - left] if left > 0 else 0.0 * centre
        right = count - left
        above = ranked[window - half + right - 1] - centre if right > 0 else 0.0 * centre
        least = minimum(least, maximum(below, above))
    return least


@kernel(reach=before)
def median_distance(values, window, out):
    """The median of the distances from the median."""
    ranked = workspace(values, window)
    half = window // 2
    for t in range(len(values)):
        advance(ranked, values, t, window)
        if t < window - 1:
            out[t] = NAN
        else:
            centre = 0.5 * ranked[half] + 0.5 * ranked[window - half - 1]
            distance = nearest(ranked, window, centre, half)
            if window % 2 == 0:
                distance = 0.5 * distance + 0.5 * nearest(ranked, window, centre, half + 1)
            out[t] = distance


@kernel()
def ago(recent, window, out):
    """Bars, of 100 for now and 0 for the first bar of the window."""
    for t in range(len(recent)):
        out[t] = floor((window - 1.0) * (1.0 - 0.01 * recent[t]) + 0.5)
