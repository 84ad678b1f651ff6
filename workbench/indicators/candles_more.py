"""Candlestick patterns of more bars."""

from __future__ import annotations

from workbench.indicators.candlesticks import Share, Signal, pattern
from workbench.indicators.jit import Floats
from workbench.indicators.kernels import candles, candles_more


@pattern("Three black crows", 13)
def cdl3blackcrows(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Three black crows: three black bodies that close ever lower near their lows after a white
    one.

    -100: it is there; 0: it is not.
    Formula (TA-Lib CDL3BLACKCROWS, its candle settings). Warm-up: 13 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl3blackcrows.record.lookback()
    13
    """
    return candles_more.three_blackcrows(open, high, low, close, candles.usual(high - low, 10, 0.1))


@pattern("Three-line strike", 8)
def cdl3linestrike(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Three-line strike: three bodies that go one way, then an opposite one that undoes them.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDL3LINESTRIKE, its candle settings). Warm-up: 8 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdl3linestrike.record.lookback()
    8
    """
    return candles_more.three_linestrike(open, close, candles.usual(high - low, 5, 0.2))


@pattern("Breakaway", 14)
def cdlbreakaway(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Breakaway: a long body, a gap, two bars that go on, an opposite body that closes in the gap.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLBREAKAWAY, its candle settings). Warm-up: 14 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlbreakaway.record.lookback()
    14
    """
    return candles_more.breakaway(open, high, low, close, candles.usual(abs(close - open), 10, 1.0))


@pattern("Concealing baby swallow", 13)
def cdlconcealbabyswall(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Concealing baby swallow: two black marubozu, a black bar from below a gap into the second,
    one that engulfs it.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLCONCEALBABYSWALL, its candle settings). Warm-up: 13 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlconcealbabyswall.record.lookback()
    13
    """
    return candles_more.concealbabyswall(open, high, low, close, candles.usual(high - low, 10, 0.1))


@pattern("Hikkake", 5, most=200.0)
def cdlhikkake(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Hikkake: a bar inside the one before, then a false break out of it.

    100: bullish; -100: bearish; 200 and -200: confirmed within three bars; 0: none.
    Formula (TA-Lib CDLHIKKAKE, its candle settings). Warm-up: 5 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlhikkake.record.lookback()
    5
    """
    return candles_more.hikkake(high, low, close)


@pattern("Modified hikkake", 10, most=200.0)
def cdlhikkakemod(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:  # noqa: ARG001
    """Modified hikkake: a bar inside one inside another, then a false break out of it.

    100: bullish; -100: bearish; 200 and -200: confirmed within three bars; 0: none.
    Formula (TA-Lib CDLHIKKAKEMOD, its candle settings). Warm-up: 10 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlhikkakemod.record.lookback()
    10
    """
    return candles_more.hikkakemod(high, low, close)


@pattern("Ladder bottom", 14)
def cdlladderbottom(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Ladder bottom: three falling black bars, one with an upper shadow, a white one above it.

    100: it is there; 0: it is not.
    Formula (TA-Lib CDLLADDERBOTTOM, its candle settings). Warm-up: 14 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlladderbottom.record.lookback()
    14
    """
    return candles_more.ladderbottom(open, high, close, candles.usual(high - low, 10, 0.1))


@pattern("Mat hold", 14)
def cdlmathold(
    open: Floats,
    high: Floats,
    low: Floats,  # noqa: ARG001
    close: Floats,
    /,
    *,
    penetration: Share = 0.5,
) -> Signal:
    """Mat hold: a long white body, three short ones that fall back into it, a new high.

    100: it is there; 0: it is not.
    `penetration`: how far the bars may fall back into the first body, as a share of it.
    Formula (TA-Lib CDLMATHOLD, its candle settings). Warm-up: 14 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input or parameter.

    >>> cdlmathold.record.lookback()
    14
    """
    return candles_more.mathold(
        open, high, close, candles.usual(abs(close - open), 10, 1.0), penetration
    )


@pattern("Rising and falling three methods", 14)
def cdlrisefall3methods(open: Floats, high: Floats, low: Floats, close: Floats, /) -> Signal:
    """Rising and falling three methods: a long body, three short opposite ones within it, a long
    one that goes on.

    100: bullish; -100: bearish; 0: none.
    Formula (TA-Lib CDLRISEFALL3METHODS, its candle settings). Warm-up: 14 NaN.
    Gaps: NaN where any input is missing. Shape: that of `close`, float64.
    Raises InputError for a wrong or misaligned input.

    >>> cdlrisefall3methods.record.lookback()
    14
    """
    return candles_more.risefall3methods(
        open, high, low, close, candles.usual(abs(close - open), 10, 1.0)
    )
