"""Parts: the outputs for some symbols over their own times, in memory or as a folder of files.

A folder holds a file for each label, (time, symbol) with each symbol contiguous, `times.npy`,
`symbols.json`, and in `present.npy` which of the times are those of which part, as a folder may be
made of several. It appears under its name when it is complete, and not before.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.shape import Times

Array = NDArray[Any]


class Part(Protocol):
    """The outputs for some symbols over the times at which any of them has a bar."""

    @property
    def symbols(self) -> Sequence[str]:
        """The symbols, in the order of the columns."""

    @property
    def tokens(self) -> Sequence[str]:
        """For each symbol what its bars were when they were read; empty where nobody knows."""

    @property
    def times(self) -> Times:
        """The rows: microseconds since 1970 UTC, strictly increasing."""

    def array(self, label: str) -> Array:
        """The values of one output, (time, symbol)."""


@dataclass(frozen=True)
class MemoryPart:
    """A part whose arrays are at hand."""

    symbols: Sequence[str]
    tokens: Sequence[str]
    times: Times
    arrays: dict[str, Array]

    def array(self, label: str) -> Array:
        """The values of one output, (time, symbol)."""
        return self.arrays[label]


class DiskPart:
    """A part that lies in a folder, alone or beside others; arrays are read when asked for."""

    def __init__(self, folder: Path, number: int, head: Mapping[str, Any]) -> None:
        self.folder = folder
        self._number, self._alone = number, len(head["parts"]) == 1
        self._columns = head["parts"][number]["columns"]
        self.tokens: Sequence[str] = head["parts"][number]["tokens"]
        self.symbols: Sequence[str] = [head["symbols"][column] for column in self._columns]

    @property
    def times(self) -> Times:
        """The rows: microseconds since 1970 UTC, strictly increasing."""
        times = times_in(self.folder)
        return times if self._alone else times[self._rows()]

    def array(self, label: str) -> Array:
        """The values of one output, (time, symbol)."""
        array = array_in(self.folder, label)
        return array if self._alone else array[:, self._columns][self._rows()]

    def _rows(self) -> Array:
        rows: Array = np.load(self.folder / "present.npy", mmap_mode="r")[:, self._number]
        return rows


def parts_in(folder: Path) -> list[DiskPart]:
    """The parts that lie in a folder."""
    head = json.loads((folder / "symbols.json").read_text())
    return [DiskPart(folder, number, head) for number in range(len(head["parts"]))]


def times_in(folder: Path) -> Times:
    """The rows of a folder's arrays."""
    times: Times = np.load(folder / "times.npy")
    return times


def array_in(folder: Path, label: str) -> Array:
    """The values of one output, (time, symbol), mapped; what is written to it stays private."""
    array: Array = np.load(file_of(folder, label), mmap_mode="c")
    return array


def file_of(folder: Path, label: str) -> Path:
    """Where the values of one output lie.

    >>> file_of(Path("out"), "rsi_14").as_posix()
    'out/rsi_14.npy'
    """
    return folder / f"{label}.npy"


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to write to that gets the name `folder` when all is written, and is gone if not."""
    hidden = folder.with_name(f".{uuid.uuid4().hex}")
    hidden.mkdir()
    try:
        yield hidden
        hidden.rename(folder)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def write_head(folder: Path, union: Union) -> None:
    """Write everything that a folder holds beside the values."""
    places = {symbol: column for column, symbol in enumerate(union.symbols)}
    parts = [
        {"columns": [places[symbol] for symbol in part.symbols], "tokens": list(part.tokens)}
        for part in union.parts
    ]
    write_text(folder / "symbols.json", json.dumps({"symbols": union.symbols, "parts": parts}))
    write_columns(folder / "times.npy", [union.times], union.times.shape, union.times.dtype)
    present = (np.isin(union.times, part.times) for part in union.parts)
    shape = (len(union.times), len(union.parts))
    write_columns(folder / "present.npy", present, shape, np.dtype(np.bool_))


def write_text(path: Path, text: str) -> None:
    """Write a small file; it is on the disk when this returns."""
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_columns(
    path: Path, columns: Iterable[Array], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    """Write an array file column by column; it is on the disk when this returns.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.npy")
    >>> write_columns(path, [np.zeros(2), np.ones(2)], (2, 2), np.dtype(float))
    >>> np.load(path).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    header = {"descr": dtype.str, "fortran_order": len(shape) > 1, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for column in columns:
            file.write(np.ascontiguousarray(column, dtype).data)
        file.flush()
        os.fsync(file.fileno())


class Union:
    """Disjoint parts seen as one, over the times of all of them; NaN where a symbol has none.

    >>> late = MemoryPart(["A"], ["1"], np.array([2]), {"x": np.array([[5.0]])})
    >>> early = MemoryPart(["B"], ["1"], np.array([1]), {"x": np.array([[4.0]])})
    >>> [column.tolist() for column in Union(["A", "B"], [late, early]).columns("x")]
    [[nan, 5.0], [4.0, nan]]
    """

    def __init__(self, symbols: Sequence[str], parts: Sequence[Part]) -> None:
        self.symbols, self.parts = list(symbols), parts
        self.times = _union_of(part.times for part in parts)
        self._places = {
            symbol: (number, column)
            for number, part in enumerate(parts)
            for column, symbol in enumerate(part.symbols)
        }

    def dtype(self, label: str) -> np.dtype[Any]:
        """The dtype of one output."""
        return self.parts[0].array(label).dtype

    def columns(self, label: str) -> Iterator[Array]:
        """The values of one output, symbol by symbol."""
        places = (self._places[symbol] for symbol in self.symbols)
        for number, run in groupby(places, key=lambda place: place[0]):
            part = self.parts[number]
            array, rows = part.array(label), np.searchsorted(self.times, part.times)
            for _, column in run:
                values = np.full(len(self.times), np.nan, array.dtype)
                values[rows] = array[:, column]
                yield values


def _union_of(times: Iterable[Times]) -> Times:
    union: Times = np.empty(0, np.int64)
    for some in times:
        if not np.array_equal(union, some):
            union = np.union1d(union, some)
    return union
