"""Momentum: TA-Lib, its quirks at the smallest windows put right."""

from __future__ import annotations

from typing import Any

import talib

from tests.oracles import Oracle


def windows(*values: int) -> list[dict[str, int]]:
    return [{"window": value} for value in values]


def of_bars(name: str, settings: Any, **laws: Any) -> Oracle:
    """A function of high, low and close."""
    function = getattr(talib, name)
    return Oracle(
        lambda high, low, close, window: [function(high, low, close, window)],
        settings,
        talib=name,
        **laws,
    )


def of_close(name: str, settings: Any, **laws: Any) -> Oracle:
    """A function of the close."""
    function = getattr(talib, name)
    return Oracle(lambda close, window: [function(close, window)], settings, talib=name, **laws)


def in_per_cent(name: str) -> Oracle:
    """A directional indicator; of one bar, TA-Lib's is a ratio."""
    function = getattr(talib, name)

    def compute(high: Any, low: Any, close: Any, window: int) -> list[Any]:
        found = function(high, low, close, window)
        return [100 * found] if window == 1 else [found]

    return Oracle(
        compute,
        windows(1, 2, 14),
        scale="same",
        shift="same",
        talib=name,
        notes={"window=1": "TA-Lib's is then a ratio, not a percentage; ours is one"},
    )


def movement(name: str) -> Oracle:
    function = getattr(talib, name)
    return Oracle(
        lambda high, low, window: [function(high, low, window)],
        windows(1, 2, 14),
        scale="follows",
        shift="same",
        talib=name,
    )


def macdext(close: Any, fast: int, slow: int, signal: int) -> Any:
    return talib.MACDEXT(close, fast, 0, slow, 0, signal, 0)


def stoch(high: Any, low: Any, close: Any, window: int, smoothing: int, signal: int) -> Any:
    return talib.STOCH(high, low, close, window, smoothing, 0, signal, 0)


SAME: dict[str, Any] = {"scale": "same", "shift": "same"}
PAIRS = [{"fast": 2, "slow": 3}, {"fast": 5, "slow": 8}, {"fast": 12, "slow": 26}]

ORACLES = {
    "plus_dm": movement("PLUS_DM"),
    "minus_dm": movement("MINUS_DM"),
    "plus_di": in_per_cent("PLUS_DI"),
    "minus_di": in_per_cent("MINUS_DI"),
    "dx": of_bars("DX", windows(2, 14), **SAME),
    "adx": of_bars("ADX", windows(2, 14), **SAME),
    "adxr": of_bars("ADXR", windows(2, 14), **SAME),
    "dmi": Oracle(
        lambda high, low, close, window: [
            function(high, low, close, window)
            for function in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)
        ],
        windows(2, 14),
        **SAME,
    ),
    "mom": of_close("MOM", windows(1, 10), scale="follows", shift="same"),
    "roc": of_close("ROC", windows(1, 10), scale="same", span=100.0),
    "rocp": of_close("ROCP", windows(1, 10), scale="same", span=1.0),
    "rocr": of_close("ROCR", windows(1, 10), scale="same", span=1.0),
    "rocr100": of_close("ROCR100", windows(1, 10), scale="same", span=100.0),
    "cmo": of_close("CMO", windows(2, 14), **SAME),
    "trix": of_close("TRIX", windows(1, 2, 30), scale="same", span=1.0),
    "apo": Oracle(
        lambda close, fast, slow: [talib.APO(close, fast, slow, 1)],
        PAIRS,
        scale="follows",
        shift="same",
        talib="APO",
    ),
    "ppo": Oracle(
        lambda close, fast, slow: [talib.PPO(close, fast, slow, 1)],
        PAIRS,
        scale="same",
        span=100.0,
        talib="PPO",
    ),
    "macdext": Oracle(
        macdext,
        [{"fast": 2, "slow": 3, "signal": 1}, {"fast": 12, "slow": 26, "signal": 9}],
        scale="follows",
        shift="same",
        talib="MACDEXT",
    ),
    "macdfix": Oracle(
        lambda close, signal: talib.MACDFIX(close, signal),
        [{"signal": 1}, {"signal": 9}],
        scale="follows",
        shift="same",
        talib="MACDFIX",
    ),
    "stoch": Oracle(
        stoch,
        [
            {"window": 1, "smoothing": 1, "signal": 1},
            {"window": 5, "smoothing": 3, "signal": 3},
            {"window": 3, "smoothing": 7, "signal": 2},
        ],
        least_bars=1,
        talib="STOCH",
        **SAME,
    ),
    "stochf": Oracle(
        lambda high, low, close, window, signal: talib.STOCHF(high, low, close, window, signal, 0),
        [{"window": 1, "signal": 1}, {"window": 5, "signal": 3}, {"window": 14, "signal": 20}],
        least_bars=1,
        talib="STOCHF",
        **SAME,
    ),
    "stochrsi": Oracle(
        lambda close, window, range_window, signal: talib.STOCHRSI(
            close, window, range_window, signal, 0
        ),
        [
            {"window": 2, "range_window": 1, "signal": 1},
            {"window": 14, "range_window": 5, "signal": 3},
        ],
        scale="same",
        talib="STOCHRSI",
    ),
    "willr": of_bars("WILLR", windows(2, 14), **SAME),
    "aroon": Oracle(
        lambda high, low, window: talib.AROON(high, low, window),
        windows(2, 14),
        talib="AROON",
        **SAME,
    ),
    "aroonosc": Oracle(
        lambda high, low, window: [talib.AROONOSC(high, low, window)],
        windows(2, 14),
        talib="AROONOSC",
        **SAME,
    ),
    "cci": of_bars("CCI", windows(2, 3, 14, 20), span=100.0, **SAME),
    "mfi": Oracle(
        lambda high, low, close, volume, window: [talib.MFI(high, low, close, volume, window)],
        windows(2, 14),
        scale="same",
        talib="MFI",
    ),
    "imi": Oracle(
        lambda opening, close, window: [talib.IMI(opening, close, window)],
        windows(2, 14),
        least_bars=1,
        talib="IMI",
        **SAME,
    ),
    "bop": Oracle(
        lambda opening, high, low, close: [talib.BOP(opening, high, low, close)],
        [{}],
        least_bars=1,
        talib="BOP",
        **SAME,
    ),
    "ultosc": Oracle(
        lambda high, low, close, short, medium, long: [
            talib.ULTOSC(high, low, close, short, medium, long)
        ],
        [{"short": 1, "medium": 2, "long": 3}, {"short": 7, "medium": 14, "long": 28}],
        talib="ULTOSC",
        **SAME,
    ),
}
