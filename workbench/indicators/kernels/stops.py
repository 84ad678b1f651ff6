"""Stops that trail the price and turn over when it breaks through them."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average, true_range
from workbench.indicators.language import NAN, maximum, minimum, where

LONG = 1.0
SHORT = -1.0


@kernel(registers=6)
def parabolic(
    high, low, start, offset, first_long, step_long, most_long,
    first_short, step_short, most_short, signed, out, registers, seen,
):  # fmt: skip
    """Wilder's stop. A short position is a long one on the negative prices: one rule for both."""
    side, stop, extreme = registers[0], registers[1], registers[2]
    speed, previous_high, previous_low = registers[3], registers[4], registers[5]
    for t in range(len(high)):
        age = seen + t
        top, bottom = high[t], low[t]
        if age == 0:
            out[t] = NAN
        else:
            if age == 1:
                fall, rise = previous_low - bottom, top - previous_high
                side = where((fall > 0.0) & (fall > rise), SHORT, LONG)
                stop = where(side > 0.0, previous_low, -previous_high)
                if start > 0.0:
                    side, stop = LONG, start
                if start < 0.0:
                    side, stop = SHORT, start
                extreme = where(side > 0.0, top, -bottom)
                speed = where(side > 0.0, first_long, first_short)
                previous_high, previous_low = top, bottom
            hit = where(side > 0.0, bottom, -top) <= stop
            side = where(hit, -side, side)
            long = side > 0.0
            near = where(long, bottom, -top)
            far = where(long, top, -bottom)
            bound = minimum(near, where(long, previous_low, -previous_high))
            turned = minimum(-extreme, bound)
            stop = where(hit, turned - turned * (side * offset), stop)
            if signed:
                out[t] = stop
            else:
                out[t] = side * stop
            quicker = speed + where(long, step_long, step_short)
            quicker = minimum(quicker, where(long, most_long, most_short))
            quicker = where(far > extreme, quicker, speed)
            speed = where(hit, where(long, first_long, first_short), quicker)
            extreme = where(hit, far, maximum(far, extreme))
            stop = minimum(stop + speed * (extreme - stop), bound)
        previous_high, previous_low = top, bottom
    registers[0] = side
    registers[1] = stop
    registers[2] = extreme
    registers[3] = speed
    registers[4] = previous_high
    registers[5] = previous_low


@kernel(outputs=2, registers=5)
def supertrend(high, low, close, window, factor, line, direction, registers, seen):
    spread, previous = registers[0], registers[1]
    upper, lower, side = registers[2], registers[3], registers[4]
    alpha = 1.0 / window
    for t in range(len(close)):
        age = seen + t
        value = close[t]
        if age > 0:
            moved = true_range(high[t], low[t], previous)
            spread = average(age - 1, window, alpha, spread, moved)
        if age >= window:
            middle = (high[t] + low[t]) * 0.5
            above, below = middle + factor * spread, middle - factor * spread
            if age == window:
                upper, lower, side = above, below, LONG
            else:
                upper = where((above < upper) | (previous > upper), above, upper)
                lower = where((below > lower) | (previous < lower), below, lower)
                broken = where(side > 0.0, lower - value, value - upper) > 0.0
                side = where(broken, -side, side)
            line[t] = where(side > 0.0, lower, upper)
            direction[t] = side
        else:
            line[t] = NAN
            direction[t] = NAN
        previous = value
    registers[0] = spread
    registers[1] = previous
    registers[2] = upper
    registers[3] = lower
    registers[4] = side
