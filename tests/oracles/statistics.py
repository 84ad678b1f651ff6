"""Statistics: TA-Lib, else each window by itself."""

from __future__ import annotations

from typing import Any

import talib

from tests.oracles import Oracle


def windows(*values: int) -> list[dict[str, int]]:
    return [{"window": value} for value in values]


def of_close(name: str, settings: Any, **laws: Any) -> Oracle:
    function = getattr(talib, name)
    return Oracle(lambda close, window: [function(close, window)], settings, talib=name, **laws)


SAME: dict[str, Any] = {"scale": "same", "shift": "same"}
SPREAD: dict[str, Any] = {"scale": "follows", "shift": "same"}

ORACLES = {
    "stddev": Oracle(
        lambda close, window, deviations: [talib.STDDEV(close, window, deviations)],
        [{"window": 2, "deviations": 1.0}, {"window": 5, "deviations": 2.5}],
        talib="STDDEV",
        **SPREAD,
    ),
    "var": of_close("VAR", windows(1, 2, 5), shift="same", least_bars=1),
    "avgdev": of_close("AVGDEV", windows(2, 3, 14), **SPREAD),
    "correl": Oracle(
        lambda close, benchmark, window: [talib.CORREL(close, benchmark, window)],
        windows(1, 2, 30),
        talib="CORREL",
        least_bars=1,
        shift="same",
    ),
    "beta": Oracle(
        lambda close, benchmark, window: [talib.BETA(benchmark, close, window)],
        windows(1, 2, 5),
        scale="same",
        span=1.0,
        talib="BETA",
    ),
}
