"""What kernels share: one bar's work each."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.language import fused, maximum, minimum, step


@step
def average(age, window, alpha, mean, value):
    """An exponential average that starts as the mean of its first `window` values.

    Before that it is their sum; `age` counts the values before this one.
    """
    if age >= window:
        rest = 1.0 - alpha  # and 1 - rest is exact, so that a constant stays what it is
        return fused(rest, mean, (1.0 - rest) * value)
    total = mean + value
    return total / window if age == window - 1 else total


@step
def true_range(high, low, previous):
    """The range of a bar together with the close before it."""
    return maximum(high, previous) - minimum(low, previous)
