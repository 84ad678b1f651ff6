"""A result in a folder: opened when it is looked at, as little of it as is looked at."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.batches.parts import array_in, times_in
from workbench.batches.place import ARGUMENTS
from workbench.errors import InputError, UnknownNameError
from workbench.sessions import Moment, Window, brief
from workbench.shape import time_index


class Computed:
    """The outputs of `wb.ta.compute(..., out=folder)`; `Computed(folder)` opens them again.

    `labels`, `symbols` and `index` (UTC times) say what there is; `result[label]` is the frame of
    one output, (time, symbol), and `result.frame(label, symbols, start, end)` some of it. Values
    stay in their files until they are looked at; what is written to a frame stays in the frame.

    Raises InputError where the folder holds no finished result.

    >>> Computed("nowhere")
    Traceback (most recent call last):
    workbench.errors.InputError: nowhere holds no finished result; compute it with out='nowhere'
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            arguments = json.loads((self.folder / ARGUMENTS).read_text())
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(
                f"{folder} holds no finished result; compute it with out={str(folder)!r}"
            ) from None
        self._times = times_in(self.folder)
        self.symbols: tuple[str, ...] = tuple(arguments["symbols"])
        self.labels: tuple[str, ...] = tuple(
            label for *_, labels in arguments["indicators"] for label in labels
        )
        self.index: pd.DatetimeIndex = time_index(self._times)

    def frame(
        self,
        label: str,
        symbols: str | Sequence[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> pd.DataFrame:
        """One output as a frame (time, symbol), for some symbols and `[start, end)` or for all.

        NaN where a symbol has no value. Only what is asked for is read. Raises UnknownNameError
        for a label or symbol that there is not, and RangeError for a range that is reversed.
        """
        if label not in self.labels:
            raise UnknownNameError("label", str(label), self.labels)
        window = Window.of(start, end)
        bounds = [window.start_us, window.end_us]
        rows = slice(*np.searchsorted(self._times, bounds).tolist())
        names = [symbols] if isinstance(symbols, str) else symbols
        values = array_in(self.folder, label)[rows]
        if names is not None:
            values = values[:, self._columns(names)]
        columns = pd.Index(list(self.symbols if names is None else names), name="symbol")
        return pd.DataFrame(values, self.index[rows], columns, copy=False)

    def __getitem__(self, label: str) -> pd.DataFrame:
        return self.frame(label)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"<Computed {', '.join(self._facts())}>"

    def _repr_html_(self) -> str:
        listed = ", ".join(f"<code>{html.escape(label)}</code>" for label in self.labels)
        facts = "<br>".join(html.escape(fact) for fact in self._facts()[1:])
        return f"<p>{listed}<br>{facts}</p>"

    def _facts(self) -> list[str]:
        span = f"{brief(self.index[0])} to {brief(self.index[-1])}"
        return [
            f"{len(self.labels):,} outputs",
            f"{len(self.symbols):,} symbols",
            f"{len(self.index):,} times from {span}",
            f"in {self.folder}",
        ]

    def _columns(self, names: Sequence[str]) -> list[int]:
        places = {symbol: column for column, symbol in enumerate(self.symbols)}
        for name in names:
            if name not in places:
                raise UnknownNameError("symbol", str(name), self.symbols)
        return [places[name] for name in names]
