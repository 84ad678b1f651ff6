"""Candlestick patterns of two bars."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.candles import (
    blank,
    body,
    bottom,
    coloured,
    gap_down,
    gap_up,
    lower,
    top,
    upper,
)
from workbench.indicators.language import where


@kernel(reach=lambda *_: 1)
def counterattack(open, close, typical, equal, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (coloured(open, close, t - 1) != coloured(open, close, t))
            & (body(open, close, t - 1) > typical[t - 1])
            & (body(open, close, t) > typical[t])
            & (close[t] <= close[t - 1] + equal[t - 1])
            & (close[t] >= close[t - 1] - equal[t - 1]),
            coloured(open, close, t),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def darkcloudcover(open, high, close, typical, penetration, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] >= open[t - 1])
            & (body(open, close, t - 1) > typical[t - 1])
            & (close[t] < open[t])
            & (open[t] > high[t - 1])
            & (close[t] > open[t - 1])
            & (close[t] < close[t - 1] - body(open, close, t - 1) * penetration),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def dojistar(open, close, typical, tiny, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t - 1) > typical[t - 1])
            & (body(open, close, t) <= tiny[t])
            & (
                ((close[t - 1] >= open[t - 1]) & gap_up(open, close, t, t - 1))
                | ((close[t - 1] < open[t - 1]) & gap_down(open, close, t, t - 1))
            ),
            0.0 - coloured(open, close, t - 1),
            0.0,
        )


@kernel(reach=lambda *_: 2)
def engulfing(open, close, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (
                (close[t] >= open[t])
                & (close[t - 1] < open[t - 1])
                & (
                    ((close[t] >= open[t - 1]) & (open[t] < close[t - 1]))
                    | ((close[t] > open[t - 1]) & (open[t] <= close[t - 1]))
                )
            )
            | (
                (close[t] < open[t])
                & (close[t - 1] >= open[t - 1])
                & (
                    ((open[t] >= close[t - 1]) & (close[t] < open[t - 1]))
                    | ((open[t] > close[t - 1]) & (close[t] <= open[t - 1]))
                )
            ),
            where(
                (open[t] != close[t - 1]) & (close[t] != open[t - 1]),
                coloured(open, close, t),
                0.8 * coloured(open, close, t),
            ),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def hammer(open, high, low, close, typical, tiny, near, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (lower(open, low, close, t) > body(open, close, t))
            & (upper(open, high, close, t) < tiny[t])
            & (bottom(open, close, t) <= low[t - 1] + near[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def hangingman(open, high, low, close, typical, tiny, near, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (lower(open, low, close, t) > body(open, close, t))
            & (upper(open, high, close, t) < tiny[t])
            & (bottom(open, close, t) >= high[t - 1] - near[t - 1]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def harami(open, close, typical, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t - 1) > typical[t - 1])
            & (body(open, close, t) <= typical[t])
            & (top(open, close, t) <= top(open, close, t - 1))
            & (bottom(open, close, t) >= bottom(open, close, t - 1)),
            where(
                (top(open, close, t) < top(open, close, t - 1))
                & (bottom(open, close, t) > bottom(open, close, t - 1)),
                0.0 - coloured(open, close, t - 1),
                0.0 - 0.8 * coloured(open, close, t - 1),
            ),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def haramicross(open, close, typical, tiny, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t - 1) > typical[t - 1])
            & (body(open, close, t) <= tiny[t])
            & (top(open, close, t) <= top(open, close, t - 1))
            & (bottom(open, close, t) >= bottom(open, close, t - 1)),
            where(
                (top(open, close, t) < top(open, close, t - 1))
                & (bottom(open, close, t) > bottom(open, close, t - 1)),
                0.0 - coloured(open, close, t - 1),
                0.0 - 0.8 * coloured(open, close, t - 1),
            ),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def homingpigeon(open, close, typical, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] < open[t - 1])
            & (close[t] < open[t])
            & (body(open, close, t - 1) > typical[t - 1])
            & (body(open, close, t) <= typical[t])
            & (open[t] < open[t - 1])
            & (close[t] > close[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def inneck(open, low, close, typical, equal, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] < open[t - 1])
            & (body(open, close, t - 1) > typical[t - 1])
            & (close[t] >= open[t])
            & (open[t] < low[t - 1])
            & (close[t] <= close[t - 1] + equal[t - 1])
            & (close[t] >= close[t - 1]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def invertedhammer(open, high, low, close, typical, tiny, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (upper(open, high, close, t) > body(open, close, t))
            & (lower(open, low, close, t) < tiny[t])
            & gap_down(open, close, t, t - 1),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def kicking(open, high, low, close, typical, tiny, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (coloured(open, close, t - 1) != coloured(open, close, t))
            & (body(open, close, t - 1) > typical[t - 1])
            & (upper(open, high, close, t - 1) < tiny[t - 1])
            & (lower(open, low, close, t - 1) < tiny[t - 1])
            & (body(open, close, t) > typical[t])
            & (upper(open, high, close, t) < tiny[t])
            & (lower(open, low, close, t) < tiny[t])
            & (
                ((close[t - 1] < open[t - 1]) & (low[t] > high[t - 1]))
                | ((close[t - 1] >= open[t - 1]) & (high[t] < low[t - 1]))
            ),
            coloured(open, close, t),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def kickingbylength(open, high, low, close, typical, tiny, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (coloured(open, close, t - 1) != coloured(open, close, t))
            & (body(open, close, t - 1) > typical[t - 1])
            & (upper(open, high, close, t - 1) < tiny[t - 1])
            & (lower(open, low, close, t - 1) < tiny[t - 1])
            & (body(open, close, t) > typical[t])
            & (upper(open, high, close, t) < tiny[t])
            & (lower(open, low, close, t) < tiny[t])
            & (
                ((close[t - 1] < open[t - 1]) & (low[t] > high[t - 1]))
                | ((close[t - 1] >= open[t - 1]) & (high[t] < low[t - 1]))
            ),
            where(
                body(open, close, t) > body(open, close, t - 1),
                coloured(open, close, t),
                coloured(open, close, t - 1),
            ),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def matchinglow(open, close, equal, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] < open[t - 1])
            & (close[t] < open[t])
            & (close[t] <= close[t - 1] + equal[t - 1])
            & (close[t] >= close[t - 1] - equal[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def onneck(open, low, close, typical, equal, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] < open[t - 1])
            & (body(open, close, t - 1) > typical[t - 1])
            & (close[t] >= open[t])
            & (open[t] < low[t - 1])
            & (close[t] <= low[t - 1] + equal[t - 1])
            & (close[t] >= low[t - 1] - equal[t - 1]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def piercing(open, low, close, typical, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] < open[t - 1])
            & (body(open, close, t - 1) > typical[t - 1])
            & (close[t] >= open[t])
            & (body(open, close, t) > typical[t])
            & (open[t] < low[t - 1])
            & (close[t] < open[t - 1])
            & (close[t] > close[t - 1] + body(open, close, t - 1) * 0.5),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def separatinglines(open, high, low, close, typical, tiny, equal, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (coloured(open, close, t - 1) != coloured(open, close, t))
            & (open[t] <= open[t - 1] + equal[t - 1])
            & (open[t] >= open[t - 1] - equal[t - 1])
            & (body(open, close, t) > typical[t])
            & (
                ((close[t] >= open[t]) & (lower(open, low, close, t) < tiny[t]))
                | ((close[t] < open[t]) & (upper(open, high, close, t) < tiny[t]))
            ),
            coloured(open, close, t),
            0.0,
        )


@kernel(reach=lambda *_: 1)
def shootingstar(open, high, low, close, typical, tiny, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (upper(open, high, close, t) > body(open, close, t))
            & (lower(open, low, close, t) < tiny[t])
            & gap_up(open, close, t, t - 1),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 1)
def thrusting(open, low, close, typical, equal, out):
    blank(out, 1)
    for t in range(1, len(close)):
        out[t] = where(
            (close[t - 1] < open[t - 1])
            & (body(open, close, t - 1) > typical[t - 1])
            & (close[t] >= open[t])
            & (open[t] < low[t - 1])
            & (close[t] > close[t - 1] + equal[t - 1])
            & (close[t] <= close[t - 1] + body(open, close, t - 1) * 0.5),
            -100.0,
            0.0,
        )
