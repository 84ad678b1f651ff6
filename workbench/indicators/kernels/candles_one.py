"""Candlestick patterns of one bar."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from workbench.indicators.jit import kernel
from workbench.indicators.kernels.candles import body, bottom, coloured, lower, top, upper
from workbench.indicators.language import where


@kernel()
def belthold(open, high, low, close, typical, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) > typical[t])
            & (
                ((close[t] >= open[t]) & (lower(open, low, close, t) < tiny[t]))
                | ((close[t] < open[t]) & (upper(open, high, close, t) < tiny[t]))
            ),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def closingmarubozu(open, high, low, close, typical, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) > typical[t])
            & (
                ((close[t] >= open[t]) & (upper(open, high, close, t) < tiny[t]))
                | ((close[t] < open[t]) & (lower(open, low, close, t) < tiny[t]))
            ),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def doji(open, close, tiny, out):
    for t in range(len(close)):
        out[t] = where((body(open, close, t) <= tiny[t]), 100.0, 0.0)


@kernel()
def dragonflydoji(open, high, low, close, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) <= tiny[t])
            & (upper(open, high, close, t) < tiny[t])
            & (lower(open, low, close, t) > tiny[t]),
            100.0,
            0.0,
        )


@kernel()
def gravestonedoji(open, high, low, close, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) <= tiny[t])
            & (lower(open, low, close, t) < tiny[t])
            & (upper(open, high, close, t) > tiny[t]),
            100.0,
            0.0,
        )


@kernel()
def highwave(open, high, low, close, typical, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (upper(open, high, close, t) > 2.0 * body(open, close, t))
            & (lower(open, low, close, t) > 2.0 * body(open, close, t)),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def longleggeddoji(open, high, low, close, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) <= tiny[t])
            & (
                (lower(open, low, close, t) > body(open, close, t))
                | (upper(open, high, close, t) > body(open, close, t))
            ),
            100.0,
            0.0,
        )


@kernel()
def longline(open, high, low, close, typical, short, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) > typical[t])
            & (upper(open, high, close, t) < short[t])
            & (lower(open, low, close, t) < short[t]),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def marubozu(open, high, low, close, typical, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) > typical[t])
            & (upper(open, high, close, t) < tiny[t])
            & (lower(open, low, close, t) < tiny[t]),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def rickshawman(open, high, low, close, tiny, near, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) <= tiny[t])
            & (lower(open, low, close, t) > body(open, close, t))
            & (upper(open, high, close, t) > body(open, close, t))
            & (bottom(open, close, t) <= low[t] + 0.5 * (high[t] - low[t]) + near[t])
            & (top(open, close, t) >= low[t] + 0.5 * (high[t] - low[t]) - near[t]),
            100.0,
            0.0,
        )


@kernel()
def shortline(open, high, low, close, typical, short, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (upper(open, high, close, t) < short[t])
            & (lower(open, low, close, t) < short[t]),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def spinningtop(open, high, low, close, typical, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) < typical[t])
            & (upper(open, high, close, t) > body(open, close, t))
            & (lower(open, low, close, t) > body(open, close, t)),
            coloured(open, close, t),
            0.0,
        )


@kernel()
def takuri(open, high, low, close, tiny, out):
    for t in range(len(close)):
        out[t] = where(
            (body(open, close, t) <= tiny[t])
            & (upper(open, high, close, t) < tiny[t])
            & (lower(open, low, close, t) > 2.0 * body(open, close, t)),
            100.0,
            0.0,
        )
