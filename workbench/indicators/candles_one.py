"""Candlestick patterns of one bar."""

from __future__ import annotations

from workbench.indicators.candlesticks import Signal, pattern, short_shadows
from workbench.indicators.jit import Floats
from workbench.indicators.kernels import candles, candles_one


@pattern("Belt hold", 10)
def cdlbelthold(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Belt hold: a long body without a shadow at its open.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLBELTHOLD, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlbelthold.record.lookback()
    10
    """
    return candles_one.belthold(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Closing marubozu", 10)
def cdlclosingmarubozu(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Closing marubozu: a long body without a shadow at its close.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLCLOSINGMARUBOZU, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlclosingmarubozu.record.lookback()
    10
    """
    return candles_one.closingmarubozu(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Doji", 10)
def cdldoji(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Doji: open and close are almost the same.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLDOJI, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdldoji.record.lookback()
    10
    """
    return candles_one.doji(open, close, candles.usual(high - low, 10, 0.1))


@pattern("Dragonfly doji", 10)
def cdldragonflydoji(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Dragonfly doji: a doji with a lower shadow only.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLDRAGONFLYDOJI, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdldragonflydoji.record.lookback()
    10
    """
    return candles_one.dragonflydoji(open, high, low, close, candles.usual(high - low, 10, 0.1))


@pattern("Gravestone doji", 10)
def cdlgravestonedoji(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Gravestone doji: a doji with an upper shadow only.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLGRAVESTONEDOJI, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlgravestonedoji.record.lookback()
    10
    """
    return candles_one.gravestonedoji(open, high, low, close, candles.usual(high - low, 10, 0.1))


@pattern("High-wave candle", 10)
def cdlhighwave(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """High-wave candle: a short body between two very long shadows.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLHIGHWAVE, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlhighwave.record.lookback()
    10
    """
    return candles_one.highwave(open, high, low, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Long-legged doji", 10)
def cdllongleggeddoji(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Long-legged doji: a doji with a long shadow.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLLONGLEGGEDDOJI, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdllongleggeddoji.record.lookback()
    10
    """
    return candles_one.longleggeddoji(open, high, low, close, candles.usual(high - low, 10, 0.1))


@pattern("Long line candle", 10)
def cdllongline(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Long line candle: a long body between two short shadows.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLLONGLINE, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdllongline.record.lookback()
    10
    """
    return candles_one.longline(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        short_shadows(open, high, low, close),
    )


@pattern("Marubozu", 10)
def cdlmarubozu(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Marubozu: a long body without shadows.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLMARUBOZU, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlmarubozu.record.lookback()
    10
    """
    return candles_one.marubozu(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Rickshaw man", 10)
def cdlrickshawman(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Rickshaw man: a doji in the middle of a bar with two long shadows.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLRICKSHAWMAN, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlrickshawman.record.lookback()
    10
    """
    return candles_one.rickshawman(
        open,
        high,
        low,
        close,
        candles.usual(high - low, 10, 0.1),
        candles.usual(high - low, 5, 0.2),
    )


@pattern("Short line candle", 10)
def cdlshortline(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Short line candle: a short body between two short shadows.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLSHORTLINE, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlshortline.record.lookback()
    10
    """
    return candles_one.shortline(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        short_shadows(open, high, low, close),
    )


@pattern("Spinning top", 10)
def cdlspinningtop(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Spinning top: a short body between shadows longer than itself.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLSPINNINGTOP, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlspinningtop.record.lookback()
    10
    """
    return candles_one.spinningtop(
        open, high, low, close, candles.usual(abs(close - open), 10, 1.0)
    )


@pattern("Takuri", 10)
def cdltakuri(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Takuri: a dragonfly doji with a very long lower shadow.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLTAKURI, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdltakuri.record.lookback()
    10
    """
    return candles_one.takuri(open, high, low, close, candles.usual(high - low, 10, 0.1))
