"""What became of money: growth since the start, falls from the peak, losses in the tail."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.order import advance
from workbench.indicators.kernels.rolling import before
from workbench.indicators.kernels.windowed import blank
from workbench.indicators.language import NAN, maximum, minimum, sqrt, where, workspace


@kernel(registers=1)
def grown(values, out, registers, seen):
    first = registers[0]
    for t in range(len(values)):
        if seen + t == 0:
            first = values[t]
        out[t] = values[t] / first - 1.0
    registers[0] = first


@kernel(outputs=2, registers=2)
def below_peak(values, depth, bars, registers, seen):
    peak, age = registers[0], registers[1]
    for t in range(len(values)):
        value = values[t]
        if seen + t == 0:
            peak = value
        age = where(value >= peak, 0.0, age + 1.0)
        peak = maximum(peak, value)
        depth[t] = value / peak - 1.0
        bars[t] = age
    registers[0] = peak
    registers[1] = age


@kernel(reach=before)
def deepest_fall(values, window, out):
    """The worst of all falls from one value to a later one, both in the window.

    A stretch of time is summed up by its top, its bottom and its worst fall; two stretches side by
    side by those of both. A window is a suffix of one block and a prefix of the next.
    """
    bars = len(values)
    size = min(window, bars)
    worsts, tops = workspace(values, size + 1), workspace(values, size + 1)
    for start in range(0, bars, window):
        top, bottom = values[start], values[start]
        worst = 1.0 + 0.0 * top
        for t in range(start, min(start + window, bars)):
            p = t - start + 1
            value = values[t]
            top, bottom = maximum(top, value), minimum(bottom, value)
            worst = minimum(worst, value / top)
            if start > 0 and p < window:
                across = minimum(worsts[p], bottom / tops[p])
                out[t] = minimum(worst, across) - 1.0
            else:
                out[t] = worst - 1.0
        last = min(size, bars - start) - 1
        top, bottom = values[start + last], values[start + last]
        worst = 1.0 + 0.0 * top
        for p in range(last, 0, -1):
            value = values[start + p]
            worst = minimum(worst, bottom / value)
            top, bottom = maximum(top, value), minimum(bottom, value)
            worsts[p] = worst
            tops[p] = top
    blank(out, min(window - 1, bars))


@kernel(registers=1)
def fading_root(values, decay, out, registers, seen):
    """The root of a mean square in which each bar counts `decay` times as much as the next."""
    square = registers[0]
    for t in range(len(values)):
        own = values[t] * values[t]
        square = own if seen + t == 0 else decay * square + (1.0 - decay) * own
        out[t] = sqrt(square)
    registers[0] = square


@kernel()
def risen(values, out):
    """1 where a value is above 0, else 0."""
    for t in range(len(values)):
        out[t] = where(values[t] > 0.0, 1.0, 0.0)


@kernel(reach=before)
def tail_mean(values, window, fraction, out):
    """The mean of those of the last `window` values that are not above the fraction's quantile."""
    ranked = workspace(values, window)
    place = fraction * (window - 1.0)
    below = min(int(place), max(window - 2, 0))
    for t in range(len(values)):
        advance(ranked, values, t, window)
        total, count = 0.0 * values[t], 0.0 * values[t]
        for p in range(below + 1):
            total = total + ranked[p]
            count = count + 1.0
        low, high = ranked[below], ranked[min(below + 1, window - 1)]
        limit = low + (place - below) * (high - low)
        for p in range(below + 1, window):
            inside = ranked[p] <= limit
            total = total + where(inside, ranked[p], 0.0)
            count = count + where(inside, 1.0, 0.0)
        out[t] = total / count if t >= window - 1 else NAN
