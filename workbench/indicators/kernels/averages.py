"""Averages that remember: each bar moves them by a part of its distance."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN


@kernel(registers=1)
def ema(values, window, out, registers, seen):
    mean = registers[0]
    alpha = 2.0 / (window + 1.0)
    for t in range(len(values)):
        mean = average(seen + t, window, alpha, mean, values[t])
        out[t] = mean if seen + t >= window - 1 else NAN
    registers[0] = mean


@kernel(outputs=3, registers=3)
def macd(values, fast, slow, signal, line, smoothed, histogram, registers, seen):
    quick, late, smooth = registers[0], registers[1], registers[2]
    a, b, c = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)
    for t in range(len(values)):
        age = seen + t
        value = values[t]
        late = average(age, slow, b, late, value)
        if age >= slow - fast:  # so that both begin at the same bar
            quick = average(age - slow + fast, fast, a, quick, value)
        if age >= slow - 1:
            smooth = average(age - slow + 1, signal, c, smooth, quick - late)
        if age >= slow + signal - 2:
            line[t] = quick - late
            smoothed[t] = smooth
            histogram[t] = quick - late - smooth
        else:
            line[t] = NAN
            smoothed[t] = NAN
            histogram[t] = NAN
    registers[0] = quick
    registers[1] = late
    registers[2] = smooth
