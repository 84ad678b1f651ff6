"""Averages that go faster where the price has a direction."""

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import (
    NAN,
    absolute,
    exp,
    fused,
    log,
    maximum,
    minimum,
    where,
    workspace,
)


@kernel(reach=lambda window: window)
def efficiency(values, window, out):
    """The way over `window` bars by the path along them; 1 where it stands, and one bar early."""
    bars = len(values)
    size = min(window, bars)
    suffix = workspace(values, size + 1)
    for p in range(size + 1):
        suffix[p] = 0.0
    for t in range(size):
        out[t] = 1.0 if t == window - 1 else NAN
    for start in range(1, bars, window):
        prefix = 0.0
        for t in range(start, min(start + window, bars)):
            prefix = prefix + absolute(values[t] - values[t - 1])
            if t >= window:
                path = suffix[t - start + 1] + prefix
                way = absolute(values[t] - values[t - window])
                out[t] = where(path > way, way / path, 1.0)
        total = 0.0
        for p in range(min(size, bars - start) - 1, 0, -1):
            total = total + absolute(values[start + p] - values[start + p - 1])
            suffix[p] = total


@kernel(registers=1)
def kaufman(values, ratio, fast, slow, out, registers, seen):
    mean = registers[0]
    least = 2.0 / (slow + 1.0)
    span = 2.0 / (fast + 1.0) - least
    if seen == 0:
        mean = values[0]
        out[0] = NAN
    for t in range(0 if seen else 1, len(values)):
        root = fused(ratio[t], span, least)
        mean = fused(root * root, values[t] - mean, mean)
        out[t] = mean
    registers[0] = mean


@kernel(registers=1)
def chande(values, ratio, window, out, registers, seen):
    mean = registers[0]
    alpha = 2.0 / (window + 1.0)
    if seen == 0:
        mean = values[0]
        out[0] = NAN
    for t in range(0 if seen else 1, len(values)):
        mean = fused(alpha * ratio[t], values[t] - mean, mean)
        out[t] = mean
    registers[0] = mean


@kernel(registers=1)
def mcginley(values, window, constant, out, registers, seen):
    mean = registers[0]
    for t in range(len(values)):
        age, value = seen + t, values[t]
        if age < window:
            total = mean + value
            mean = total / window if age == window - 1 else total
        else:
            ratio = value / mean
            square = ratio * ratio
            speed = 1.0 / (constant * window * square * square)
            moved = fused(minimum(speed, 1.0), value - mean, mean)  # never past the price
            mean = where(mean == 0.0, value, moved)
        out[t] = mean if age >= window - 1 else NAN
    registers[0] = mean


@kernel(registers=2)
def fractal(prices, older, newer, whole, out, registers, seen):
    """`older`, `newer`, `whole`: ranges of half a window each, by its length, and of both."""
    mean, dimension = registers[0], registers[1]
    for t in range(len(prices)):
        if seen + t == 0:
            mean = prices[t]
        found = log((older[t] + newer[t]) / whole[t]) * (1.0 / log(2.0))
        known = (older[t] > 0.0) & (newer[t] > 0.0) & (whole[t] > 0.0)
        dimension = where(known, found, dimension)
        alpha = exp(-4.6 * (dimension - 1.0))
        alpha = minimum(maximum(alpha, 0.01), 1.0)
        mean = fused(alpha, prices[t] - mean, mean)
        out[t] = mean
    registers[0] = mean
    registers[1] = dimension
