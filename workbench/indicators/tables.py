"""What users pass and get back: Series, wide frame, Bars or array; inside, (time, symbol)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.indicators.jit import Floats
from workbench.shape import FIELDS

Table: TypeAlias = "pd.Series[Any] | pd.DataFrame | np.ndarray[Any, Any]"


def columns(name: str, fields: Sequence[str], given: Sequence[Any]) -> tuple[Table, ...]:
    """One table per field: those given, or the columns of the one Bars frame given.

    Where `session` is not among them, it comes from the dates of pandas tables.

    >>> frame = pd.DataFrame({"high": [2.0], "low": [1.0]})
    >>> [column.name for column in columns("range", ["high", "low"], [frame])]
    ['high', 'low']
    """
    if len(given) == 1 and _is_bars(given[0]):
        frame = given[0]
        of_bars = [field for field in fields if field != "session"]
        missing = [field for field in of_bars if field not in frame.columns]
        if missing:
            raise InputError(f"{name} needs the column {missing[0]!r}; these Bars lack it")
        given = [frame[field] for field in of_bars]
    if "session" in fields and len(given) == len(fields) - 1:
        given = list(given)
        given.insert(list(fields).index("session"), sessions_of(name, given[0]))
    if len(given) != len(fields):
        raise InputError(
            f"{name} takes {', '.join(fields)} by position, or one Bars frame; {len(given)} given"
        )
    for field, table in zip(fields, given, strict=True):
        _check_alignment(name, fields[0], given[0], field, table)
    return tuple(given)


def sessions_of(name: str, like: Any) -> Table:
    """The session of each bar of `like`, in its shape: the number of its UTC day since 1970.

    >>> times = pd.to_datetime(["1970-01-01 09:00", "1970-01-02 09:00"], utc=True)
    >>> sessions_of("vwap", pd.Series([5.0, 6.0], times)).tolist()
    [0.0, 1.0]
    """
    index = getattr(like, "index", None)
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(
            f"{name}: only a DatetimeIndex tells the sessions; pass session, "
            "a number for each bar that changes from session to session, by position"
        )
    universal = index.tz_convert(None) if index.tz is not None else index
    days = universal.to_numpy().astype("datetime64[D]").astype(np.float64)
    if like.ndim == 1:
        return pd.Series(days, index)
    return pd.DataFrame(
        np.broadcast_to(days[:, np.newaxis], like.shape), index, like.columns, copy=True
    )


def to_array(name: str, field: str, table: Table) -> np.ndarray[Any, Any]:
    """`table` as float64 or float32 (time, symbol), without a copy where it already is that.

    >>> to_array("sma", "close", np.array([1, 2])).shape
    (2, 1)
    """
    if isinstance(table, pd.Series | pd.DataFrame):
        values = _from_pandas(name, field, table)
    else:
        _check_dtype(name, field, table.dtype)
        if isinstance(table, np.ma.MaskedArray):
            raise InputError(f"{name}: {field} is a masked array; give {field}.filled(np.nan)")
        kept = table.dtype == np.float32
        values = table if kept else table.astype(np.float64, copy=False)
    return values[:, np.newaxis] if values.ndim == 1 else values


def labelled(like: Table, name: str, outputs: Sequence[str], arrays: Sequence[Floats]) -> Any:
    """`arrays` in the shape of `like`: a list of arrays, a Series, or a frame.

    >>> labelled(pd.Series([1.0]), "sma", ["sma"], [np.ones((1, 1))])
    0    1.0
    Name: sma, dtype: float64
    """
    if isinstance(like, pd.DataFrame):
        frames = [
            pd.DataFrame(array, index=like.index, columns=like.columns, copy=False)
            for array in arrays
        ]
        if len(outputs) == 1:
            return frames[0]
        return pd.concat(frames, axis=1, keys=list(outputs), names=["output", *like.columns.names])
    flat = [array[:, 0] if like.ndim == 1 else array for array in arrays]
    if not isinstance(like, pd.Series):
        return flat
    if len(outputs) == 1:
        return pd.Series(flat[0], index=like.index, name=name, copy=False)
    return pd.DataFrame(dict(zip(outputs, flat, strict=True)), index=like.index, copy=False)


def _is_bars(table: Any) -> bool:
    if not isinstance(table, pd.DataFrame) or not len(table.columns):
        return False
    if table.columns.nlevels == 2:
        return bool(table.columns.get_level_values(0).isin(FIELDS).any())
    return all(isinstance(name, str) and name in FIELDS for name in table.columns)


def _check_alignment(name: str, first: str, reference: Any, field: str, table: Any) -> None:
    if not isinstance(table, pd.Series | pd.DataFrame | np.ndarray):
        raise InputError(
            f"{name}: {field} is a {type(table).__name__}; "
            "give a Series, a DataFrame (time × symbol) or a numpy array"
        )
    if table.ndim not in (1, 2):
        raise InputError(f"{name}: {field} has {table.ndim} dimensions; give one or two")
    pair = f"{name}: {first} and {field}"
    if isinstance(table, np.ndarray) != isinstance(reference, np.ndarray):
        raise InputError(f"{pair} must both be pandas or both numpy")
    if table.shape != reference.shape:
        raise InputError(f"{pair} have shapes {reference.shape} and {table.shape}; align them")
    if isinstance(table, np.ndarray):
        return
    if not table.index.equals(reference.index):
        raise InputError(f"{pair} have different indexes; align them")
    if isinstance(table, pd.DataFrame) and not table.columns.equals(reference.columns):
        raise InputError(f"{pair} have different columns; align them")


def _check_dtype(name: str, field: str, dtype: Any) -> None:
    real = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)
    if not real or pd.api.types.is_bool_dtype(dtype):
        raise InputError(
            f"{name}: {field} has dtype {dtype}; give real numbers, astype(float) helps"
        )


def _from_pandas(name: str, field: str, table: pd.Series[Any] | pd.DataFrame) -> Floats:
    dtypes = [table.dtype] if isinstance(table, pd.Series) else list(table.dtypes.unique())
    for dtype in dtypes:
        _check_dtype(name, field, dtype)
    if isinstance(table.index, pd.DatetimeIndex) and not table.index.is_monotonic_increasing:
        raise InputError(f"{name}: {field} is not in order of time; sort_index() first")
    if dtypes in ([np.dtype(np.float64)], [np.dtype(np.float32)]):
        return table.to_numpy()
    return table.to_numpy(dtype=np.float64, na_value=np.nan)
