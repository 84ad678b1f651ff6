"""Candlestick patterns of two bars."""

from __future__ import annotations

from workbench.indicators.candlesticks import Share, Signal, pattern
from workbench.indicators.jit import Floats
from workbench.indicators.kernels import candles, candles_two


@pattern("Counterattack", 11)
def cdlcounterattack(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Counterattack: two long bodies of opposite colour that close alike.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLCOUNTERATTACK, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlcounterattack.record.lookback()
    11
    """
    return candles_two.counterattack(
        open, close, candles.usual(abs(close - open), 10, 1.0), candles.usual(high - low, 5, 0.05)
    )


@pattern("Dark cloud cover", 11)
def cdldarkcloudcover(
    open: Floats,
    high: Floats,
    low: Floats,  # noqa: ARG001
    close: Floats,
    /,
    *,
    penetration: Share = 0.5,
) -> Signal:
    """Dark cloud cover: a long white body, then a black one from above its high to deep inside it.

    -100: it is there; 0: it is not.
    `penetration`: how deep the last bar closes in the first body, as a share of it.
    Formula (TA-Lib CDLDARKCLOUDCOVER, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdldarkcloudcover.record.lookback()
    11
    """
    return candles_two.darkcloudcover(
        open, high, close, candles.usual(abs(close - open), 10, 1.0), penetration
    )


@pattern("Doji star", 11)
def cdldojistar(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Doji star: a long body, then a doji beyond its close.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLDOJISTAR, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdldojistar.record.lookback()
    11
    """
    return candles_two.dojistar(
        open, close, candles.usual(abs(close - open), 10, 1.0), candles.usual(high - low, 10, 0.1)
    )


@pattern("Engulfing pattern", 2)
def cdlengulfing(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Engulfing pattern: a body that contains the opposite one before; 80 where they share an end.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLENGULFING, its candle settings). Warm-up: 2 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlengulfing.record.lookback()
    2
    """
    return candles_two.engulfing(open, close)


@pattern("Hammer", 11)
def cdlhammer(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Hammer: a short body with a long lower shadow only, near the low before.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLHAMMER, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlhammer.record.lookback()
    11
    """
    return candles_two.hammer(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        candles.usual(high - low, 5, 0.2),
    )


@pattern("Hanging man", 11)
def cdlhangingman(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Hanging man: a short body with a long lower shadow only, near the high before.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLHANGINGMAN, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlhangingman.record.lookback()
    11
    """
    return candles_two.hangingman(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        candles.usual(high - low, 5, 0.2),
    )


@pattern("Harami", 11)
def cdlharami(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Harami: a short body inside the long one before; 80 where they share an end.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLHARAMI, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlharami.record.lookback()
    11
    """
    return candles_two.harami(open, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Harami cross", 11)
def cdlharamicross(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Harami cross: a doji inside the long body before; 80 where they share an end.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLHARAMICROSS, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlharamicross.record.lookback()
    11
    """
    return candles_two.haramicross(
        open, close, candles.usual(abs(close - open), 10, 1.0), candles.usual(high - low, 10, 0.1)
    )


@pattern("Homing pigeon", 11)
def cdlhomingpigeon(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Homing pigeon: a short black body inside a long black one.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLHOMINGPIGEON, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlhomingpigeon.record.lookback()
    11
    """
    return candles_two.homingpigeon(open, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("In-neck", 11)
def cdlinneck(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """In-neck: a long black body, then a white one from below its low to just inside it.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLINNECK, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlinneck.record.lookback()
    11
    """
    return candles_two.inneck(
        open,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 5, 0.05),
    )


@pattern("Inverted hammer", 11)
def cdlinvertedhammer(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Inverted hammer: a short body with a long upper shadow only, below the body before.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLINVERTEDHAMMER, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlinvertedhammer.record.lookback()
    11
    """
    return candles_two.invertedhammer(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Kicking", 11)
def cdlkicking(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Kicking: two opposite marubozu with a gap between.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLKICKING, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlkicking.record.lookback()
    11
    """
    return candles_two.kicking(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Kicking by length", 11)
def cdlkickingbylength(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Kicking by length: two opposite marubozu with a gap between; the longer one's colour counts.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLKICKINGBYLENGTH, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlkickingbylength.record.lookback()
    11
    """
    return candles_two.kickingbylength(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Matching low", 6)
def cdlmatchinglow(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Matching low: two black bars that close alike.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLMATCHINGLOW, its candle settings). Warm-up: 6 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlmatchinglow.record.lookback()
    6
    """
    return candles_two.matchinglow(open, close, candles.usual(high - low, 5, 0.05))


@pattern("On-neck", 11)
def cdlonneck(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """On-neck: a long black body, then a white one from below its low up to it.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLONNECK, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlonneck.record.lookback()
    11
    """
    return candles_two.onneck(
        open,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 5, 0.05),
    )


@pattern("Piercing pattern", 11)
def cdlpiercing(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Piercing pattern: a long black body, then a long white one from below its low into its upper
    half.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLPIERCING, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlpiercing.record.lookback()
    11
    """
    return candles_two.piercing(open, low, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Separating lines", 11)
def cdlseparatinglines(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Separating lines: a bar, then a long opposite one from the same open.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLSEPARATINGLINES, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlseparatinglines.record.lookback()
    11
    """
    return candles_two.separatinglines(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        candles.usual(high - low, 5, 0.05),
    )


@pattern("Shooting star", 11)
def cdlshootingstar(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Shooting star: a short body with a long upper shadow only, above the body before.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLSHOOTINGSTAR, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlshootingstar.record.lookback()
    11
    """
    return candles_two.shootingstar(
        open,
        high,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
    )


@pattern("Thrusting pattern", 11)
def cdlthrusting(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Thrusting pattern: a long black body, then a white one from below its low into its lower
    half.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLTHRUSTING, its candle settings). Warm-up: 11 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlthrusting.record.lookback()
    11
    """
    return candles_two.thrusting(
        open,
        low,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 5, 0.05),
    )
