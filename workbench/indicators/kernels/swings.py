"""What oscillators add to averages and extremes."""

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import NAN, fused, log, maximum, minimum, where

STRONGEST = 0.999  # beyond it the logarithm runs away


@kernel(registers=3)
def settled_place(values, low, high, factor, out, registers, seen):  # noqa: ARG001
    """Where a value stands between two others, 0 to 100, smoothed; held where they are equal."""
    place, mean, begun = registers[0], registers[1], registers[2]
    for t in range(len(values)):
        span = high[t] - low[t]
        place = where(span > 0.0, 100.0 * (values[t] - low[t]) / span, place)
        mean = where(begun > 0.0, fused(factor, place - mean, mean), place)
        begun = 0.0 * span + 1.0
        out[t] = mean
    registers[0] = place
    registers[1] = mean
    registers[2] = begun


@kernel(outputs=2, registers=2)
def fisher(values, low, high, out, before, registers, seen):
    level, turned = registers[0], registers[1]
    for t in range(len(values)):
        span = high[t] - low[t]
        place = where(span > 0.0, (values[t] - low[t]) / span - 0.5, 0.0)
        level = 0.66 * place + 0.67 * level
        level = maximum(minimum(level, STRONGEST), -STRONGEST)
        before[t] = turned if seen + t > 0 else NAN
        turned = 0.5 * log((1.0 + level) / (1.0 - level)) + 0.5 * turned
        out[t] = turned
    registers[0] = level
    registers[1] = turned


@kernel(registers=2)
def streak(close, out, registers, seen):
    """How many bars in a row have risen, or, below zero, fallen."""
    length, previous = registers[0], registers[1]
    for t in range(len(close)):
        value = close[t]
        if seen + t > 0:
            up = maximum(length, 0.0) + 1.0
            down = minimum(length, 0.0) - 1.0
            length = where(value > previous, up, where(value < previous, down, 0.0 * value))
        out[t] = length
        previous = value
    registers[0] = length
    registers[1] = previous


@kernel(reach=lambda window: window)
def share_below(values, window, out):
    """How many of the `window` values before this one are less, in per cent."""
    scale = 100.0 / window
    for t in range(len(values)):
        if t < window:
            out[t] = NAN
            continue
        value = values[t]
        count = 0.0
        for k in range(t - window, t):
            count = count + where(values[k] < value, 1.0, 0.0)
        out[t] = count * scale
