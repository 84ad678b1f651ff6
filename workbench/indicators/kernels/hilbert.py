"""John Ehlers's Hilbert transform: the period of the cycle in the prices, and where it stands.

A kernel keeps in its registers four lines of the last 64 bars and a few single values. `advance`
moves them by one bar; everything else reads them.
"""

from __future__ import annotations

import math

from workbench.indicators.jit import kernel
from workbench.indicators.language import (
    NAN,
    absolute,
    atan,
    cos,
    floor,
    fused,
    maximum,
    minimum,
    sin,
    step,
    where,
)

PRICE, SMOOTH, DETRENDED, QUADRATURE = 0, 64, 128, 192  # lines
I2, Q2, REAL, IMAGINARY, PERIOD, SMOOTH_PERIOD = 256, 257, 258, 259, 260, 261
OWN = 262  # the first register of a kernel's own

EARLY, EARLY_OUT = 12, 32  # the bars that TA-Lib begins at, and the first that it shows
LATE, LATE_OUT = 37, 63
LONGEST = 50  # bars of a cycle
DEGREES = 180.0 / math.pi


@step
def delayed(registers, line, age, bars):
    """What a line held `bars` before."""
    return registers[line + ((age - bars) & 63)]


@step
def turned(registers, line, age, gain):
    """A line turned by a quarter of the cycle; 0 where it stands still."""
    outer = delayed(registers, line, age, 0) - delayed(registers, line, age, 6)
    inner = delayed(registers, line, age, 2) - delayed(registers, line, age, 4)
    return fused(0.0962, outer, 0.5769 * inner) * gain


@step
def advance(registers, age, price):
    """The lines and the period of the cycle, one bar on."""
    slot, period = age & 63, registers[PERIOD]
    gain = fused(0.075, period, 0.54)
    registers[PRICE + slot] = price
    older = 2.0 * delayed(registers, PRICE, age, 2) + delayed(registers, PRICE, age, 3)
    smooth = (4.0 * price + (3.0 * delayed(registers, PRICE, age, 1) + older)) * 0.1
    registers[SMOOTH + slot] = smooth
    registers[DETRENDED + slot] = turned(registers, SMOOTH, age, gain)
    quadrature = turned(registers, DETRENDED, age, gain)
    registers[QUADRATURE + slot] = quadrature
    i2 = delayed(registers, DETRENDED, age, 3) - turned(registers, QUADRATURE, age, gain)
    q2 = quadrature + turned(registers, DETRENDED, age - 3, gain)
    i2 = 0.2 * i2 + 0.8 * registers[I2]
    q2 = 0.2 * q2 + 0.8 * registers[Q2]
    real = 0.2 * (i2 * registers[I2] + q2 * registers[Q2]) + 0.8 * registers[REAL]
    imaginary = 0.2 * (i2 * registers[Q2] - q2 * registers[I2]) + 0.8 * registers[IMAGINARY]
    known = (real != 0.0) & (imaginary != 0.0)
    found = where(known, 2.0 * math.pi / atan(imaginary / real), period)
    found = maximum(minimum(found, 1.5 * period), 0.67 * period)
    period = 0.2 * minimum(maximum(found, 6.0), 50.0) + 0.8 * period
    registers[SMOOTH_PERIOD] = 0.33 * period + 0.67 * registers[SMOOTH_PERIOD]
    registers[PERIOD] = period
    registers[I2] = i2
    registers[Q2] = q2
    registers[REAL] = real
    registers[IMAGINARY] = imaginary


@step
def phase_of(registers, age):
    """The angle of the cycle in degrees, -45 to 315, from the last period of smooth prices."""
    period = registers[SMOOTH_PERIOD]
    bars = floor(period + 0.5)
    turn = 2.0 * math.pi / maximum(bars, 1.0)
    across, along = sin(turn), cos(turn)
    newest = delayed(registers, SMOOTH, age, 0)
    real, imaginary = 0.0 * newest, 0.0 * newest
    for bar in range(LONGEST - 1, -1, -1):
        # Over a whole turn a constant sums to 0: without the newest price less is rounded away.
        value = where(bar < bars, delayed(registers, SMOOTH, age, bar) - newest, 0.0)
        moved = fused(along, imaginary, fused(-across, real, value))
        real = fused(along, real, across * imaginary)
        imaginary = moved
    flat = where(real > 0.0, 90.0, where(real < 0.0, -90.0, 0.0))
    angle = where(imaginary == 0.0, flat, atan(real / imaginary) * DEGREES)
    angle = angle + 90.0 + 360.0 / period + where(imaginary < 0.0, 180.0, 0.0)
    return angle - where(angle > 315.0, 360.0, 0.0)


@step
def trend_of(registers, age, own):
    """The mean price of the last period, smoothed; it keeps three of them from `own` on."""
    bars = floor(registers[SMOOTH_PERIOD] + 0.5)
    even, odd = 0.0 * bars, 0.0 * bars
    for bar in range(0, LONGEST, 2):  # two sums at a time: one waits less for the other
        even = even + where(bar < bars, delayed(registers, PRICE, age, bar), 0.0)
        odd = odd + where(bar + 1 < bars, delayed(registers, PRICE, age, bar + 1), 0.0)
    mean = (even + odd) / maximum(bars, 1.0)
    older = 2.0 * registers[own + 1] + registers[own + 2]
    registers[own + 2] = registers[own + 1]
    line = (4.0 * mean + (3.0 * registers[own] + older)) * 0.1
    registers[own + 1] = registers[own]
    registers[own] = mean
    return line


@kernel(registers=OWN)
def cycle_period(close, out, registers, seen):
    for t in range(len(close)):
        age = seen + t
        registers[PRICE + (age & 63)] = close[t]
        if age >= EARLY:
            advance(registers, age, close[t])
        out[t] = registers[SMOOTH_PERIOD] if age >= EARLY_OUT else NAN


@kernel(outputs=2, registers=OWN)
def phasor(close, in_phase, quadrature, registers, seen):
    for t in range(len(close)):
        age = seen + t
        registers[PRICE + (age & 63)] = close[t]
        if age >= EARLY:
            advance(registers, age, close[t])
        in_phase[t] = delayed(registers, DETRENDED, age, 3) if age >= EARLY_OUT else NAN
        quadrature[t] = delayed(registers, QUADRATURE, age, 0) if age >= EARLY_OUT else NAN


@kernel(registers=OWN)
def cycle_phase(close, out, registers, seen):
    for t in range(len(close)):
        age = seen + t
        registers[PRICE + (age & 63)] = close[t]
        if age >= LATE:
            advance(registers, age, close[t])
        out[t] = phase_of(registers, age) if age >= LATE_OUT else NAN


@kernel(outputs=2, registers=OWN)
def sine_wave(close, sine, lead, registers, seen):
    for t in range(len(close)):
        age = seen + t
        registers[PRICE + (age & 63)] = close[t]
        if age >= LATE:
            advance(registers, age, close[t])
        if age >= LATE_OUT:
            angle = phase_of(registers, age)
            sine[t] = sin(angle / DEGREES)
            lead[t] = sin((angle + 45.0) / DEGREES)
        else:
            sine[t] = NAN
            lead[t] = NAN


@kernel(registers=OWN + 3)
def trend_line(close, out, registers, seen):
    for t in range(len(close)):
        age = seen + t
        registers[PRICE + (age & 63)] = close[t]
        out[t] = NAN
        if age >= LATE:
            advance(registers, age, close[t])
            line = trend_of(registers, age, OWN)
            if age >= LATE_OUT:
                out[t] = line


@kernel(registers=OWN + 7)
def trend_mode(close, out, registers, seen):
    days, phase = registers[OWN + 3], registers[OWN + 4]
    sine, lead = registers[OWN + 5], registers[OWN + 6]
    for t in range(len(close)):
        age = seen + t
        registers[PRICE + (age & 63)] = close[t]
        out[t] = NAN
        if age >= LATE:
            advance(registers, age, close[t])
            line = trend_of(registers, age, OWN)
            period = registers[SMOOTH_PERIOD]
            angle = phase_of(registers, age)
            wave, ahead = sin(angle / DEGREES), sin((angle + 45.0) / DEGREES)
            crossed = ((wave > ahead) & (sine <= lead)) | ((wave < ahead) & (sine >= lead))
            days = where(crossed, 0.0, days) + 1.0
            pace = (angle - phase) * period / 360.0  # 1 where the phase goes as the cycle does
            cycle = crossed | (days < 0.5 * period) | ((pace > 0.67) & (pace < 1.5))
            away = absolute((delayed(registers, SMOOTH, age, 0) - line) / line)
            far = (line != 0.0) & (away >= 0.015)
            sine, lead, phase = wave, ahead, angle
            if age >= LATE_OUT:
                out[t] = where(far, 1.0, where(cycle, 0.0, 1.0))
    registers[OWN + 3] = days
    registers[OWN + 4] = phase
    registers[OWN + 5] = sine
    registers[OWN + 6] = lead


@kernel(outputs=2, registers=OWN + 3)
def mesa(close, fast, slow, quick, late, registers, seen):
    """Ehlers's MESA averages: fast where the phase goes back, slower the more it goes on."""
    mean, following, angle = registers[OWN], registers[OWN + 1], registers[OWN + 2]
    for t in range(len(close)):
        age, price = seen + t, close[t]
        registers[PRICE + (age & 63)] = price
        if age >= EARLY:
            advance(registers, age, price)
            in_phase = delayed(registers, DETRENDED, age, 3)
            arc = atan(delayed(registers, QUADRATURE, age, 0) / in_phase) * DEGREES
            arc = where(in_phase == 0.0, 0.0, arc)
            passed = maximum(angle - arc, 1.0)
            angle = arc
            alpha = where(passed > 1.0, maximum(fast / passed, slow), fast)
            mean = fused(alpha, price - mean, mean)
            following = fused(0.5 * alpha, mean - following, following)
        quick[t] = mean if age >= EARLY_OUT else NAN
        late[t] = following if age >= EARLY_OUT else NAN
    registers[OWN] = mean
    registers[OWN + 1] = following
    registers[OWN + 2] = angle
