"""Wilder's directional movement: how much farther bars reach up, and how much farther down.

His sums give up a part of themselves with each bar. The index of both sums needs no true range,
which cancels. A bar that moves nothing leaves the quotients of the sums as they were, however
small the sums become.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average, true_range
from workbench.indicators.language import NAN, absolute, fused, step, where


@step
def directed(ahead, behind):
    """A movement where it is one and the greater one, else 0."""
    return where((ahead > 0.0) & (ahead > behind), ahead, 0.0)


@step
def wilder_sum(age, window, rest, total, value):
    """The sum of the first `window` - 1 values, then it keeps `rest` of itself at each bar."""
    return fused(rest, total, value) if age >= window else total + value


@kernel(registers=3)
def movement(high, low, window, upward, out, registers, seen):
    total, previous_high, previous_low = registers[0], registers[1], registers[2]
    rest = 1.0 - 1.0 / window
    first = max(window - 1, 1)
    for t in range(len(high)):
        age = seen + t
        if age > 0:
            up, down = high[t] - previous_high, previous_low - low[t]
            moved = directed(up, down) if upward else directed(down, up)
            total = wilder_sum(age, window, rest, total, moved)
        out[t] = total if age >= first else NAN
        previous_high, previous_low = high[t], low[t]
    registers[0] = total
    registers[1] = previous_high
    registers[2] = previous_low


@kernel(registers=6)
def indicator(high, low, close, window, upward, out, registers, seen):
    """A movement in per cent of the true range."""
    total, spread, held = registers[0], registers[1], registers[2]
    previous_high, previous_low, previous = registers[3], registers[4], registers[5]
    rest = 1.0 - 1.0 / window
    for t in range(len(high)):
        age = seen + t
        if age > 0:
            up, down = high[t] - previous_high, previous_low - low[t]
            moved = directed(up, down) if upward else directed(down, up)
            total = wilder_sum(age, window, rest, total, moved)
            wide = true_range(high[t], low[t], previous)
            spread = wilder_sum(age, window, rest, spread, wide)
            still = held if window > 1 else 0.0
            held = where(wide == 0.0, still, 100.0 * total / spread)
        out[t] = held if age >= window else NAN
        previous_high, previous_low, previous = high[t], low[t], close[t]
    registers[0] = total
    registers[1] = spread
    registers[2] = held
    registers[3] = previous_high
    registers[4] = previous_low
    registers[5] = previous


@kernel(registers=5)
def index(high, low, window, out, registers, seen):
    plus, minus, held = registers[0], registers[1], registers[2]
    previous_high, previous_low = registers[3], registers[4]
    rest = 1.0 - 1.0 / window
    for t in range(len(high)):
        age = seen + t
        if age > 0:
            up, down = high[t] - previous_high, previous_low - low[t]
            rise, fall = directed(up, down), directed(down, up)
            plus = wilder_sum(age, window, rest, plus, rise)
            minus = wilder_sum(age, window, rest, minus, fall)
            share = 100.0 * absolute(plus - minus) / (plus + minus)
            held = where(rise + fall == 0.0, held, share)
        out[t] = held if age >= window else NAN
        previous_high, previous_low = high[t], low[t]
    registers[0] = plus
    registers[1] = minus
    registers[2] = held
    registers[3] = previous_high
    registers[4] = previous_low


@kernel(registers=6)
def average_index(high, low, window, out, registers, seen):
    plus, minus, held = registers[0], registers[1], registers[2]
    previous_high, previous_low, mean = registers[3], registers[4], registers[5]
    alpha = 1.0 / window
    rest = 1.0 - alpha
    for t in range(len(high)):
        age = seen + t
        if age > 0:
            up, down = high[t] - previous_high, previous_low - low[t]
            rise, fall = directed(up, down), directed(down, up)
            plus = wilder_sum(age, window, rest, plus, rise)
            minus = wilder_sum(age, window, rest, minus, fall)
            share = 100.0 * absolute(plus - minus) / (plus + minus)
            held = where(rise + fall == 0.0, held, share)
        if age >= window:
            mean = average(age - window, window, alpha, mean, held)
        out[t] = mean if age >= 2 * window - 1 else NAN
        previous_high, previous_low = high[t], low[t]
    registers[0] = plus
    registers[1] = minus
    registers[2] = held
    registers[3] = previous_high
    registers[4] = previous_low
    registers[5] = mean


@kernel(outputs=3, registers=10)
def system(high, low, close, window, strength, upward, downward, registers, seen):
    """The average index and both indicators at once."""
    plus, minus, spread = registers[0], registers[1], registers[2]
    held, held_plus, held_minus = registers[3], registers[4], registers[5]
    previous_high, previous_low, previous = registers[6], registers[7], registers[8]
    mean = registers[9]
    alpha = 1.0 / window
    rest = 1.0 - alpha
    for t in range(len(high)):
        age = seen + t
        if age > 0:
            up, down = high[t] - previous_high, previous_low - low[t]
            rise, fall = directed(up, down), directed(down, up)
            plus = wilder_sum(age, window, rest, plus, rise)
            minus = wilder_sum(age, window, rest, minus, fall)
            wide = true_range(high[t], low[t], previous)
            spread = wilder_sum(age, window, rest, spread, wide)
            share = 100.0 * absolute(plus - minus) / (plus + minus)
            held = where(rise + fall == 0.0, held, share)
            held_plus = where(wide == 0.0, held_plus, 100.0 * plus / spread)
            held_minus = where(wide == 0.0, held_minus, 100.0 * minus / spread)
        if age >= window:
            mean = average(age - window, window, alpha, mean, held)
        strength[t] = mean if age >= 2 * window - 1 else NAN
        upward[t] = held_plus if age >= window else NAN
        downward[t] = held_minus if age >= window else NAN
        previous_high, previous_low, previous = high[t], low[t], close[t]
    registers[0] = plus
    registers[1] = minus
    registers[2] = spread
    registers[3] = held
    registers[4] = held_plus
    registers[5] = held_minus
    registers[6] = previous_high
    registers[7] = previous_low
    registers[8] = previous
    registers[9] = mean


@kernel(reach=lambda window: window - 1)
def halfway(values, window, out):
    """Between a value and the one `window` - 1 bars before."""
    for t in range(len(values)):
        out[t] = (values[t] + values[t - window + 1]) * 0.5 if t >= window - 1 else NAN
