"""Candlestick patterns of more bars."""
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
from workbench.indicators.language import maximum, step, where


@step
def confirmed(found, ahead, level, left, close):
    """The pattern found, or twice the one before where the close passes its level in time."""
    rises = (left > 0.0) & (ahead > 0.0) & (close > level)
    falls = (left > 0.0) & (ahead < 0.0) & (close < level)
    return where(found != 0.0, found, where(rises, 200.0, where(falls, -200.0, 0.0)))


@kernel(reach=lambda *_: 3)
def three_blackcrows(open, high, low, close, tiny, out):
    blank(out, 3)
    for t in range(3, len(close)):
        out[t] = where(
            (close[t - 3] >= open[t - 3])
            & (close[t - 2] < open[t - 2])
            & (lower(open, low, close, t - 2) < tiny[t - 2])
            & (close[t - 1] < open[t - 1])
            & (lower(open, low, close, t - 1) < tiny[t - 1])
            & (close[t] < open[t])
            & (lower(open, low, close, t) < tiny[t])
            & (open[t - 1] < open[t - 2])
            & (open[t - 1] > close[t - 2])
            & (open[t] < open[t - 1])
            & (open[t] > close[t - 1])
            & (high[t - 3] > close[t - 2])
            & (close[t - 2] > close[t - 1])
            & (close[t - 1] > close[t]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 3)
def three_linestrike(open, close, near, out):
    blank(out, 3)
    for t in range(3, len(close)):
        out[t] = where(
            (coloured(open, close, t - 3) == coloured(open, close, t - 2))
            & (coloured(open, close, t - 2) == coloured(open, close, t - 1))
            & (coloured(open, close, t) != coloured(open, close, t - 1))
            & (open[t - 2] >= bottom(open, close, t - 3) - near[t - 3])
            & (open[t - 2] <= top(open, close, t - 3) + near[t - 3])
            & (open[t - 1] >= bottom(open, close, t - 2) - near[t - 2])
            & (open[t - 1] <= top(open, close, t - 2) + near[t - 2])
            & (
                (
                    (close[t - 1] >= open[t - 1])
                    & (close[t - 1] > close[t - 2])
                    & (close[t - 2] > close[t - 3])
                    & (open[t] > close[t - 1])
                    & (close[t] < open[t - 3])
                )
                | (
                    (close[t - 1] < open[t - 1])
                    & (close[t - 1] < close[t - 2])
                    & (close[t - 2] < close[t - 3])
                    & (open[t] < close[t - 1])
                    & (close[t] > open[t - 3])
                )
            ),
            coloured(open, close, t - 1),
            0.0,
        )


@kernel(reach=lambda *_: 4)
def breakaway(open, high, low, close, typical, out):
    blank(out, 4)
    for t in range(4, len(close)):
        out[t] = where(
            (body(open, close, t - 4) > typical[t - 4])
            & (coloured(open, close, t - 4) == coloured(open, close, t - 3))
            & (coloured(open, close, t - 3) == coloured(open, close, t - 1))
            & (coloured(open, close, t - 1) != coloured(open, close, t))
            & (
                (
                    (close[t - 4] < open[t - 4])
                    & gap_down(open, close, t - 3, t - 4)
                    & (high[t - 2] < high[t - 3])
                    & (low[t - 2] < low[t - 3])
                    & (high[t - 1] < high[t - 2])
                    & (low[t - 1] < low[t - 2])
                    & (close[t] > open[t - 3])
                    & (close[t] < close[t - 4])
                )
                | (
                    (close[t - 4] >= open[t - 4])
                    & gap_up(open, close, t - 3, t - 4)
                    & (high[t - 2] > high[t - 3])
                    & (low[t - 2] > low[t - 3])
                    & (high[t - 1] > high[t - 2])
                    & (low[t - 1] > low[t - 2])
                    & (close[t] < open[t - 3])
                    & (close[t] > close[t - 4])
                )
            ),
            coloured(open, close, t),
            0.0,
        )


@kernel(reach=lambda *_: 3)
def concealbabyswall(open, high, low, close, tiny, out):
    blank(out, 3)
    for t in range(3, len(close)):
        out[t] = where(
            (close[t - 3] < open[t - 3])
            & (close[t - 2] < open[t - 2])
            & (close[t - 1] < open[t - 1])
            & (close[t] < open[t])
            & (lower(open, low, close, t - 3) < tiny[t - 3])
            & (upper(open, high, close, t - 3) < tiny[t - 3])
            & (lower(open, low, close, t - 2) < tiny[t - 2])
            & (upper(open, high, close, t - 2) < tiny[t - 2])
            & gap_down(open, close, t - 1, t - 2)
            & (upper(open, high, close, t - 1) > tiny[t - 1])
            & (high[t - 1] > close[t - 2])
            & (high[t] > high[t - 1])
            & (low[t] < low[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 4)
def ladderbottom(open, high, close, tiny, out):
    blank(out, 4)
    for t in range(4, len(close)):
        out[t] = where(
            (close[t - 4] < open[t - 4])
            & (close[t - 3] < open[t - 3])
            & (close[t - 2] < open[t - 2])
            & (open[t - 4] > open[t - 3])
            & (open[t - 3] > open[t - 2])
            & (close[t - 4] > close[t - 3])
            & (close[t - 3] > close[t - 2])
            & (close[t - 1] < open[t - 1])
            & (upper(open, high, close, t - 1) > tiny[t - 1])
            & (close[t] >= open[t])
            & (open[t] > open[t - 1])
            & (close[t] > high[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 4)
def mathold(open, high, close, typical, penetration, out):
    blank(out, 4)
    for t in range(4, len(close)):
        out[t] = where(
            (body(open, close, t - 4) > typical[t - 4])
            & (body(open, close, t - 3) < typical[t - 3])
            & (body(open, close, t - 2) < typical[t - 2])
            & (body(open, close, t - 1) < typical[t - 1])
            & (close[t - 4] >= open[t - 4])
            & (close[t - 3] < open[t - 3])
            & (close[t] >= open[t])
            & gap_up(open, close, t - 3, t - 4)
            & (bottom(open, close, t - 2) < close[t - 4])
            & (bottom(open, close, t - 1) < close[t - 4])
            & (bottom(open, close, t - 2) > close[t - 4] - body(open, close, t - 4) * penetration)
            & (bottom(open, close, t - 1) > close[t - 4] - body(open, close, t - 4) * penetration)
            & (top(open, close, t - 2) < open[t - 3])
            & (top(open, close, t - 1) < top(open, close, t - 2))
            & (open[t] > close[t - 1])
            & (close[t] > maximum(high[t - 3], maximum(high[t - 2], high[t - 1]))),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 4)
def risefall3methods(open, high, low, close, typical, out):
    blank(out, 4)
    for t in range(4, len(close)):
        out[t] = where(
            (body(open, close, t - 4) > typical[t - 4])
            & (body(open, close, t - 3) < typical[t - 3])
            & (body(open, close, t - 2) < typical[t - 2])
            & (body(open, close, t - 1) < typical[t - 1])
            & (body(open, close, t) > typical[t])
            & (coloured(open, close, t - 4) != coloured(open, close, t - 3))
            & (coloured(open, close, t - 3) == coloured(open, close, t - 2))
            & (coloured(open, close, t - 2) == coloured(open, close, t - 1))
            & (coloured(open, close, t - 1) != coloured(open, close, t))
            & (bottom(open, close, t - 3) < high[t - 4])
            & (top(open, close, t - 3) > low[t - 4])
            & (bottom(open, close, t - 2) < high[t - 4])
            & (top(open, close, t - 2) > low[t - 4])
            & (bottom(open, close, t - 1) < high[t - 4])
            & (top(open, close, t - 1) > low[t - 4])
            & (
                (
                    (close[t - 4] >= open[t - 4])
                    & (close[t - 2] < close[t - 3])
                    & (close[t - 1] < close[t - 2])
                    & (open[t] > close[t - 1])
                    & (close[t] > close[t - 4])
                )
                | (
                    (close[t - 4] < open[t - 4])
                    & (close[t - 2] > close[t - 3])
                    & (close[t - 1] > close[t - 2])
                    & (open[t] < close[t - 1])
                    & (close[t] < close[t - 4])
                )
            ),
            coloured(open, close, t - 4),
            0.0,
        )


@kernel(reach=lambda *_: 5)
def hikkake(high, low, close, out):
    ahead, level, left = 0.0, 0.0, 0.0
    for t in range(2, len(close)):
        inside = (high[t - 1] < high[t - 2]) & (low[t - 1] > low[t - 2])
        falls = inside & (high[t] < high[t - 1]) & (low[t] < low[t - 1])
        rises = inside & (high[t] > high[t - 1]) & (low[t] > low[t - 1])
        found = where(falls, 100.0, where(rises, -100.0, 0.0))
        out[t] = confirmed(found, ahead, level, left, close[t])
        level = where(falls, high[t - 1], where(rises, low[t - 1], level))
        left = where(found != 0.0, 3.0, where(out[t] != 0.0, 0.0, left - 1.0))
        ahead = where(found != 0.0, found, ahead)
    blank(out, 5)


@kernel(reach=lambda *_: 10)
def hikkakemod(high, low, close, out):
    ahead, level, left = 0.0, 0.0, 0.0
    for t in range(7, len(close)):
        inside = (high[t - 1] < high[t - 2]) & (low[t - 1] > low[t - 2])
        inside = inside & (high[t - 2] < high[t - 3]) & (low[t - 2] > low[t - 3])
        near = high[t - 7] - low[t - 7]
        for p in range(t - 6, t - 2):
            near = near + (high[p] - low[p])
        near = 0.2 * (near / 5.0)
        falls = inside & (high[t] < high[t - 1]) & (low[t] < low[t - 1])
        falls = falls & (close[t - 2] <= low[t - 2] + near)
        rises = inside & (high[t] > high[t - 1]) & (low[t] > low[t - 1])
        rises = rises & (close[t - 2] >= high[t - 2] - near)
        found = where(falls, 100.0, where(rises, -100.0, 0.0))
        out[t] = confirmed(found, ahead, level, left, close[t])
        level = where(falls, high[t - 1], where(rises, low[t - 1], level))
        left = where(found != 0.0, 3.0, where(out[t] != 0.0, 0.0, left - 1.0))
        ahead = where(found != 0.0, found, ahead)
    blank(out, 10)
