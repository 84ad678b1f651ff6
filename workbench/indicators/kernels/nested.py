"""Exponential averages of exponential averages; each starts when the one before has values.

The first loop of a kernel runs until all averages have begun, the second has nothing to ask.
"""

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.steps import average
from workbench.indicators.language import NAN, fused


@kernel(registers=1)
def wilder(values, window, out, registers, seen):
    mean = registers[0]
    alpha = 1.0 / window
    begun = min(len(values), max(0, window - seen))
    for t in range(begun):
        mean = average(seen + t, window, alpha, mean, values[t])
        out[t] = mean if seen + t == window - 1 else NAN
    rest = 1.0 - alpha
    alpha = 1.0 - rest
    for t in range(begun, len(values)):
        mean = fused(rest, mean, alpha * values[t])
        out[t] = mean
    registers[0] = mean


@kernel(reach=lambda bars: bars)
def led(values, bars, out):
    """Each value moved on by its change over some bars."""
    for t in range(min(bars, len(values))):
        out[t] = NAN
    for t in range(bars, len(values)):
        out[t] = values[t] + (values[t] - values[t - bars])


@kernel(registers=2)
def twice(values, window, out, registers, seen):
    one, two = registers[0], registers[1]
    alpha, lag = 2.0 / (window + 1.0), window - 1
    begun = min(len(values), max(0, 2 * lag + 1 - seen))
    for t in range(begun):
        age = seen + t
        one = average(age, window, alpha, one, values[t])
        if age >= lag:
            two = average(age - lag, window, alpha, two, one)
        out[t] = one + (one - two) if age == 2 * lag else NAN
    rest = 1.0 - alpha
    alpha = 1.0 - rest
    for t in range(begun, len(values)):
        one = fused(rest, one, alpha * values[t])
        two = fused(rest, two, alpha * one)
        out[t] = one + (one - two)
    registers[0] = one
    registers[1] = two


@kernel(registers=3)
def thrice(values, window, out, registers, seen):
    one, two, three = registers[0], registers[1], registers[2]
    alpha, lag = 2.0 / (window + 1.0), window - 1
    begun = min(len(values), max(0, 3 * lag + 1 - seen))
    for t in range(begun):
        age = seen + t
        one = average(age, window, alpha, one, values[t])
        if age >= lag:
            two = average(age - lag, window, alpha, two, one)
        if age >= 2 * lag:
            three = average(age - 2 * lag, window, alpha, three, two)
        out[t] = fused(3.0, one - two, three) if age == 3 * lag else NAN
    rest = 1.0 - alpha
    alpha = 1.0 - rest
    for t in range(begun, len(values)):
        one = fused(rest, one, alpha * values[t])
        two = fused(rest, two, alpha * one)
        three = fused(rest, three, alpha * two)
        out[t] = fused(3.0, one - two, three)
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
    a, b = 1.0 + 3.0 * (factor + square) + cube, -3.0 * (factor + 2.0 * square + cube)
    c, d = 3.0 * (square + cube), -cube
    begun = min(len(values), max(0, 6 * lag + 1 - seen))
    for t in range(begun):
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
        out[t] = a * three + b * four + (c * five + d * six) if age == 6 * lag else NAN
    rest = 1.0 - alpha
    alpha = 1.0 - rest
    for t in range(begun, len(values)):
        one = fused(rest, one, alpha * values[t])
        two = fused(rest, two, alpha * one)
        three = fused(rest, three, alpha * two)
        four = fused(rest, four, alpha * three)
        five = fused(rest, five, alpha * four)
        six = fused(rest, six, alpha * five)
        out[t] = a * three + b * four + (c * five + d * six)
    registers[0] = one
    registers[1] = two
    registers[2] = three
    registers[3] = four
    registers[4] = five
    registers[5] = six
