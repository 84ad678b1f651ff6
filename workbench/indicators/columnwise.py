"""A kernel down every column of a table, whatever its strides, tile by tile, around its gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TILE = 8192
"""Symbols at a time: long rows keep the memory busy; the bound keeps a kernel's state in cache."""

GAPPY_TILE = 64
"""Symbols with gaps at a time: their copies and the kernel stay in cache."""

NARROW = 8
"""Below this many symbols a time-major table is faster walked symbol by symbol."""


def columnwise(
    kernel: str, inputs: Sequence[Floats], *parameters: float, outputs: int = 1
) -> tuple[Floats, ...]:
    """Run `kernel` (a name in `kernels`) down each column of equally shaped (time, symbol) arrays.

    A bar is missing where any input is NaN: the kernel never sees it and every output is NaN
    there. The outputs have the shape and the memory order of the first input; the inputs are
    read in place where they are contiguous in either order, else copied one tile at a time.

    >>> columnwise("sma", [np.array([[1.0], [np.nan], [3.0]])], 2)[0].ravel()
    array([nan, nan,  2.])
    """
    form = "series" if _symbol_major(inputs[0]) else "rows"
    arrays = [_frozen(values.T if form == "series" else values) for values in inputs]
    results = tuple(np.empty(arrays[0].shape) for _ in range(outputs))
    for symbols in _tiles(inputs[0].shape[1]):
        _fill(kernel, form, arrays, symbols, parameters, results)
    return tuple(result.T if form == "series" else result for result in results)


def _symbol_major(values: Floats) -> bool:
    by_time, by_symbol = (abs(stride) for stride in values.strides)
    return values.shape[1] < NARROW or by_time < by_symbol


def _tiles(count: int) -> Iterator[slice]:
    for start in range(0, count, TILE):
        yield slice(start, min(start + TILE, count))


def _frozen(values: Floats) -> Floats:
    """A read-only view: one array type for the compiler, and no kernel can change an input."""
    view = values.view(np.ndarray)
    view.flags.writeable = False
    return view


def _fill(
    kernel: str,
    form: str,
    arrays: Sequence[Floats],
    symbols: slice,
    parameters: Sequence[float],
    results: Sequence[Floats],
) -> None:
    from workbench.indicators import gaps, kernels  # numba loads here, not with the package

    run, has_gap = getattr(kernels, f"{kernel}_{form}"), getattr(gaps, f"gaps_{form}")
    chosen = np.arange(symbols.start, symbols.stop)
    if all(values.flags.c_contiguous for values in arrays):
        gappy = np.logical_or.reduce([has_gap(values, symbols) for values in arrays])
        if not gappy.all():
            run(*arrays, symbols, *parameters, *results)
        chosen = chosen[gappy]
    for start in range(0, chosen.size, GAPPY_TILE):
        some = chosen[start : start + GAPPY_TILE]
        _fill_packed(run, form, arrays, some, parameters, results)


def _fill_packed(
    run: Any,
    form: str,
    arrays: Sequence[Floats],
    symbols: NDArray[np.int64],
    parameters: Sequence[float],
    results: Sequence[Floats],
) -> None:
    """Copy some symbols without their missing bars, run the kernel, spread what comes out."""
    from workbench.indicators import gaps

    pack, unpack = getattr(gaps, f"pack_{form}"), getattr(gaps, f"unpack_{form}")
    tiles = [np.take(values, symbols, axis=0 if form == "series" else 1) for values in arrays]
    present = ~np.logical_or.reduce([np.isnan(tile) for tile in tiles])
    packed = [np.empty(tile.shape) for tile in tiles]
    for tile, dense in zip(tiles, packed, strict=True):
        pack(tile, present, dense)
    scratch = [np.empty(present.shape) for _ in results]
    run(*map(_frozen, packed), slice(0, symbols.size), *parameters, *scratch)
    for dense, result in zip(scratch, results, strict=True):
        unpack(dense, present, symbols, result)
