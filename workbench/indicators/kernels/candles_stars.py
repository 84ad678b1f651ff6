"""Candlestick patterns of three bars, of which one is a star."""
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


@kernel(reach=lambda *_: 2)
def three_starsinsouth(open, high, low, close, typical, tiny, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] < open[t - 2])
            & (close[t - 1] < open[t - 1])
            & (close[t] < open[t])
            & (body(open, close, t - 2) > typical[t - 2])
            & (lower(open, low, close, t - 2) > body(open, close, t - 2))
            & (body(open, close, t - 1) < body(open, close, t - 2))
            & (open[t - 1] > close[t - 2])
            & (open[t - 1] <= high[t - 2])
            & (low[t - 1] < close[t - 2])
            & (low[t - 1] >= low[t - 2])
            & (lower(open, low, close, t - 1) > tiny[t - 1])
            & (body(open, close, t) < typical[t])
            & (lower(open, low, close, t) < tiny[t])
            & (upper(open, high, close, t) < tiny[t])
            & (low[t] > low[t - 1])
            & (high[t] < high[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def abandonedbaby(open, high, low, close, typical, tiny, penetration, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (body(open, close, t - 1) <= tiny[t - 1])
            & (body(open, close, t) > typical[t])
            & (
                (
                    (close[t - 2] >= open[t - 2])
                    & (close[t] < open[t])
                    & (close[t] < close[t - 2] - body(open, close, t - 2) * penetration)
                    & (low[t - 1] > high[t - 2])
                    & (high[t] < low[t - 1])
                )
                | (
                    (close[t - 2] < open[t - 2])
                    & (close[t] >= open[t])
                    & (close[t] > close[t - 2] + body(open, close, t - 2) * penetration)
                    & (high[t - 1] < low[t - 2])
                    & (low[t] > high[t - 1])
                )
            ),
            coloured(open, close, t),
            0.0,
        )


@kernel(reach=lambda *_: 2)
def eveningdojistar(open, close, typical, tiny, penetration, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 2] >= open[t - 2])
            & (body(open, close, t - 1) <= tiny[t - 1])
            & gap_up(open, close, t - 1, t - 2)
            & (body(open, close, t) > typical[t])
            & (close[t] < open[t])
            & (close[t] < close[t - 2] - body(open, close, t - 2) * penetration),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def eveningstar(open, close, typical, penetration, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 2] >= open[t - 2])
            & (body(open, close, t - 1) <= typical[t - 1])
            & gap_up(open, close, t - 1, t - 2)
            & (body(open, close, t) > typical[t])
            & (close[t] < open[t])
            & (close[t] < close[t - 2] - body(open, close, t - 2) * penetration),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def morningdojistar(open, close, typical, tiny, penetration, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 2] < open[t - 2])
            & (body(open, close, t - 1) <= tiny[t - 1])
            & gap_down(open, close, t - 1, t - 2)
            & (body(open, close, t) > typical[t])
            & (close[t] >= open[t])
            & (close[t] > close[t - 2] + body(open, close, t - 2) * penetration),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def morningstar(open, close, typical, penetration, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 2] < open[t - 2])
            & (body(open, close, t - 1) <= typical[t - 1])
            & gap_down(open, close, t - 1, t - 2)
            & (body(open, close, t) > typical[t])
            & (close[t] >= open[t])
            & (close[t] > close[t - 2] + body(open, close, t - 2) * penetration),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def tristar(open, close, tiny, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) <= tiny[t - 2])
            & (body(open, close, t - 1) <= tiny[t - 2])
            & (body(open, close, t) <= tiny[t - 2])
            & (
                (
                    gap_up(open, close, t - 1, t - 2)
                    & (top(open, close, t) < top(open, close, t - 1))
                )
                | (
                    gap_down(open, close, t - 1, t - 2)
                    & (bottom(open, close, t) > bottom(open, close, t - 1))
                )
            ),
            where(gap_up(open, close, t - 1, t - 2), -100.0, 100.0),
            0.0,
        )
