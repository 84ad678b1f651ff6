"""Volume that flows with the price, from the first bar on."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.language import NAN, where


@kernel(registers=1)
def running(values, out, registers, seen):  # noqa: ARG001
    """The sum of all values so far."""
    total = registers[0]
    for t in range(len(values)):
        total = total + values[t]
        out[t] = total
    registers[0] = total


@kernel(registers=2)
def balance(close, volume, out, registers, seen):
    total, previous = registers[0], registers[1]
    for t in range(len(close)):
        if seen + t == 0:
            total, previous = volume[t], close[t]  # the first volume counts as bought
        if seen + t > 0:
            rise = where(close[t] > previous, volume[t], 0.0)
            total = total + where(close[t] < previous, -volume[t], rise)
        out[t] = total
        previous = close[t]
    registers[0] = total
    registers[1] = previous


@kernel(registers=2)
def trend(close, volume, out, registers, seen):
    total, previous = registers[0], registers[1]
    for t in range(len(close)):
        change = volume[t] * ((close[t] - previous) / previous)
        if seen + t > 0:
            total = total + where(previous == 0.0, 0.0, change)
        out[t] = total
        previous = close[t]
    registers[0] = total
    registers[1] = previous


@kernel(registers=3)
def index(close, volume, side, out, registers, seen):
    """1000 at first; follows the price where the volume rises (1) or falls (-1)."""
    level, previous, traded = registers[0], registers[1], registers[2]
    for t in range(len(close)):
        if seen + t == 0:
            level, previous, traded = 0.0 * close[t] + 1000.0, close[t], volume[t]
        follows = ((volume[t] - traded) * side > 0.0) & (previous != 0.0)
        change = level * ((close[t] - previous) / previous)
        level = level + where(follows, change, 0.0)
        out[t] = level
        previous, traded = close[t], volume[t]
    registers[0] = level
    registers[1] = previous
    registers[2] = traded


@kernel(registers=2)
def oscillation(values, fast, slow, out, registers, seen):
    """A fast exponential average less a slow one, both begun at the first value."""
    quick, late = registers[0], registers[1]
    a, b = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    for t in range(len(values)):
        if seen + t == 0:
            quick, late = values[t], values[t]
        quick = quick + a * (values[t] - quick)
        late = late + b * (values[t] - late)
        out[t] = quick - late if seen + t >= max(fast, slow) - 1 else NAN
    registers[0] = quick
    registers[1] = late


@kernel(registers=3)
def session_mean(values, weights, session, out, registers, seen):  # noqa: ARG001
    """The weighted mean of a session so far; the value itself while there is no weight."""
    number, worth, shares = registers[0], registers[1], registers[2]
    for t in range(len(values)):
        begins = session[t] != number
        worth = where(begins, 0.0, worth) + values[t] * weights[t]
        shares = where(begins, 0.0, shares) + weights[t]
        out[t] = where(shares == 0.0, values[t], worth / shares)
        number = session[t]
    registers[0] = number
    registers[1] = worth
    registers[2] = shares


@kernel(registers=3)
def anchored_mean(values, weights, anchor, out, registers, seen):  # noqa: ARG001
    """The weighted mean since the last anchor; NaN before the first."""
    begun, worth, shares = registers[0], registers[1], registers[2]
    for t in range(len(values)):
        begins = anchor[t] != 0.0
        worth = where(begins, 0.0, worth) + values[t] * weights[t]
        shares = where(begins, 0.0, shares) + weights[t]
        begun = where(begins, 1.0, begun)
        mean = where(shares == 0.0, values[t], worth / shares)
        out[t] = where(begun > 0.0, mean, NAN)
    registers[0] = begun
    registers[1] = worth
    registers[2] = shares
