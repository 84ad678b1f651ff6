"""The ranges of bars, and what is made of them."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.rolling import before
from workbench.indicators.kernels.steps import average, true_range
from workbench.indicators.language import NAN, where, workspace


@kernel(reach=lambda: 1)
def true_ranges(high, low, close, out):
    out[0] = NAN
    for t in range(1, len(close)):
        out[t] = true_range(high[t], low[t], close[t - 1])


@kernel(reach=before)
def mean_range(high, low, window, out):
    bars = len(high)
    size = min(window, bars)
    scale = 1.0 / window
    suffix = workspace(high, size + 1)
    for p in range(size + 1):
        suffix[p] = 0.0
    for start in range(0, bars, window):
        prefix = 0.0
        for t in range(start, min(start + window, bars)):
            prefix = prefix + (high[t] - low[t])
            out[t] = (suffix[t - start + 1] + prefix) * scale
        total = 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            total = total + (high[start + p] - low[start + p])
            suffix[p] = total
    for t in range(min(window - 1, bars)):
        out[t] = NAN


@kernel(registers=1)
def smooth_range(high, low, window, out, registers, seen):
    mean = registers[0]
    alpha = 2.0 / (window + 1.0)
    for t in range(len(high)):
        mean = average(seen + t, window, alpha, mean, high[t] - low[t])
        out[t] = mean if seen + t >= window - 1 else NAN
    registers[0] = mean


@kernel(reach=lambda bars: bars)
def growth(values, bars, out):
    """In per cent; 0 where the value `bars` ago is 0."""
    for t in range(len(values)):
        if t < bars:
            out[t] = NAN
        else:
            earlier = values[t - bars]
            out[t] = where(earlier == 0.0, 0.0, 100.0 * (values[t] - earlier) / earlier)


@kernel(registers=2)
def natr(high, low, close, window, out, registers, seen):
    mean, previous = registers[0], registers[1]
    alpha = 1.0 / window
    for t in range(len(close)):
        age = seen + t
        if age > 0:
            mean = average(age - 1, window, alpha, mean, true_range(high[t], low[t], previous))
        previous = close[t]
        out[t] = where(previous == 0.0, 0.0, 100.0 * mean / previous) if age >= window else NAN
    registers[0] = mean
    registers[1] = previous


@kernel(registers=2)
def bulge(high, low, window, out, registers, seen):
    """The average range of the bars over the average of that average; 1 where both are 0."""
    mean, smooth = registers[0], registers[1]
    alpha = 2.0 / (window + 1.0)
    for t in range(len(high)):
        age = seen + t
        mean = average(age, window, alpha, mean, high[t] - low[t])
        if age >= window - 1:
            smooth = average(age - window + 1, window, alpha, smooth, mean)
        if age >= 2 * window - 2:
            out[t] = where(smooth == 0.0, 1.0, mean / smooth)
        else:
            out[t] = NAN
    registers[0] = mean
    registers[1] = smooth


@kernel(registers=2)
def upward_share(change, deviation, window, out, registers, seen):
    """The part of the deviations, in points, that came with rises; 50 where there were none."""
    up, down = registers[0], registers[1]
    alpha = 1.0 / window
    for t in range(len(change)):
        age = seen + t
        up = average(age, window, alpha, up, where(change[t] > 0.0, deviation[t], 0.0))
        down = average(age, window, alpha, down, where(change[t] < 0.0, deviation[t], 0.0))
        total = up + down
        out[t] = where(total == 0.0, 50.0, 100.0 * up / total) if age >= window - 1 else NAN
    registers[0] = up
    registers[1] = down
