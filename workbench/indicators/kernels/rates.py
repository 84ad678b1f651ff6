"""How much the price, or an average of it, has changed."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN, maximum, where


@kernel(reach=lambda bars, _: bars)
def growth(values, bars, scale, out):
    """The change as a part of the value before, times `scale`."""
    for t in range(min(bars, len(values))):
        out[t] = NAN
    for t in range(bars, len(values)):
        old = values[t - bars]
        out[t] = where(old == 0.0, 0.0, scale * (values[t] - old) / old)


@kernel(reach=lambda bars, _: bars)
def multiple(values, bars, scale, out):
    """The value as a multiple of the value before, times `scale`."""
    for t in range(min(bars, len(values))):
        out[t] = NAN
    for t in range(bars, len(values)):
        old = values[t - bars]
        out[t] = where(old == 0.0, 0.0, scale * values[t] / old)


@kernel()
def balance(opening, high, low, close, out):
    for t in range(len(close)):
        spread = high[t] - low[t]
        out[t] = where(spread > 0.0, (close[t] - opening[t]) / spread, 0.0)


@kernel(registers=4)
def net_share(close, window, out, registers, seen):
    """Rises less falls as a part of both; a bar without a change moves nothing."""
    gain, loss, previous, held = registers[0], registers[1], registers[2], registers[3]
    alpha = 1.0 / window
    for t in range(len(close)):
        age = seen + t
        change = close[t] - previous
        if age > 0:
            gain = average(age - 1, window, alpha, gain, maximum(change, 0.0))
            loss = average(age - 1, window, alpha, loss, maximum(-change, 0.0))
            share = 100.0 * (gain - loss) / (gain + loss)
            held = where(change == 0.0, held, share)
        out[t] = held if age >= window else NAN
        previous = close[t]
    registers[0] = gain
    registers[1] = loss
    registers[2] = previous
    registers[3] = held


@kernel(registers=2)
def spread(values, fast, slow, percent, out, registers, seen):
    """One exponential average less another, in per cent of that one where `percent`."""
    quick, late = registers[0], registers[1]
    a, b = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    for t in range(len(values)):
        age = seen + t
        quick = average(age, fast, a, quick, values[t])
        late = average(age, slow, b, late, values[t])
        if age < slow - 1:
            out[t] = NAN
        elif percent:
            out[t] = where(late == 0.0, 0.0, 100.0 * (quick - late) / late)
        else:
            out[t] = quick - late
    registers[0] = quick
    registers[1] = late


@kernel(outputs=3, registers=3)
def fixed_macd(values, signal, line, smoothed, histogram, registers, seen):
    """Averages that begin with 12 and 26 bars, with the weights 0.15 and 0.075."""
    quick, late, smooth = registers[0], registers[1], registers[2]
    alpha = 2.0 / (signal + 1.0)
    for t in range(len(values)):
        age = seen + t
        late = average(age, 26, 0.075, late, values[t])
        if age >= 14:  # so that both begin at the same bar
            quick = average(age - 14, 12, 0.15, quick, values[t])
        if age >= 25:
            smooth = average(age - 25, signal, alpha, smooth, quick - late)
        if age >= signal + 24:
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


@kernel(registers=4)
def triple_growth(values, window, out, registers, seen):
    """The change of a threefold exponential average, in per cent."""
    first, second, third, previous = registers[0], registers[1], registers[2], registers[3]
    alpha = 2.0 / (window + 1.0)
    for t in range(len(values)):
        age = seen + t
        first = average(age, window, alpha, first, values[t])
        if age >= window - 1:
            second = average(age - window + 1, window, alpha, second, first)
        if age >= 2 * window - 2:
            third = average(age - 2 * window + 2, window, alpha, third, second)
        change = 100.0 * (third - previous) / previous
        out[t] = where(previous == 0.0, 0.0, change) if age >= 3 * window - 2 else NAN
        previous = third
    registers[0] = first
    registers[1] = second
    registers[2] = third
    registers[3] = previous
