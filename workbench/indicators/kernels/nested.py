"""Exponential averages of exponential averages; each starts when the one before has values."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN


@kernel(registers=1)
def wilder(values, window, out, registers, seen):
    mean = registers[0]
    alpha = 1.0 / window
    for t in range(len(values)):
        mean = average(seen + t, window, alpha, mean, values[t])
        out[t] = mean if seen + t >= window - 1 else NAN
    registers[0] = mean


@kernel(reach=lambda bars: bars)
def led(values, bars, out):
    """Each value moved on by its change over some bars."""
    for t in range(len(values)):
        out[t] = values[t] + (values[t] - values[t - bars]) if t >= bars else NAN


@kernel(registers=2)
def twice(values, window, out, registers, seen):
    one, two = registers[0], registers[1]
    alpha, lag = 2.0 / (window + 1.0), window - 1
    for t in range(len(values)):
        age = seen + t
        one = average(age, window, alpha, one, values[t])
        if age >= lag:
            two = average(age - lag, window, alpha, two, one)
        out[t] = one + (one - two) if age >= 2 * lag else NAN
    registers[0] = one
    registers[1] = two


@kernel(registers=3)
def thrice(values, window, out, registers, seen):
    one, two, three = registers[0], registers[1], registers[2]
    alpha, lag = 2.0 / (window + 1.0), window - 1
    for t in range(len(values)):
        age = seen + t
        one = average(age, window, alpha, one, values[t])
        if age >= lag:
            two = average(age - lag, window, alpha, two, one)
        if age >= 2 * lag:
            three = average(age - 2 * lag, window, alpha, three, two)
        out[t] = three + 3.0 * (one - two) if age >= 3 * lag else NAN
    registers[0] = one
    registers[1] = two
    registers[2] = three


@kernel(registers=6)
def tillson(values, window, factor, out, registers, seen):
    one, two, three = registers[0], registers[1], registers[2]
    four, five, six = registers[3], registers[4], registers[5]
    alpha, lag = 2.0 / (window + 1.0), window - 1
    square = factor * factor
    cube = square * factor
    of_five, of_four = 3.0 * (square + cube), -3.0 * (2.0 * square + factor + cube)
    of_three = 1.0 + 3.0 * factor + cube + 3.0 * square
    for t in range(len(values)):
        age = seen + t
        one = average(age, window, alpha, one, values[t])
        if age >= lag:
            two = average(age - lag, window, alpha, two, one)
        if age >= 2 * lag:
            three = average(age - 2 * lag, window, alpha, three, two)
        if age >= 3 * lag:
            four = average(age - 3 * lag, window, alpha, four, three)
        if age >= 4 * lag:
            five = average(age - 4 * lag, window, alpha, five, four)
        if age >= 5 * lag:
            six = average(age - 5 * lag, window, alpha, six, five)
        if age >= 6 * lag:
            out[t] = of_three * three + of_four * four + (of_five * five - cube * six)
        else:
            out[t] = NAN
    registers[0] = one
    registers[1] = two
    registers[2] = three
    registers[3] = four
    registers[4] = five
    registers[5] = six
