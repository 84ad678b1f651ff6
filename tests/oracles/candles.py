"""Candlestick patterns: TA-Lib, whose 0 before the lookback is no signal but NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import talib
from talib import abstract

from tests.oracles import Oracle

NOTES = {
    "ties": "TA-Lib adds to and subtracts from running sums: on prices rounded to cents, a body "
    "that equals its average to the last bit but one may be decided otherwise"
}


def padded(name: str) -> Callable[..., list[Any]]:
    function = getattr(talib, name)
    lookback = abstract.Function(name).lookback

    def compute(*inputs: Any, **parameters: float) -> list[Any]:
        signal = np.asarray(function(*inputs, **parameters), float)
        signal[:lookback] = np.nan
        return [signal]

    return compute


def settings(name: str) -> list[dict[str, float]]:
    default = abstract.Function(name).parameters
    return [default, {"penetration": 0.0}, {"penetration": 0.7}] if default else [{}]


ORACLES = {
    name.lower(): Oracle(padded(name), settings(name), scale="same", talib=name, notes=NOTES)
    for name in talib.get_function_groups()["Pattern Recognition"]
}
