"""Volume and prices weighted by it: TA-Lib, else pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle


def sessions(high: Any, low: Any, close: Any, volume: Any, session: Any) -> list[Any]:
    return [mean_of_parts((high + low + close) / 3, volume, session)]


def mean_of_parts(price: Any, volume: Any, part: Any) -> Any:
    traded = pd.Series(volume).groupby(part).cumsum().to_numpy()
    worth = pd.Series(volume * price).groupby(part).cumsum().to_numpy()
    return np.where(traded == 0, price, worth / np.where(traded == 0, 1.0, traded))


def anchored(high: Any, low: Any, close: Any, volume: Any, anchor: Any) -> list[Any]:
    part = pd.Series(anchor != 0).cumsum().to_numpy()
    mean = mean_of_parts((high + low + close) / 3, volume, part)
    return [np.where(part == 0, np.nan, mean)]


def of_talib(name: str, **more: Any) -> Oracle:
    """TA-Lib's function of the same inputs without a parameter."""
    compute: Callable[..., Any] = getattr(talib, name)
    return Oracle(lambda *inputs: [compute(*inputs)], [{}], talib=name, least_bars=1, **more)


def of_window(name: str, *windows: int, **more: Any) -> Oracle:
    compute: Callable[..., Any] = getattr(talib, name)
    settings = [{"window": window} for window in windows]
    return Oracle(lambda *x, window: [compute(*x, window)], settings, talib=name, **more)


ORACLES = {
    "obv": of_talib("OBV", scale="same", shift="same"),
    "ad": of_talib("AD", scale="same", shift="same"),
    "nvi": of_talib("NVI", scale="same", span=1000.0),
    "pvi": of_talib("PVI", scale="same", span=1000.0),
    "pvt": of_talib("PVT", scale="same"),
    "adosc": Oracle(
        lambda *x, fast, slow: [talib.ADOSC(*x, fast, slow)],
        [{"fast": 3, "slow": 10}, {"fast": 2, "slow": 3}, {"fast": 9, "slow": 4}],
        scale="same",
        shift="same",
        talib="ADOSC",
    ),
    "cmf": of_window("CMF", 2, 3, 20, scale="same", shift="same"),
    "efi": of_window("EFI", 1, 2, 13, shift="same"),
    "rvol": of_window("RVOL", 1, 2, 20, scale="same", shift="same", span=1.0),
    "vwap": Oracle(sessions, [{}], scale="follows", shift="follows", span=100.0, least_bars=1),
    "avwap": Oracle(anchored, [{}], scale="follows", shift="follows", span=100.0, least_bars=1),
    "rvwap": Oracle(
        lambda high, low, close, volume, window: [
            talib.VWMA((high + low + close) / 3, volume, window)
        ],
        [{"window": 1}, {"window": 2}, {"window": 20}],
        scale="follows",
        shift="follows",
        span=100.0,
        talib="VWMA",
        least_bars=1,
    ),
}
