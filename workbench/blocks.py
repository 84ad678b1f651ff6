"""Blocks: bars as plain arrays, as the store reads them and the cache keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from workbench.shape import Floats, Times, flat, panel


@dataclass(frozen=True, eq=False)
class Block:
    """Bars of one or several symbols over one range, at the versions they were read at.

    `times` is (n,) int64 microseconds, strictly increasing; `values` is (fields, n, symbols),
    C-contiguous, NaN where a symbol has no bar; `versions` has one number per symbol.

    >>> Block(("A",), ("close",), (1,), np.array([0]), np.ones((1, 1, 1))).cut(False, 0, 1).shape
    (1, 1)
    """

    symbols: tuple[str, ...]
    fields: tuple[str, ...]
    versions: tuple[int, ...]
    times: Times
    values: Floats
    _frames: dict[bool, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def nbytes(self) -> int:
        """The size of the arrays in bytes."""
        return self.times.nbytes + self.values.nbytes

    def cut(self, several: bool, first: int, last: int) -> pd.DataFrame:
        """Rows `first` up to `last` as Bars of one symbol, or as a panel; nothing is copied.

        What is handed out shares the arrays until somebody writes to it: then pandas copies.
        """
        frame = self._frame(several)
        if (first, last) == (0, len(self.times)):
            return frame.copy(deep=False)
        return frame.iloc[first:last]

    def _frame(self, several: bool) -> pd.DataFrame:
        if several not in self._frames:
            self._frames[several] = self._framed(several)
        return self._frames[several]

    def _framed(self, several: bool) -> pd.DataFrame:
        if several:
            blocks = dict(zip(self.fields, self.values, strict=True))
            return panel(self.times, blocks, self.symbols)
        return flat(self.times, self.values.reshape(len(self.fields), -1), self.fields)

    def only(self, fields: tuple[str, ...]) -> Block:
        """The same with some of the fields, in the order asked for."""
        places = [self.fields.index(field) for field in fields]
        alone = slice(places[0], places[0] + 1)  # one field is a view, several are copied
        values = self.values[alone] if len(places) == 1 else self.values[places]
        return Block(self.symbols, fields, self.versions, self.times, values)

    def closes_of(self, symbol: str) -> Floats:
        """The closes (n,) of one symbol, a view; an empty array where closes are not held."""
        if "close" not in self.fields:
            return np.empty(0)
        place = self.fields.index("close")
        return self.values[place, :, self.symbols.index(symbol)]

    def rows(self, start_us: int, end_us: int) -> tuple[int, int]:
        """The positions of the first row in `[start_us, end_us)` and of the first one after it."""
        first, last = np.searchsorted(self.times, [start_us, end_us])
        return int(first), int(last)
