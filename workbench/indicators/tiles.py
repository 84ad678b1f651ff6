"""A function over tiles, across every column of a table, whatever its strides and its gaps.

A tile holds some symbols as a C-contiguous float64 array (groups, time, lanes): eight lanes side
by side in a panel, one lane for a few series. A bar is missing where any input is NaN: no kernel
sees it, and every output is NaN there.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.indicators.jit import LANES, Floats
from workbench.indicators.recycling import empty
from workbench.indicators.state import State
from workbench.indicators.tracing import traced

TILE_BYTES = 1_300_000
"""Of one input: with the outputs it stays in the shared cache, and a call costs next to nothing."""

WIDE = 8
"""Groups at a time of a table whose rows are contiguous: their neighbours come with them."""

SMALL_BYTES = 1 << 20
"""A table up to this size is not worth a look at what the indicator does."""

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """What is to be done with every tile: `function` for each set of parameters."""

    function: Callable[..., Any]
    calls: Sequence[Parameters]
    outputs: int
    propagate: bool = False
    owner: Hashable = None
    """Whom the state belongs to that this continues."""

    def on(self, tiles: Sequence[Floats], call: Parameters) -> list[Floats]:
        """The output tiles for some input tiles."""
        with np.errstate(all="ignore"):
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
    from workbench.indicators.moving import scatter

    tiles = [_as_series(table) for table in tables]
    present = EVERY
    if not work.propagate and any(np.isnan(tile).any() for tile in tiles):
        tiles = [tile.copy() for tile in tiles]
        present = _present(tiles)
    results = []
    for call in work.calls:
        made = work.on(tiles, call)
        if present.size:
            targets = [np.empty_like(tables[0], dtype) for _ in made]
            for tile, target in zip(made, targets, strict=True):
                scatter(tile, present, *Place.of(target), target.shape[1])
        else:
            targets = [tile[:, :, 0].T.astype(dtype, copy=False) for tile in made]
        results.append(targets)
    return results


def _as_series(table: NDArray[Any]) -> Floats:
    """(symbols, time, 1): a view where the series are contiguous."""
    series = np.ascontiguousarray(table.T, np.float64)
    return _writable(series)[:, :, np.newaxis]


def _writable(values: Floats) -> Floats:
    """The same memory without the flag that forbids to write: one array type for the compiler."""
    if values.flags.writeable:
        return values
    kind = ctypes.c_double * values.size
    address = values.__array_interface__["data"][0]
    return np.ctypeslib.as_array(kind.from_address(address)).reshape(values.shape)


def _many(
    work: Work, tables: Sequence[NDArray[Any]], dtype: Any, threads: int | None
) -> list[list[NDArray[Any]]]:
    results = [[_like(tables[0], dtype) for _ in range(work.outputs)] for _ in work.calls]
    workers = threads or processors()
    everything, together = [range(tables[0].shape[1])], []
    for call, result in zip(work.calls, results, strict=True):
        alone = replace(work, calls=[call])
        left = _streamed(alone, tables, result, workers)
        if left is None:
            together.append((call, result))
        elif left:
            _tiled(alone, tables, [result], left, workers)
    if together:
        calls, targets = zip(*together, strict=True)
        _tiled(replace(work, calls=calls), tables, targets, everything, workers)
    return results


def _streamed(
    work: Work, tables: Sequence[NDArray[Any]], result: Sequence[NDArray[Any]], workers: int
) -> list[range] | None:
    """Fill the result without tiles; which symbols are left, or None where that cannot be."""
    rows, count = tables[0].shape
    alike = all(table.strides == tables[0].strides and table.itemsize == 8 for table in tables)
    by_rows = all(table.strides[1] == table.itemsize == 8 for table in (*tables, *result))
    small = rows * count * 8 < SMALL_BYTES
    if small or work.propagate or not (alike and by_rows):
        return None
    program = traced(work.function, len(tables), work.calls[0])
    if program is None:
        return None
    from workbench.indicators import fused

    if fused.strip_of(program) is None:
        return None
    sources, targets = ([Place.of(table) for table in some] for some in (tables, result))
    whole = count // LANES
    gaps = fused.run(program, sources, targets, rows, whole, min(workers, whole))
    edges = np.flatnonzero(np.diff(gaps, prepend=False, append=whole * LANES < count))
    ends = [*(edges * LANES).tolist(), count]
    return [range(*pair) for pair in zip(ends[::2], ends[1::2], strict=False)]


def _tiled(
    work: Work,
    tables: Sequence[NDArray[Any]],
    results: Sequence[Sequence[NDArray[Any]]],
    symbols: Sequence[range],
    workers: int,
) -> None:
    """Fill the results for some symbols, tile by tile."""
    rows = len(tables[0])
    groups = max(1, TILE_BYTES // (rows * LANES * 8))
    if any(_by_rows(table) for table in tables):
        groups = max(groups, WIDE)
    width = groups * LANES
    starts = [(start, part.stop) for part in symbols for start in part[::width]]
    sources = [Place.of(table) for table in tables]
    targets = [[Place.of(table) for table in result] for result in results]

    def fill(bounds: tuple[int, int]) -> None:
        start, end = bounds
        _fill(work, sources, targets, rows, start, min(width, end - start))

    if min(workers, len(starts)) == 1:
        for bounds in starts:
            fill(bounds)
    else:
        with ThreadPoolExecutor(min(workers, len(starts)), "workbench-indicators") as pool:
            list(pool.map(fill, starts))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _by_rows(table: NDArray[Any]) -> bool:
    by_time, by_symbol = (abs(stride) for stride in table.strides)
    return by_symbol < by_time


def _like(table: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return empty(table.shape, dtype, "C" if _by_rows(table) else "F")


def _fill(
    work: Work,
    sources: Sequence[Place],
    results: Sequence[Sequence[Place]],
    rows: int,
    start: int,
    count: int,
) -> None:
    """Everything for `count` symbols from `start` on."""
    from workbench.indicators.moving import gather, scatter

    shape = (-(-count // LANES), rows, LANES)
    tiles = [empty(shape) for _ in sources]
    gaps = [
        gather(*place.at(start), count, tile) for place, tile in zip(sources, tiles, strict=True)
    ]
    present = _present(tiles) if any(gaps) and not work.propagate else EVERY
    for call, targets in zip(work.calls, results, strict=True):
        for tile, target in zip(work.on(tiles, call), targets, strict=True):
            scatter(np.ascontiguousarray(tile), present, *target.at(start), count)


class Place(NamedTuple):
    """Where a table lies: its address, the bytes from bar to bar and from symbol to symbol."""

    address: int
    step: int
    stride: int
    single: bool

    @classmethod
    def of(cls, table: NDArray[Any]) -> Place:
        step, stride = table.strides
        return cls(table.__array_interface__["data"][0], step, stride, table.itemsize == 4)

    def at(self, symbol: int) -> tuple[int, int, int, bool]:
        """From a symbol on, as the compiled loops want it."""
        return self.address + symbol * self.stride, self.step, self.stride, self.single


def _present(tiles: Sequence[Floats]) -> NDArray[np.bool_]:
    """Where no input is NaN, or EVERY; with gaps, the tiles are packed in place."""
    from workbench.indicators.moving import mark, pack

    present = np.ones(tiles[0].shape, np.bool_)
    for tile in tiles:
        mark(tile, present)
    if present.all():
        return EVERY
    for tile in tiles:
        pack(tile, present)
    return present


EVERY = np.ones((0, 0, 0), np.bool_)
"""Every bar is present."""
