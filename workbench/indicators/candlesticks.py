"""What the records of candlestick patterns have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import candles
from workbench.indicators.record import Allowed, Drawn, IndicatorFunction, indicator

Signal = Annotated[Floats, Drawn("signal", mark="bar")]
Share = Annotated[float, Allowed(0.0, 1_000.0)]


def pattern(
    title: str, lookback: int, most: float = 100.0
) -> Callable[[Callable[..., Any]], IndicatorFunction]:
    """The record of a pattern; its source is TA-Lib's function of the same name.

    >>> from workbench.indicators import cdldoji
    >>> cdldoji.record.source
    'TA-Lib CDLDOJI'
    """

    def decorate(function: Callable[..., Any]) -> IndicatorFunction:
        return indicator(
            title,
            group="pattern",
            source=f"TA-Lib {function.__name__.upper()}",
            warm_up=lambda **_: lookback,
            value_range=(-most, most),
            levels=(0.0,),
        )(function)

    return decorate


def short_shadows(open: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Below this a shadow is short: half the mean of both shadows of the ten bars before."""
    both = (high - np.maximum(open, close)) + (np.minimum(open, close) - low)
    shadows: Floats = candles.usual(both, 10, 0.5)
    return shadows
