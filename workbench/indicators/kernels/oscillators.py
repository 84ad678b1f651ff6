"""Oscillators."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN, maximum, where


@kernel(registers=4)
def rsi(close, window, out, registers, seen):
    gain, loss, previous, held = registers[0], registers[1], registers[2], registers[3]
    alpha = 1.0 / window
    for t in range(len(close)):
        age = seen + t
        value = close[t]
        change = value - previous
        if age > 0:
            gain = average(age - 1, window, alpha, gain, maximum(change, 0.0))
            loss = average(age - 1, window, alpha, loss, maximum(-change, 0.0))
        if age >= window:
            total = gain + loss
            ratio = where(total != 0.0, 100.0 * gain / total, 0.0)
            # A bar without a change moves neither share, however small both averages become.
            held = where(change == 0.0, held, ratio) if age > window else ratio
            out[t] = held
        else:
            out[t] = NAN
        previous = value
    registers[0] = gain
    registers[1] = loss
    registers[2] = previous
    registers[3] = held
