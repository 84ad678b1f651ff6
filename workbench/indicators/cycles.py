"""Cycles after John Ehlers: how long they last, where they stand, and what trends without them."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import hilbert
from workbench.indicators.record import Allowed, Drawn, Price, indicator, settling

EHLERS = "John Ehlers, Rocket Science for Traders (2001)"
FORGOTTEN = 600
"""Bars after which the cycle's period no longer shows where the bars began."""

Bars = Annotated[Floats, Drawn("bars")]
Degrees = Annotated[Floats, Drawn("degrees")]
Wave = Annotated[Floats, Drawn("ratio")]
Flag = Annotated[Floats, Drawn("0 or 1", mark="bar")]
Limit = Annotated[float, Allowed(0.01, 0.99)]


class Mama(NamedTuple):
    """The adaptive average and the one that follows it."""

    mama: Price
    fama: Price


@indicator(
    "MESA adaptive moving average",
    group="overlap",
    pane="price",
    warm_up=lambda fast, slow: 32,  # noqa: ARG005
    stable_after=lambda fast, slow: (
        FORGOTTEN + settling(min(fast, slow)) + settling(min(fast, slow) / 2)
    ),
    source="TA-Lib MAMA; John Ehlers, MESA Adaptive Moving Averages (2001)",
)
def mama(close: Floats, /, *, fast: Limit = 0.5, slow: Limit = 0.05) -> Mama:
    """MESA adaptive moving averages: `mama` and the following `fama`, in the unit of `close`.

    Formula (TA-Lib MAMA): m[t] = m[t-1] + (x[t] - m[t-1]) · a, f[t] = f[t-1] +
    (m[t] - f[t-1]) · a / 2; a = fast / the degrees by which the phase of the cycle fell, at least
    `slow`, and fast where it fell by no more than 1. As in TA-Lib both begin at 0 on bar 12 and
    come up from there. Warm-up: 32 NaN. Shape: a Series gives a frame of two columns, a wide frame
    (output, symbol) columns, an array a named tuple of arrays like it; float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> mama(np.full(100, 5.0)).mama[[31, -1]].round(6)
    array([nan,  5.])
    """
    return Mama(*hilbert.mesa(close, fast, slow))


@indicator(
    "Hilbert transform: instantaneous trend line",
    group="overlap",
    pane="price",
    warm_up=lambda: 63,
    stable_after=lambda: FORGOTTEN,
    source=f"TA-Lib HT_TRENDLINE; {EHLERS}",
)
def ht_trendline(close: Floats, /) -> Price:
    """Ehlers's instantaneous trend line, in the unit of `close`.

    Formula (TA-Lib HT_TRENDLINE): the mean of the closes of one dominant cycle, which takes the
    cycle out, smoothed over four bars with the weights 4, 3, 2, 1. Warm-up: 63 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the transform passes over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> ht_trendline(np.full(65, 5.0))[-3:]
    array([nan,  5.,  5.])
    """
    return hilbert.trend_line(close)


@indicator(
    "Hilbert transform: dominant cycle period",
    group="cycle",
    warm_up=lambda: 32,
    stable_after=lambda: FORGOTTEN,
    source=f"TA-Lib HT_DCPERIOD; {EHLERS}",
)
def ht_dcperiod(close: Floats, /) -> Bars:
    """The period of the dominant cycle, in bars, 6 to 50 once it has settled.

    Formula (TA-Lib HT_DCPERIOD): 360° / the change of the phase from bar to bar, bound to 0.67 and
    1.5 times the one before and smoothed twice. Warm-up: 32 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the transform passes over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> bars = np.arange(300)
    >>> ht_dcperiod(100 + np.sin(2 * np.pi * bars / 20))[-2:].round()
    array([20., 20.])
    """
    return hilbert.cycle_period(close)


@indicator(
    "Hilbert transform: dominant cycle phase",
    group="cycle",
    value_range=(-45.0, 315.0),
    warm_up=lambda: 63,
    stable_after=lambda: FORGOTTEN,
    source=f"TA-Lib HT_DCPHASE; {EHLERS}",
)
def ht_dcphase(close: Floats, /) -> Degrees:
    """The phase of the dominant cycle, in degrees from -45 to 315.

    Formula (TA-Lib HT_DCPHASE): the angle of the last period of smoothed prices against one turn,
    90° + 360° / period on; that angle is 0° where prices stand still (TA-Lib's is then rounding
    noise). Warm-up: 63 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the transform passes over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> bars = np.arange(300)
    >>> np.diff(ht_dcphase(100 + np.sin(2 * np.pi * bars / 20))[-2:]).round()
    array([18.])
    """
    return hilbert.cycle_phase(close)


class Phasor(NamedTuple):
    """The cycle and the cycle a quarter of a turn on."""

    inphase: Price
    quadrature: Price


@indicator(
    "Hilbert transform: phasor components",
    group="cycle",
    levels=(0.0,),
    warm_up=lambda: 32,
    stable_after=lambda: FORGOTTEN,
    source=f"TA-Lib HT_PHASOR; {EHLERS}",
)
def ht_phasor(close: Floats, /) -> Phasor:
    """The phasor of the dominant cycle: `inphase` and `quadrature`, in the unit of `close`.

    Formula (TA-Lib HT_PHASOR): the smoothed price without its trend, three bars late, and the same
    turned by a quarter. Warm-up: 32 NaN. Shape: a Series gives a frame of two columns, a wide
    frame (output, symbol) columns, an array a named tuple of arrays like it; float64.
    Gaps: NaN on a missing bar, which the transform passes over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> ht_phasor(np.full(50, 5.0)).inphase[-2:]
    array([0., 0.])
    """
    return Phasor(*hilbert.phasor(close))


class SineWave(NamedTuple):
    """The sine of the phase, and that of the phase 45 degrees on."""

    sine: Wave
    leadsine: Wave


@indicator(
    "Hilbert transform: sine wave",
    group="cycle",
    value_range=(-1.0, 1.0),
    levels=(0.0,),
    warm_up=lambda: 63,
    stable_after=lambda: FORGOTTEN,
    source=f"TA-Lib HT_SINE; {EHLERS}",
)
def ht_sine(close: Floats, /) -> SineWave:
    """The sine wave of the dominant cycle: `sine` and `leadsine`, from -1 to 1.

    Formula (TA-Lib HT_SINE): the sine of `ht_dcphase`, and of it plus 45°. Warm-up: 63 NaN.
    Shape: a Series gives a frame of two columns, a wide frame (output, symbol) columns, an array a
    named tuple of arrays like it; float64.
    Gaps: NaN on a missing bar, which the transform passes over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> bool(np.nanmax(ht_sine(np.sin(np.arange(200) / 3)).sine) <= 1)
    True
    """
    return SineWave(*hilbert.sine_wave(close))


@indicator(
    "Hilbert transform: trend or cycle",
    group="cycle",
    value_range=(0.0, 1.0),
    warm_up=lambda: 63,
    stable_after=lambda: FORGOTTEN,
    source=f"TA-Lib HT_TRENDMODE; {EHLERS}",
)
def ht_trendmode(close: Floats, /) -> Flag:
    """Whether the market trends, 1, or cycles, 0.

    Formula (TA-Lib HT_TRENDMODE): 0 where the lines of `ht_sine` crossed within half a period, or
    where the phase went on at 0.67 to 1.5 times the pace of the cycle; 1 otherwise, and wherever
    the smoothed price is 1.5 % or more away from `ht_trendline`. Warm-up: 63 NaN. 1 where prices
    stand still (TA-Lib's answer is then rounding noise).
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the transform passes over.
    Raises InputError for a wrong input.

    >>> import numpy as np
    >>> ht_trendmode(1.02 ** np.arange(66.0))[-4:]
    array([nan,  1.,  1.,  1.])
    """
    return hilbert.trend_mode(close)
