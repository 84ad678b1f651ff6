"""Averages that remember: each bar moves them by a part of its distance.

The first loop of a kernel runs until all averages have begun, the second has nothing to ask.
"""

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN, fused


@kernel(registers=1)
def ema(values, window, out, registers, seen):
    mean = registers[0]
    alpha = 2.0 / (window + 1.0)
    begun = min(len(values), max(0, window - seen))
    for t in range(begun):
        mean = average(seen + t, window, alpha, mean, values[t])
        out[t] = mean if seen + t == window - 1 else NAN
    rest = 1.0 - alpha  # and 1 - rest is exact, so that a constant stays what it is
    alpha = 1.0 - rest
    for t in range(begun, len(values)):
        mean = fused(rest, mean, alpha * values[t])
        out[t] = mean
    registers[0] = mean


@kernel(outputs=3, registers=3)
def macd(values, fast, slow, signal, line, smoothed, histogram, registers, seen):
    quick, late, smooth = registers[0], registers[1], registers[2]
    a, b, c = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)
    first = slow + signal - 2
    begun = min(len(values), max(0, first + 1 - seen))
    for t in range(begun):
        age = seen + t
        value = values[t]
        late = average(age, slow, b, late, value)
        if age >= slow - fast:  # so that both begin at the same bar
            quick = average(age - slow + fast, fast, a, quick, value)
        if age >= slow - 1:
            smooth = average(age - slow + 1, signal, c, smooth, quick - late)
        line[t] = quick - late if age == first else NAN
        smoothed[t] = smooth if age == first else NAN
        histogram[t] = quick - late - smooth if age == first else NAN
    p, q, r = 1.0 - a, 1.0 - b, 1.0 - c
    a, b, c = 1.0 - p, 1.0 - q, 1.0 - r
    for t in range(begun, len(values)):
        value = values[t]
        quick = fused(p, quick, a * value)
        late = fused(q, late, b * value)
        difference = quick - late
        smooth = fused(r, smooth, c * difference)
        line[t] = difference
        smoothed[t] = smooth
        histogram[t] = difference - smooth
    registers[0] = quick
    registers[1] = late
    registers[2] = smooth
