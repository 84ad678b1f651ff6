"""Bars for the indicators' tests: every input that some indicator takes, by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.indicators import INDICATORS

Columns = dict[str, np.ndarray]


def walk(bars: int, seed: int = 0, symbols: int | None = None) -> Columns:
    """Random walks whose bars hang together: low <= open, close <= high."""
    rng = np.random.default_rng(seed)
    shape = bars if symbols is None else (bars, symbols)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    opening = np.vstack([close[:1], close[:-1]]) if symbols else np.r_[close[:1], close[:-1]]
    opening = opening * (1 + rng.normal(0, 0.005, shape))
    top, bottom = np.maximum(opening, close), np.minimum(opening, close)
    return {
        "open": opening,
        "high": top * (1 + rng.random(shape) * 0.015),
        "low": bottom * (1 - rng.random(shape) * 0.015),
        "close": close,
        "volume": np.floor(10 ** rng.uniform(3, 6, shape)),
        **others(bars, rng, shape),
    }


def others(bars: int, rng: np.random.Generator, shape: Any) -> Columns:
    """What is no field of bars."""
    number = np.arange(bars) if isinstance(shape, int) else np.arange(bars)[:, None]
    return {
        "benchmark": 50 * np.exp(np.cumsum(rng.normal(0, 0.015, shape), axis=0)),
        "periods": np.floor(rng.uniform(2, 20, shape)),
        "session": np.broadcast_to(number // 7, shape).astype(float),
        "anchor": np.broadcast_to(number % 23 == 5, shape).astype(float),
    }


def constant(bars: int, value: float) -> Columns:
    """Prices that never move."""
    names = ("open", "high", "low", "close", "volume", "benchmark")
    columns = dict.fromkeys(names, np.full(bars, value))
    rng = np.random.default_rng(0)
    return {**others(bars, rng, bars), **columns}


def inputs_of(name: str, columns: Columns) -> list[np.ndarray]:
    """The inputs of an indicator, in its order."""
    return [columns[field] for field in INDICATORS[name].inputs]
