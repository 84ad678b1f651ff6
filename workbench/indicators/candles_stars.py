"""Candlestick patterns of three bars, of which one is a star."""

from __future__ import annotations

from workbench.indicators.candlesticks import Share, Signal, pattern
from workbench.indicators.jit import Floats
from workbench.indicators.kernels import candles, candles_stars


@pattern("Three stars in the south", 12)
def cdl3starsinsouth(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Three stars in the south: three ever shorter black bars with ever higher lows.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDL3STARSINSOUTH, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl3starsinsouth.record.lookback()
    12
    """
    return candles_stars.three_starsinsouth(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Abandoned baby", 12)
def cdlabandonedbaby(
    open: Floats, high: Floats, low: Floats, close: Floats, /, *, penetration: Share = 0.3
) -> Signal:
    """Abandoned baby: a long body, a doji beyond a gap, an opposite body beyond a gap back.

    100: bullish; -100: bearish; 0: none.
    `penetration`: how deep the last bar closes in the first body, as a share of it.
    Formula (TA-Lib CDLABANDONEDBABY, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdlabandonedbaby.record.lookback()
    12
    """
    return candles_stars.abandonedbaby(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        penetration,
    )


@pattern("Evening doji star", 12)
def cdleveningdojistar(
    open: Floats, high: Floats, low: Floats, close: Floats, /, *, penetration: Share = 0.3
) -> Signal:
    """Evening doji star: a long white body, a doji above it, a black body deep into the first.

    -100: it is there; 0: it is not.
    `penetration`: how deep the last bar closes in the first body, as a share of it.
    Formula (TA-Lib CDLEVENINGDOJISTAR, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdleveningdojistar.record.lookback()
    12
    """
    return candles_stars.eveningdojistar(
        open,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        penetration,
    )


@pattern("Evening star", 12)
def cdleveningstar(
    open: Floats,
    high: Floats,  # noqa: ARG001
    low: Floats,  # noqa: ARG001
    close: Floats,
    /,
    *,
    penetration: Share = 0.3,
) -> Signal:
    """Evening star: a long white body, a short one above it, a black body deep into the first.

    -100: it is there; 0: it is not.
    `penetration`: how deep the last bar closes in the first body, as a share of it.
    Formula (TA-Lib CDLEVENINGSTAR, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdleveningstar.record.lookback()
    12
    """
    return candles_stars.eveningstar(
        open, close, candles.usual(abs(close - open), 10, 1.0), penetration
    )


@pattern("Morning doji star", 12)
def cdlmorningdojistar(
    open: Floats, high: Floats, low: Floats, close: Floats, /, *, penetration: Share = 0.3
) -> Signal:
    """Morning doji star: a long black body, a doji below it, a white body deep into the first.

    100: it is there; 0: it is not.
    `penetration`: how deep the last bar closes in the first body, as a share of it.
    Formula (TA-Lib CDLMORNINGDOJISTAR, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdlmorningdojistar.record.lookback()
    12
    """
    return candles_stars.morningdojistar(
        open,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        penetration,
    )


@pattern("Morning star", 12)
def cdlmorningstar(
    open: Floats,
    high: Floats,  # noqa: ARG001
    low: Floats,  # noqa: ARG001
    close: Floats,
    /,
    *,
    penetration: Share = 0.3,
) -> Signal:
    """Morning star: a long black body, a short one below it, a white body deep into the first.

    100: it is there; 0: it is not.
    `penetration`: how deep the last bar closes in the first body, as a share of it.
    Formula (TA-Lib CDLMORNINGSTAR, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdlmorningstar.record.lookback()
    12
    """
    return candles_stars.morningstar(
        open, close, candles.usual(abs(close - open), 10, 1.0), penetration
    )


@pattern("Tristar", 12)
def cdltristar(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Tristar: three doji, the second beyond a gap.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLTRISTAR, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdltristar.record.lookback()
    12
    """
    return candles_stars.tristar(open, close, candles.usual(high - low, 10, 0.1))
