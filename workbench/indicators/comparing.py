"""What a function gave for two versions of the bars, compared up to a bar that both share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.shape import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Output:
    """One table of a result; row i may depend on bars up to position `places[i]`, which rises."""

    name: str
    frame: pd.DataFrame
    places: NDArray[np.intp]
    is_series: bool

    @cached_property
    def scale(self) -> Floats:
        """The median magnitude of each numeric column, 0 for others."""
        scale, numeric = np.zeros(self.frame.shape[1]), _numeric(self.frame)
        values = np.abs(_numbers(self.frame.loc[:, numeric]))
        values[np.isinf(values)] = np.nan
        scale[numeric] = pd.DataFrame(values).median().fillna(0)
        return scale

    def until(self, cut: int) -> Output:
        """The rows that may depend only on bars up to position `cut`."""
        kept = slice(int(self.places.searchsorted(cut, side="right")))
        return Output(self.name, self.frame.iloc[kept], self.places[kept], self.is_series)

    def on(self, labels: pd.Index[Any]) -> pd.DataFrame:
        """The frame with exactly these rows, missing where it has none."""
        return self.frame if self.frame.index.equals(labels) else self.frame.reindex(labels)

    def labelled_column(self, position: int) -> str:
        """The name of a column for people, with that of the output before it."""
        label: Any = self.frame.columns[position]
        levels = [] if self.is_series else label if isinstance(label, tuple) else [label]
        return " ".join(str(part) for part in [self.name, *levels] if part != "")


@dataclass(frozen=True)
class Change:
    """A value that differs: the bar it belongs to, its label, its column, both values."""

    place: int
    label: Any
    column: str
    before: Any
    after: Any


def outputs(result: Any, given: pd.Index[Any], index: pd.Index[Any]) -> list[Output]:
    """The tables of a result for the bars `given`, each row placed among the bars `index`.

    InputError for anything but a Series, a frame or an array with a row for each bar or labels in
    time, or a tuple, list or dict of them.

    >>> bars = pd.RangeIndex(3)
    >>> outputs(pd.Series([1.0], index=[2]), bars, bars)[0].places
    array([2])
    """
    if isinstance(result, tuple | list):
        names = getattr(result, "_fields", range(len(result)))
        result = dict(zip(names, result, strict=True))
    parts = result.items() if isinstance(result, Mapping) else [("", result)]
    return [_output(str(name), part, given, index) for name, part in parts]


def first_change(before: list[Output], after: list[Output], cut: int, rtol: float) -> Change | None:
    """The first value up to position `cut` that differs, None when none does.

    >>> bars = pd.RangeIndex(3)
    >>> one, two = (outputs(np.array([1.0, x, 3.0]), bars, bars) for x in (2, 5))
    >>> first_change(one, two, 0, 1e-9), first_change(one, two, 1, 1e-9).label
    (None, 1)
    """
    if [output.name for output in before] != [output.name for output in after]:
        raise InputError(
            f"the function gives {len(before)} tables for some bars, {len(after)} for others"
        )
    found = [_first(one, two, cut, rtol) for one, two in zip(before, after, strict=True)]
    return min((one for one in found if one), key=lambda change: change.place, default=None)


def _output(name: str, part: Any, given: pd.Index[Any], index: pd.Index[Any]) -> Output:
    if isinstance(part, np.ndarray) and part.ndim in (1, 2):
        if len(part) != len(given):
            raise InputError(
                f"the function gives {len(part)} rows for {len(given)} bars; "
                "give a row for each bar or a Series or frame labelled by time"
            )
        frame = pd.DataFrame(part.copy(), index=given)
    elif isinstance(part, pd.Series):
        frame = part.to_frame().copy()
    elif isinstance(part, pd.DataFrame):
        frame = part.copy()
    else:
        raise InputError(
            f"the function gives a {type(part).__name__}; give a Series, a frame or an array "
            "with a row for each bar, or a tuple of them"
        )
    if frame.index.equals(given):
        return Output(name, frame, np.arange(len(given)), part.ndim == 1)
    places = _places(frame.index, index)
    return Output(name, frame.iloc[places.argsort(kind="stable")], np.sort(places), part.ndim == 1)


def _places(labels: pd.Index[Any], index: pd.Index[Any]) -> NDArray[np.intp]:
    """The last bar at or before each label, -1 where there is none."""
    alike = len({_kind(labels), _kind(index)} - {"empty"}) == 1
    positions = _kind(index) == "number"
    known = labels.isin(index).all() if positions and alike else alike
    if not known or labels.nlevels > 1 or not index.is_monotonic_increasing:
        raise InputError(
            f"the function gives rows labelled by {_kind(labels)} that cannot be placed among "
            f"bars labelled by {_kind(index)}; give a row for each bar or label them by time"
        )
    if not labels.is_unique:
        raise InputError("the function gives a label twice; give a row for each bar")
    found: NDArray[np.intp] = index.searchsorted(labels, side="right") - 1
    return found


def _kind(labels: pd.Index[Any]) -> str:
    if labels.nlevels > 1:
        return "several levels"
    if pd.api.types.is_numeric_dtype(labels.dtype):
        return "number"
    if isinstance(labels, pd.DatetimeIndex):
        return "time with a zone" if labels.tz else "time without a zone"
    return labels.inferred_type


def _first(before: Output, after: Output, cut: int, rtol: float) -> Change | None:
    scale = before.scale
    before, after = before.until(cut), after.until(cut)
    labels = before.frame.index
    same = labels.equals(after.frame.index)
    if not same:
        labels = labels.union(after.frame.index)
    one, two = before.on(labels), after.on(labels)
    if not two.columns.equals(one.columns):
        two = two.reindex(columns=one.columns)
    had, has = labels.isin(before.frame.index), labels.isin(after.frame.index)
    changed = _differs(one, two, scale, rtol) | (had != has)[:, np.newaxis]
    rows = np.flatnonzero(changed.any(axis=1))
    if not len(rows):
        return None
    row, side = int(rows[0]), before if had[rows[0]] else after
    place = side.places[row if same else side.frame.index.get_loc(labels[row])]
    column = int(np.flatnonzero(changed[row])[0])
    return Change(
        int(place),
        labels[row],
        before.labelled_column(column),
        one.iat[row, column] if had[row] else None,
        two.iat[row, column] if has[row] else None,
    )


def _differs(one: pd.DataFrame, two: pd.DataFrame, scale: Floats, rtol: float) -> Mask:
    """Which values differ by more than `rtol` of their own size and of their column's scale."""
    numeric = _numeric(one) & _numeric(two)
    if numeric.all():
        return _far(_numbers(one), _numbers(two), scale, rtol)
    changed = np.zeros(one.shape, bool)
    x, y = (_numbers(frame.loc[:, numeric]) for frame in (one, two))
    changed[:, numeric] = _far(x, y, scale[numeric], rtol)
    p, q = (frame.loc[:, ~numeric].to_numpy(object) for frame in (one, two))
    equal = pd.isna(p) & pd.isna(q)
    known = ~(pd.isna(p) | pd.isna(q))
    equal[known] = p[known] == q[known]
    changed[:, ~numeric] = ~equal
    return changed


def _far(x: Floats, y: Floats, scale: Floats, rtol: float) -> Mask:
    with np.errstate(invalid="ignore"):
        near = np.abs(x - y) <= rtol * np.maximum(np.abs(x), scale)
    near &= np.isfinite(x) & np.isfinite(y)
    far: Mask = ~(near | (x == y) | (np.isnan(x) & np.isnan(y)))
    return far


def _numeric(frame: pd.DataFrame) -> Mask:
    types = pd.api.types
    real = [types.is_numeric_dtype(d) and not types.is_complex_dtype(d) for d in frame.dtypes]
    return np.array(real, bool)


def _numbers(frame: pd.DataFrame) -> Floats:
    return frame.to_numpy(np.float64, na_value=np.nan)
