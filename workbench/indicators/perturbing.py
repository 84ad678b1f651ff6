"""Bars whose future is another one: what `check_causal` shows to the function it checks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.shape import FIELDS, Floats

Frames: TypeAlias = "list[pd.DataFrame]"


@dataclass(frozen=True)
class Argument:
    """One table of the user's as a frame of our own, and what is needed to give its like back."""

    frame: pd.DataFrame
    ndim: int
    is_array: bool
    name: Hashable = None

    @classmethod
    def of(cls, table: Any) -> Argument:
        """The argument for a Series, a frame or an array of real numbers; InputError otherwise.

        >>> Argument.of(np.array([1.0, 2.0])).frame.shape
        (2, 1)
        """
        if isinstance(table, pd.DataFrame):
            return cls(table.copy(), 2, is_array=False)
        if isinstance(table, pd.Series):
            return cls(table.to_frame().copy(), 1, is_array=False, name=table.name)
        plain = isinstance(table, np.ndarray) and not isinstance(table, np.ma.MaskedArray)
        if plain and table.ndim in (1, 2) and table.dtype.kind in "biuf":
            return cls(pd.DataFrame(table.copy()), table.ndim, is_array=True)
        raise InputError(
            f"bars are a {type(table).__name__}; give Bars, a Series, a wide frame "
            "or an array of real numbers with one or two dimensions"
        )

    def restored(self, frame: pd.DataFrame) -> Any:
        """A copy of `frame` in the type that the user gave.

        >>> argument = Argument.of(np.array([1.0, 2.0]))
        >>> argument.restored(argument.frame)
        array([1., 2.])
        """
        if self.is_array:
            values = frame.to_numpy(copy=True)
            return values[:, 0] if self.ndim == 1 else values
        if self.ndim == 2:
            return frame.copy()
        column = frame.iloc[:, 0].copy()
        column.name = self.name
        return column


def arguments(tables: Sequence[Any]) -> list[Argument]:
    """The user's tables, at least three bars each, over one index in order of time.

    >>> arguments([np.arange(2)])
    Traceback (most recent call last):
    workbench.errors.InputError: 2 bars are too few to look for a look-ahead; give at least 3
    """
    if not tables:
        raise InputError("no bars were given; give Bars, Series, wide frames or arrays")
    found = [Argument.of(table) for table in tables]
    index = found[0].frame.index
    for argument in found[1:]:
        if not argument.frame.index.equals(index):
            raise InputError("the tables have different bars; align them")
    if len(index) < 3:
        raise InputError(f"{len(index)} bars are too few to look for a look-ahead; give at least 3")
    if index.nlevels > 1:
        raise InputError("the rows have several levels; unstack() the symbols into columns")
    if isinstance(index, pd.DatetimeIndex) and not index.is_monotonic_increasing:
        raise InputError("the bars are not in order of time; sort_index() first")
    return found


def futures(frames: Frames, rng: np.random.Generator) -> Mapping[str, Frames]:
    """What happened to the later bars → the frames to take them from.

    The prices of one bar move together, so its low stays the lowest and its high the highest.
    Only floats can be raised, lowered and missing; frames without any are only exchanged.

    >>> list(futures([pd.DataFrame({"signal": [True, False]})], np.random.default_rng(0)))
    ['exchanged']
    """
    count = len(frames[0])
    others = (np.arange(count) + rng.integers(1, count, count)) % count
    exchanged = {"exchanged": [frame.iloc[others].set_axis(frame.index) for frame in frames]}
    if not any(len(_floats(frame)) for frame in frames):
        return exchanged
    raised, lowered = (
        _scaled(frames, _Factors(rng, count, *limits)) for limits in ((2, 4), (0.25, 0.5))
    )
    missing = _scaled(frames, _Factors(rng, count, np.nan, np.nan))
    return {"raised": raised, "lowered": lowered, **exchanged, "missing": missing}


def spliced(past: Frames, future: Frames, cut: int) -> Frames:
    """The bars of `past` up to position `cut`, the bars of `future` after it.

    >>> spliced([pd.DataFrame([1, 1, 1])], [pd.DataFrame([2, 2, 2])], 0)[0][0].to_list()
    [1, 2, 2]
    """
    return [
        pd.concat([old.iloc[: cut + 1], new.iloc[cut + 1 :]]).set_axis(old.index)
        for old, new in zip(past, future, strict=True)
    ]


def places(frames: Frames, cuts: int, rng: np.random.Generator) -> list[int]:
    """Where the future begins: random positions all over the bars, the last one, ends of gaps.

    >>> places([pd.DataFrame([1.0, np.nan, np.nan, 2.0, 3.0])], 1, np.random.default_rng(0))
    [2, 3]
    """
    last = len(frames[0]) - 2
    edges = np.linspace(0, last, cuts)
    spread = rng.uniform(edges[:-1], edges[1:]).astype(int)
    absent = np.hstack([frame.isna().to_numpy() for frame in frames])
    ends = np.flatnonzero((absent[:-1] & ~absent[1:]).any(axis=1))
    some = [ends[0], rng.choice(ends), ends[-1]] if len(ends) else []
    return sorted({last, *spread.tolist(), *map(int, some)})


class _Factors(dict[Hashable, Floats]):
    """One random factor per bar for each key that is asked for."""

    def __init__(self, rng: np.random.Generator, count: int, low: float, high: float) -> None:
        self.rng, self.count, self.low, self.high = rng, count, low, high

    def __missing__(self, key: Hashable) -> Floats:
        self[key] = self.low + (self.high - self.low) * self.rng.random(self.count)
        return self[key]


def _scaled(frames: Frames, factors: _Factors) -> Frames:
    results = []
    for frame in frames:
        by_column = np.column_stack([factors[key] for key in _keys(frame)] or [np.empty(0)])
        result = frame
        for dtype in frame.dtypes.iloc[_floats(frame)].unique():
            block = (frame.dtypes == dtype).to_numpy()
            scaled = (frame.loc[:, block] * by_column[:, block]).astype(dtype)
            result = scaled if block.all() else _exchanged(result, block, scaled)
        results.append(result)
    return results


def _exchanged(frame: pd.DataFrame, block: NDArray[np.bool_], by: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the columns of `block` replaced by those of `by`."""
    order = np.argsort(np.concatenate([np.flatnonzero(~block), np.flatnonzero(block)]))
    return pd.concat([frame.loc[:, ~block], by], axis=1).iloc[:, order]


def _keys(frame: pd.DataFrame) -> list[Hashable]:
    """Columns with equal keys move together: the prices of one symbol."""
    if frame.columns.nlevels == 2:
        fields, symbols = (frame.columns.get_level_values(level) for level in (0, 1))
        return list(zip(symbols, fields == "volume", strict=True))
    if all(isinstance(name, str) and name in FIELDS for name in frame.columns):
        return [(0, name == "volume") for name in frame.columns]
    return [(position, False) for position in range(frame.shape[1])]


def _floats(frame: pd.DataFrame) -> NDArray[np.intp]:
    return np.flatnonzero([pd.api.types.is_float_dtype(dtype) for dtype in frame.dtypes])
