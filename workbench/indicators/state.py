"""What a computation must remember to go on with new bars."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.indicators.jit import LANES, Floats, Kernel, current

if TYPE_CHECKING:
    from workbench.indicators.tiles import Work


@dataclass
class Memory:
    """Of one kernel: bars seen, registers, and the last bars of its inputs, by symbol."""

    seen: NDArray[np.int64]
    registers: Floats
    tails: list[Floats]


@dataclass
class State:
    """Continue a computation: pass the same State with each following piece of the bars.

    It belongs to one indicator, its parameters and its symbols, and may be pickled. A call that
    fails leaves it as it was.

    >>> from workbench.indicators import sma
    >>> state = State()
    >>> sma(np.array([1.0, 2.0]), window=2, state=state)
    array([nan, 1.5])
    >>> sma(np.array([4.0]), window=2, state=state)
    array([3.])
    """

    bars: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    owner: Hashable = None
    memories: list[Memory] = field(default_factory=list)

    def __repr__(self) -> str:
        seen = int(self.bars.max(initial=0))
        return f"<State of {self.owner or 'nothing yet'}: {seen} bars of {len(self.bars)} symbols>"

    def check(self, owner: Hashable) -> None:
        """Raise InputError unless this state is new or belongs to `owner`."""
        if self.owner is not None and self.owner != owner:
            raise InputError(
                f"this state belongs to {self.owner}, not to {owner}; "
                "use a State of its own for each computation"
            )

    def continued(
        self, work: Work, tables: Sequence[NDArray[Any]], dtype: Any
    ) -> list[list[NDArray[Any]]]:
        """The outputs for the next bars; the state moves on when all went well."""
        (call,) = work.calls
        count = tables[0].shape[1]
        following = State(self.bars, self.owner, copy.deepcopy(self.memories))
        if not len(following.bars):
            following.bars = np.zeros(count, np.int64)
        results = [np.full(tables[0].shape, np.nan, dtype) for _ in range(work.outputs)]
        arrays = [np.asarray(table, np.float64) for table in tables]
        present = ~np.logical_or.reduce([np.isnan(table) for table in arrays])
        new = present.sum(axis=0)
        for seen, bars in sorted(set(zip(following.bars.tolist(), new.tolist(), strict=True))):
            symbols = np.flatnonzero((following.bars == seen) & (new == bars))
            if bars:
                rows = present[:, symbols]
                pieces = [_dense(table[:, symbols], rows, bars) for table in arrays]
                made = following._run(work, call, pieces, symbols)
                for piece, result in zip(made, results, strict=True):
                    block = np.full(rows.shape, np.nan)
                    block.T[rows.T] = piece.T.ravel()
                    result[:, symbols] = block
        self.bars, self.memories = following.bars + new, following.memories
        self.owner = work.owner
        return [results]

    def _run(
        self, work: Work, call: Any, pieces: list[Floats], symbols: NDArray[np.int64]
    ) -> list[Floats]:
        lanes = LANES if len(symbols) >= LANES else 1
        current.slots = Slots(self, symbols, lanes)
        try:
            made = work.on([to_tile(piece, lanes) for piece in pieces], call)
        finally:
            current.slots = None
        return [from_tile(tile, len(symbols)) for tile in made]


class Slots:
    """The memories of some symbols, one after the other as their kernels are called."""

    def __init__(self, state: State, symbols: NDArray[np.int64], lanes: int) -> None:
        self.state, self.symbols, self.lanes = state, symbols, lanes
        self.used = 0

    def run(self, kernel: Kernel, inputs: Sequence[Floats], parameters: Sequence[float]) -> Any:
        """What the kernel fills for the next bars."""
        memories = self.state.memories
        if self.used == len(memories):
            memories.append(self._new(kernel, len(inputs), parameters))
        memory = memories[self.used]
        self.used += 1
        run = self._with_registers if kernel.registers else self._with_tails
        return run(memory, kernel, inputs, parameters)

    def _new(self, kernel: Kernel, inputs: int, parameters: Sequence[float]) -> Memory:
        count = len(self.state.bars)
        reach = 0 if kernel.registers else kernel.reach(*parameters)
        return Memory(
            np.zeros(count, np.int64),
            np.zeros((kernel.registers, count)),
            [np.full((reach, count), np.nan) for _ in range(inputs)],
        )

    def _with_registers(
        self, memory: Memory, kernel: Kernel, inputs: Sequence[Floats], parameters: Any
    ) -> Any:
        registers = to_tile(memory.registers[:, self.symbols], self.lanes, fill=0.0)
        seen = int(memory.seen[self.symbols[0]])
        results, lead = kernel.run(inputs, parameters, registers, seen)
        memory.registers[:, self.symbols] = from_tile(registers, len(self.symbols))
        memory.seen[self.symbols] += inputs[0].shape[1] - lead
        return results

    def _with_tails(
        self, memory: Memory, kernel: Kernel, inputs: Sequence[Floats], parameters: Any
    ) -> Any:
        reach = len(memory.tails[0])
        kept = min(reach, int(memory.seen[self.symbols[0]]))
        joined = [
            np.concatenate([to_tile(tail[reach - kept :, self.symbols], self.lanes), tile], axis=1)
            for tail, tile in zip(memory.tails, inputs, strict=True)
        ]
        results, lead = kernel.run(joined, parameters)
        for tail, tile in zip(memory.tails, joined, strict=True) if reach else ():
            last = from_tile(tile[:, lead:], len(self.symbols))[-reach:]
            tail[reach - len(last) :, self.symbols] = last
        memory.seen[self.symbols] += joined[0].shape[1] - lead - kept
        return tuple(np.ascontiguousarray(tile[:, kept:]) for tile in results)


def _dense(table: Floats, present: NDArray[np.bool_], bars: int) -> Floats:
    """The `bars` that are present of each symbol, as (bars, symbols)."""
    dense: Floats = table.T[present.T].reshape(table.shape[1], bars).T
    return dense


def to_tile(table: Floats, lanes: int, fill: float = np.nan) -> Floats:
    """A (rows, symbols) table as a (groups, rows, lanes) tile; `fill` in the lanes left over."""
    rows, count = table.shape
    groups = -(-count // lanes)
    padded = np.full((rows, groups * lanes), fill)
    padded[:, :count] = table
    return np.ascontiguousarray(padded.reshape(rows, groups, lanes).transpose(1, 0, 2))


def from_tile(tile: Floats, count: int) -> Floats:
    """The first `count` columns of a tile as a (rows, symbols) table."""
    groups, rows, lanes = tile.shape
    return tile.transpose(1, 0, 2).reshape(rows, groups * lanes)[:, :count]
