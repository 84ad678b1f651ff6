"""How far prices move within and between bars."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average, true_range
from workbench.indicators.language import NAN


@kernel(registers=2)
def atr(high, low, close, window, out, registers, seen):
    mean, previous = registers[0], registers[1]
    alpha = 1.0 / window
    for t in range(len(close)):
        age = seen + t
        if age > 0:
            mean = average(age - 1, window, alpha, mean, true_range(high[t], low[t], previous))
        out[t] = mean if age >= window else NAN
        previous = close[t]
    registers[0] = mean
    registers[1] = previous
