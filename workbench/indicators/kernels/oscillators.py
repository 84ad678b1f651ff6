"""Oscillators."""

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN, fused, maximum, where


@kernel(registers=4)
def rsi(close, window, out, registers, seen):
    gain, loss, previous, held = registers[0], registers[1], registers[2], registers[3]
    alpha = 1.0 / window
    begun = min(len(close), max(0, window + 1 - seen))
    for t in range(begun):
        age = seen + t
        change = close[t] - previous
        previous = close[t]
        if age > 0:
            gain = average(age - 1, window, alpha, gain, maximum(change, 0.0))
            loss = average(age - 1, window, alpha, loss, maximum(-change, 0.0))
        total = gain + loss
        held = where(total != 0.0, 100.0 * gain / total, 0.0)
        out[t] = held if age == window else NAN
    rest = 1.0 - alpha
    alpha = 1.0 - rest
    for t in range(begun, len(close)):
        change = close[t] - previous
        previous = close[t]
        gain = fused(rest, gain, alpha * maximum(change, 0.0))
        loss = fused(rest, loss, alpha * maximum(-change, 0.0))
        # A bar without a change moves neither share, however small both averages become.
        held = where(change == 0.0, held, 100.0 * gain / (gain + loss))
        out[t] = held
    registers[0] = gain
    registers[1] = loss
    registers[2] = previous
    registers[3] = held
