"""Candlestick patterns of three bars."""
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
from workbench.indicators.language import absolute, where


@kernel(reach=lambda *_: 2)
def two_crows(open, close, typical, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] >= open[t - 2])
            & (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 1] < open[t - 1])
            & gap_up(open, close, t - 1, t - 2)
            & (close[t] < open[t])
            & (open[t] < open[t - 1])
            & (open[t] > close[t - 1])
            & (close[t] > open[t - 2])
            & (close[t] < close[t - 2]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def three_inside(open, close, typical, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (body(open, close, t - 1) <= typical[t - 1])
            & (top(open, close, t - 1) < top(open, close, t - 2))
            & (bottom(open, close, t - 1) > bottom(open, close, t - 2))
            & (
                ((close[t - 2] >= open[t - 2]) & (close[t] < open[t]) & (close[t] < open[t - 2]))
                | ((close[t - 2] < open[t - 2]) & (close[t] >= open[t]) & (close[t] > open[t - 2]))
            ),
            0.0 - coloured(open, close, t - 2),
            0.0,
        )


@kernel(reach=lambda *_: 3)
def three_outside(open, close, out):
    blank(out, 3)
    for t in range(3, len(close)):
        out[t] = where(
            (
                (close[t - 1] >= open[t - 1])
                & (close[t - 2] < open[t - 2])
                & (close[t - 1] > open[t - 2])
                & (open[t - 1] < close[t - 2])
                & (close[t] > close[t - 1])
            )
            | (
                (close[t - 1] < open[t - 1])
                & (close[t - 2] >= open[t - 2])
                & (open[t - 1] > close[t - 2])
                & (close[t - 1] < open[t - 2])
                & (close[t] < close[t - 1])
            ),
            coloured(open, close, t - 1),
            0.0,
        )


@kernel(reach=lambda *_: 2)
def three_whitesoldiers(open, high, close, typical, tiny, near, far, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] >= open[t - 2])
            & (close[t - 1] >= open[t - 1])
            & (close[t] >= open[t])
            & (upper(open, high, close, t - 2) < tiny[t - 2])
            & (upper(open, high, close, t - 1) < tiny[t - 1])
            & (upper(open, high, close, t) < tiny[t])
            & (close[t] > close[t - 1])
            & (close[t - 1] > close[t - 2])
            & (open[t - 1] > open[t - 2])
            & (open[t - 1] <= close[t - 2] + near[t - 2])
            & (open[t] > open[t - 1])
            & (open[t] <= close[t - 1] + near[t - 1])
            & (body(open, close, t - 1) > body(open, close, t - 2) - far[t - 2])
            & (body(open, close, t) > body(open, close, t - 1) - far[t - 1])
            & (body(open, close, t) > typical[t]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def advanceblock(open, high, close, typical, short, near, far, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] >= open[t - 2])
            & (close[t - 1] >= open[t - 1])
            & (close[t] >= open[t])
            & (close[t] > close[t - 1])
            & (close[t - 1] > close[t - 2])
            & (open[t - 1] > open[t - 2])
            & (open[t - 1] <= close[t - 2] + near[t - 2])
            & (open[t] > open[t - 1])
            & (open[t] <= close[t - 1] + near[t - 1])
            & (body(open, close, t - 2) > typical[t - 2])
            & (upper(open, high, close, t - 2) < short[t - 2])
            & (
                (
                    (body(open, close, t - 1) < body(open, close, t - 2) - far[t - 2])
                    & (body(open, close, t) < body(open, close, t - 1) + near[t - 1])
                )
                | (body(open, close, t) < body(open, close, t - 1) - far[t - 1])
                | (
                    (body(open, close, t) < body(open, close, t - 1))
                    & (body(open, close, t - 1) < body(open, close, t - 2))
                    & (
                        (upper(open, high, close, t) > short[t])
                        | (upper(open, high, close, t - 1) > short[t - 1])
                    )
                )
                | (
                    (body(open, close, t) < body(open, close, t - 1))
                    & (upper(open, high, close, t) > body(open, close, t))
                )
            ),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def gapsidesidewhite(open, close, near, equal, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (
                (gap_up(open, close, t - 1, t - 2) & gap_up(open, close, t, t - 2))
                | (gap_down(open, close, t - 1, t - 2) & gap_down(open, close, t, t - 2))
            )
            & (close[t - 1] >= open[t - 1])
            & (close[t] >= open[t])
            & (body(open, close, t) >= body(open, close, t - 1) - near[t - 1])
            & (body(open, close, t) <= body(open, close, t - 1) + near[t - 1])
            & (open[t] >= open[t - 1] - equal[t - 1])
            & (open[t] <= open[t - 1] + equal[t - 1]),
            where(gap_up(open, close, t - 1, t - 2), 100.0, -100.0),
            0.0,
        )


@kernel(reach=lambda *_: 2)
def identical3crows(open, low, close, tiny, equal, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] < open[t - 2])
            & (close[t - 1] < open[t - 1])
            & (close[t] < open[t])
            & (lower(open, low, close, t - 2) < tiny[t - 2])
            & (lower(open, low, close, t - 1) < tiny[t - 1])
            & (lower(open, low, close, t) < tiny[t])
            & (close[t - 2] > close[t - 1])
            & (close[t - 1] > close[t])
            & (open[t - 1] <= close[t - 2] + equal[t - 2])
            & (open[t - 1] >= close[t - 2] - equal[t - 2])
            & (open[t] <= close[t - 1] + equal[t - 1])
            & (open[t] >= close[t - 1] - equal[t - 1]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def stalledpattern(open, high, close, typical, tiny, near, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] >= open[t - 2])
            & (close[t - 1] >= open[t - 1])
            & (close[t] >= open[t])
            & (close[t] > close[t - 1])
            & (close[t - 1] > close[t - 2])
            & (body(open, close, t - 2) > typical[t - 2])
            & (body(open, close, t - 1) > typical[t - 1])
            & (upper(open, high, close, t - 1) < tiny[t - 1])
            & (open[t - 1] > open[t - 2])
            & (open[t - 1] <= close[t - 2] + near[t - 2])
            & (body(open, close, t) < typical[t])
            & (open[t] >= close[t - 1] - body(open, close, t) - near[t - 1]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def sticksandwich(open, low, close, equal, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] < open[t - 2])
            & (close[t - 1] >= open[t - 1])
            & (close[t] < open[t])
            & (low[t - 1] > close[t - 2])
            & (close[t] <= close[t - 2] + equal[t - 2])
            & (close[t] >= close[t - 2] - equal[t - 2]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def tasukigap(open, close, near, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (
                (
                    gap_up(open, close, t - 1, t - 2)
                    & (close[t - 1] >= open[t - 1])
                    & (close[t] < open[t])
                    & (open[t] < close[t - 1])
                    & (open[t] > open[t - 1])
                    & (close[t] < open[t - 1])
                    & (close[t] > top(open, close, t - 2))
                )
                | (
                    gap_down(open, close, t - 1, t - 2)
                    & (close[t - 1] < open[t - 1])
                    & (close[t] >= open[t])
                    & (open[t] < open[t - 1])
                    & (open[t] > close[t - 1])
                    & (close[t] > open[t - 1])
                    & (close[t] < bottom(open, close, t - 2))
                )
            )
            & (absolute(body(open, close, t - 1) - body(open, close, t)) < near[t - 1]),
            coloured(open, close, t - 1),
            0.0,
        )


@kernel(reach=lambda *_: 2)
def unique3river(open, low, close, typical, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 2] < open[t - 2])
            & (close[t - 1] < open[t - 1])
            & (close[t - 1] > close[t - 2])
            & (open[t - 1] <= open[t - 2])
            & (low[t - 1] < low[t - 2])
            & (body(open, close, t) < typical[t])
            & (close[t] >= open[t])
            & (open[t] > low[t - 1]),
            100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def upsidegap2crows(open, close, typical, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (close[t - 2] >= open[t - 2])
            & (body(open, close, t - 2) > typical[t - 2])
            & (close[t - 1] < open[t - 1])
            & (body(open, close, t - 1) <= typical[t - 1])
            & gap_up(open, close, t - 1, t - 2)
            & (close[t] < open[t])
            & (open[t] > open[t - 1])
            & (close[t] < close[t - 1])
            & (close[t] > close[t - 2]),
            -100.0,
            0.0,
        )


@kernel(reach=lambda *_: 2)
def xsidegap3methods(open, close, out):
    blank(out, 2)
    for t in range(2, len(close)):
        out[t] = where(
            (coloured(open, close, t - 2) == coloured(open, close, t - 1))
            & (coloured(open, close, t - 1) != coloured(open, close, t))
            & (open[t] < top(open, close, t - 1))
            & (open[t] > bottom(open, close, t - 1))
            & (close[t] < top(open, close, t - 2))
            & (close[t] > bottom(open, close, t - 2))
            & (
                ((close[t - 2] >= open[t - 2]) & gap_up(open, close, t - 1, t - 2))
                | ((close[t - 2] < open[t - 2]) & gap_down(open, close, t - 1, t - 2))
            ),
            coloured(open, close, t - 2),
            0.0,
        )
