"""Cycles: TA-Lib, but for prices that never move, whose phase it takes from rounding errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import talib

from tests.oracles import Oracle

FLAT = {"prices that stand still": "TA-Lib's answer is rounding noise; ours is that of a sum of 0"}


def still_phase(close: Any) -> Any:
    """The phase where the sum over a turn is 0: 90° and one bar of the period on.

    `HT_DCPERIOD` begins 25 bars earlier than `HT_DCPHASE`; on a constant that is all there is
    between their periods.
    """
    phase = np.full(len(close), np.nan)
    phase[63:] = 90 + 360 / talib.HT_DCPERIOD(close)[63 - 25 : len(close) - 25]
    return np.where(phase > 315, phase - 360, phase)


def unless_still(
    function: Callable[[Any], Sequence[Any]], still: Callable[[Any], Sequence[Any]]
) -> Callable[[Any], Sequence[Any]]:
    return lambda close: still(close) if np.ptp(close) == 0 else function(close)


def sines(close: Any) -> list[Any]:
    return [np.sin(np.radians(still_phase(close) + ahead)) for ahead in (0, 45)]


def after_63(flags: Any) -> Any:
    return np.where(np.arange(len(flags)) < 63, np.nan, flags)


ORACLES = {
    "mama": Oracle(
        lambda close, fast, slow: talib.MAMA(close, fast, slow),
        [{"fast": 0.5, "slow": 0.05}, {"fast": 0.3, "slow": 0.3}, {"fast": 0.99, "slow": 0.1}],
        scale="follows",
        talib="MAMA",
    ),
    "ht_trendline": Oracle(
        lambda close: [talib.HT_TRENDLINE(close)], [{}], scale="follows", talib="HT_TRENDLINE"
    ),
    "ht_dcperiod": Oracle(
        lambda close: [talib.HT_DCPERIOD(close)],
        [{}],
        scale="same",
        span=50.0,
        talib="HT_DCPERIOD",
    ),
    "ht_dcphase": Oracle(
        unless_still(lambda close: [talib.HT_DCPHASE(close)], lambda close: [still_phase(close)]),
        [{}],
        scale="same",
        talib="HT_DCPHASE",
        notes=FLAT,
    ),
    "ht_phasor": Oracle(talib.HT_PHASOR, [{}], scale="follows", talib="HT_PHASOR"),
    "ht_sine": Oracle(
        unless_still(talib.HT_SINE, sines), [{}], scale="same", talib="HT_SINE", notes=FLAT
    ),
    "ht_trendmode": Oracle(
        unless_still(
            lambda close: [after_63(talib.HT_TRENDMODE(close))],
            lambda close: [after_63(np.ones(len(close)))],
        ),
        [{}],
        scale="same",
        talib="HT_TRENDMODE",
        notes=FLAT,
    ),
}
