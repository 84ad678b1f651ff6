"""Candlestick patterns of three bars."""

from __future__ import annotations

from workbench.indicators.candlesticks import Signal, pattern, short_shadows
from workbench.indicators.jit import Floats
from workbench.indicators.kernels import candles, candles_three


@pattern("Two crows", 12)
def cdl2crows(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Two crows: a long white body, a black one above it, a black one that closes inside the first.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDL2CROWS, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl2crows.record.lookback()
    12
    """
    return candles_three.two_crows(open, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Three inside", 12)
def cdl3inside(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Three inside: a short body inside a long one, then a close beyond the first open.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDL3INSIDE, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl3inside.record.lookback()
    12
    """
    return candles_three.three_inside(open, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Three outside", 3)
def cdl3outside(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Three outside: an engulfing pattern, then a close that goes on.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDL3OUTSIDE, its candle settings). Warm-up: 3 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl3outside.record.lookback()
    3
    """
    return candles_three.three_outside(open, close)


@pattern("Three white soldiers", 12)
def cdl3whitesoldiers(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Three white soldiers: three white bodies of like length that close ever higher near their
    highs.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDL3WHITESOLDIERS, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl3whitesoldiers.record.lookback()
    12
    """
    return candles_three.three_whitesoldiers(
        open,
        high,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        candles.usual(high - low, 5, 0.2),
        candles.usual(high - low, 5, 0.6),
    )


@pattern("Advance block", 12)
def cdladvanceblock(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Advance block: three white bodies that close ever higher with ever less strength.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLADVANCEBLOCK, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdladvanceblock.record.lookback()
    12
    """
    return candles_three.advanceblock(
        open,
        high,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        short_shadows(open, high, low, close),
        candles.usual(high - low, 5, 0.2),
        candles.usual(high - low, 5, 0.6),
    )


@pattern("Side-by-side white lines after a gap", 7)
def cdlgapsidesidewhite(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Side-by-side white lines after a gap: two like white bodies beyond a gap.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLGAPSIDESIDEWHITE, its candle settings). Warm-up: 7 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlgapsidesidewhite.record.lookback()
    7
    """
    return candles_three.gapsidesidewhite(
        open, close, candles.usual(high - low, 5, 0.2), candles.usual(high - low, 5, 0.05)
    )


@pattern("Identical three crows", 12)
def cdlidentical3crows(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Identical three crows: three black bodies, each from the close before, that close near their
    lows.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLIDENTICAL3CROWS, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlidentical3crows.record.lookback()
    12
    """
    return candles_three.identical3crows(
        open, low, close, candles.usual(high - low, 10, 0.1), candles.usual(high - low, 5, 0.05)
    )


@pattern("Stalled pattern", 12)
def cdlstalledpattern(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Stalled pattern: two long white bodies, then a short one near the second close.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLSTALLEDPATTERN, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlstalledpattern.record.lookback()
    12
    """
    return candles_three.stalledpattern(
        open,
        high,
        close,
        candles.usual(abs(close - open), 10, 1.0),
        candles.usual(high - low, 10, 0.1),
        candles.usual(high - low, 5, 0.2),
    )


@pattern("Stick sandwich", 7)
def cdlsticksandwich(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Stick sandwich: a white bar between two black ones that close alike.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLSTICKSANDWICH, its candle settings). Warm-up: 7 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlsticksandwich.record.lookback()
    7
    """
    return candles_three.sticksandwich(open, low, close, candles.usual(high - low, 5, 0.05))


@pattern("Tasuki gap", 7)
def cdltasukigap(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Tasuki gap: a gap, then a body of like length that opens inside the last one and closes in
    the gap.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLTASUKIGAP, its candle settings). Warm-up: 7 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdltasukigap.record.lookback()
    7
    """
    return candles_three.tasukigap(open, close, candles.usual(high - low, 5, 0.2))


@pattern("Unique three river", 12)
def cdlunique3river(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Unique three river: a long black body, a black one inside it with a lower low, a short white
    one below.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLUNIQUE3RIVER, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlunique3river.record.lookback()
    12
    """
    return candles_three.unique3river(open, low, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Upside gap two crows", 12)
def cdlupsidegap2crows(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Upside gap two crows: a long white body, then beyond a gap a short black one and a black one
    around it.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDLUPSIDEGAP2CROWS, its candle settings). Warm-up: 12 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlupsidegap2crows.record.lookback()
    12
    """
    return candles_three.upsidegap2crows(open, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Gap three methods", 2)
def cdlxsidegap3methods(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Gap three methods: two like bodies with a gap between, then an opposite one that closes it.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLXSIDEGAP3METHODS, its candle settings). Warm-up: 2 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlxsidegap3methods.record.lookback()
    2
    """
    return candles_three.xsidegap3methods(open, close)
