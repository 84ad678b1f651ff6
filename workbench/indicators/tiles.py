"""A function over tiles, across every column of a table, whatever its strides and its gaps.

A tile holds some symbols as a C-contiguous float64 array (groups, time, lanes): eight lanes side
by side in a panel, one lane for a few series. A bar is missing where any input is NaN: no kernel
sees it, and every output is NaN there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indicators.jit import LANES, Floats
from workbench.indicators.state import State

TILE_BYTES = 320_000
"""Of one input: with the outputs it stays in the processor's cache."""

WIDE = 8
"""Groups at a time of a table whose rows are contiguous: their neighbours come with them."""

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """What is to be done with every tile: `function` for each set of parameters."""

    function: Callable[..., Any]
    calls: Sequence[Parameters]
    outputs: int
    propagate: bool = False

    def on(self, tiles: Sequence[Floats], call: Parameters) -> list[Floats]:
        """The output tiles for some input tiles."""
        made = self.function(*tiles, **call)
        return [made] if self.outputs == 1 else list(made)


def compute(
    work: Work,
    tables: Sequence[NDArray[Any]],
    dtype: Any = np.float64,
    threads: int | None = None,
    state: State | None = None,
) -> list[list[NDArray[Any]]]:
    """The outputs of each call, as (time, symbol) arrays in the memory order of the first table.

    >>> compute(Work(lambda close: 2 * close, [{}], 1), [np.array([[1.0], [np.nan]])])[0][0].ravel()
    array([ 2., nan])
    """
    if not tables[0].size:
        return [[np.empty(tables[0].shape, dtype) for _ in range(work.outputs)] for _ in work.calls]
    if state is not None:
        return state.continued(work, tables, dtype)
    if tables[0].shape[1] < LANES:
        return _few(work, tables, dtype)
    return _many(work, tables, dtype, threads)


def _few(work: Work, tables: Sequence[NDArray[Any]], dtype: Any) -> list[list[NDArray[Any]]]:
    """A few series: one lane, and no copy of what lies in memory as it is needed."""
    tiles = [_as_series(table) for table in tables]
    present = None if work.propagate else _present(tiles)
    if present is not None:
        tiles = [_packed(tile.copy(), present) for tile in tiles]
    results = []
    for call in work.calls:
        made = [_spread(tile, present) for tile in work.on(tiles, call)]
        results.append([tile[:, :, 0].T.astype(dtype, copy=False) for tile in made])
    return results


def _as_series(table: NDArray[Any]) -> Floats:
    """(symbols, time, 1): a view where the series are contiguous."""
    series = np.ascontiguousarray(table.T, np.float64)
    return _writable(series)[:, :, np.newaxis]


def _writable(values: Floats) -> Floats:
    """The same memory without the flag that forbids to write: one array type for the compiler."""
    if values.flags.writeable:
        return values
    kind = np.ctypeslib.ctypes.c_double * values.size
    address = values.__array_interface__["data"][0]
    return np.ctypeslib.as_array(kind.from_address(address)).reshape(values.shape)


def _many(
    work: Work, tables: Sequence[NDArray[Any]], dtype: Any, threads: int | None
) -> list[list[NDArray[Any]]]:
    rows, count = tables[0].shape
    results = [[_like(tables[0], dtype) for _ in range(work.outputs)] for _ in work.calls]
    groups = max(1, TILE_BYTES // (rows * LANES * 8))
    if any(_by_rows(table) for table in tables):
        groups = max(groups, WIDE)
    width = groups * LANES
    starts = range(0, count, width)

    def fill(start: int) -> None:
        _fill(work, tables, results, start, min(width, count - start))

    workers = min(threads or processors(), len(starts))
    if workers == 1:
        for start in starts:
            fill(start)
    else:
        with ThreadPoolExecutor(workers, "workbench-indicators") as pool:
            list(pool.map(fill, starts))
    return results


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _by_rows(table: NDArray[Any]) -> bool:
    by_time, by_symbol = (abs(stride) for stride in table.strides)
    return by_symbol < by_time


def _like(table: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return np.empty(table.shape, dtype, order="C" if _by_rows(table) else "F")


def _fill(
    work: Work,
    tables: Sequence[NDArray[Any]],
    results: Sequence[Sequence[NDArray[Any]]],
    start: int,
    count: int,
) -> None:
    """Everything for `count` symbols from `start` on."""
    from workbench.indicators.moving import gather, scatter

    shape = (-(-count // LANES), tables[0].shape[0], LANES)
    tiles = [np.empty(shape) for _ in tables]
    gaps = [
        gather(*_place(table, start), table.itemsize == 4, count, tile)
        for table, tile in zip(tables, tiles, strict=True)
    ]
    present = _present(tiles) if any(gaps) and not work.propagate else None
    if present is not None:
        tiles = [_packed(tile, present) for tile in tiles]
    for call, targets in zip(work.calls, results, strict=True):
        for tile, target in zip(work.on(tiles, call), targets, strict=True):
            scatter(_spread(tile, present), *_place(target, start), target.itemsize == 4, count)


def _place(table: NDArray[Any], start: int) -> tuple[int, int, int]:
    """The address of the first bar of a symbol, and the bytes to the next bar and symbol."""
    step, stride = table.strides
    address: int = table.__array_interface__["data"][0]
    return address + start * stride, step, stride


def _present(tiles: Sequence[Floats]) -> NDArray[np.bool_] | None:
    """Where no input is NaN; None where none is anywhere."""
    present = ~np.logical_or.reduce([np.isnan(tile) for tile in tiles])
    return None if present.all() else present


def _packed(tile: Floats, present: NDArray[np.bool_]) -> Floats:
    from workbench.indicators.moving import pack

    pack(tile, present)
    return tile


def _spread(tile: Floats, present: NDArray[np.bool_] | None) -> Floats:
    from workbench.indicators.moving import spread

    tile = np.ascontiguousarray(tile)
    if present is not None:
        spread(tile, present)
    return tile
