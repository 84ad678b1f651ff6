"""What every indicator takes beside its parameters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.indicators import coarse
from workbench.indicators.state import State

OPTIONS: Mapping[str, tuple[Any, Any]] = MappingProxyType(
    {
        "timeframe": (None, "str | None"),
        "state": (None, "State | None"),
        "dtype": ("float64", "Literal['float64', 'float32']"),
        "nan": ("skip", "Literal['skip', 'propagate']"),
        "threads": (None, "int | None"),
    }
)
"""Name → default and type, in the order in which signatures show them."""


@dataclass(frozen=True)
class Options:
    """How to compute, not what.

    `timeframe` computes on coarser bars and gives each bar the value of the last coarse bar that
    had ended when it began (timestamps are where bars begin; days are UTC, weeks from Monday).
    `state` continues with new bars. `dtype` is that of the outputs; within it is float64 always.
    `nan="propagate"` shows missing bars to the indicator. `threads` bounds the threads of a
    panel; by default all processors work.
    """

    timeframe: str | None = None
    state: State | None = None
    dtype: Any = np.float64
    nan: Literal["skip", "propagate"] = "skip"
    threads: int | None = None

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any]) -> Options:
        """The options given, checked; InputError for one that is not allowed.

        >>> Options.of("sma", {"nan": "drop"})
        Traceback (most recent call last):
        workbench.errors.InputError: sma: nan='drop' is not allowed; give 'skip' or 'propagate'
        """
        allowed: dict[str, tuple[Callable[[Any], bool], str]] = {
            "timeframe": (lambda v: v is None or isinstance(v, str), "a timeframe such as '1d'"),
            "state": (lambda v: v is None or isinstance(v, State), "a wb.ta.State"),
            "dtype": (_is_float, "'float64' or 'float32'"),
            "nan": (lambda v: v in ("skip", "propagate"), "'skip' or 'propagate'"),
            "threads": (_is_count, "a whole number of at least 1, or None"),
        }
        for option, value in given.items():
            fits, advice = allowed[option]
            if not fits(value):
                raise InputError(f"{name}: {option}={value!r} is not allowed; give {advice}")
        return cls(**{**given, "dtype": np.dtype(given.get("dtype", np.float64))})

    @property
    def propagate(self) -> bool:
        """Whether kernels see the missing bars."""
        return self.nan == "propagate"

    def owner(self, name: str, calls: Sequence[Mapping[str, Any]], like: Any) -> Hashable:
        """Whom the state, if there is one, belongs to; InputError where that is somebody else."""
        if self.state is None:
            return None
        if len(calls) > 1:
            raise InputError(f"{name}: state= goes with one set of parameters, not with a grid")
        labels = tuple(like.columns) if isinstance(like, pd.DataFrame) else like.shape[1:]
        owner = (name, *calls[0].items(), labels)
        self.state.check(owner)
        return owner

    def coarse(
        self, fields: Sequence[str], columns: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], Callable[[Any], Any]]:
        """The columns to compute on, and what brings a result back to the user's bars."""
        name = self.timeframe
        if name is None:
            return columns, lambda result: result
        if self.state is not None:
            raise InputError("timeframe= and state= do not go together; leave one out")
        index: Any = getattr(columns[0], "index", None)
        coarse.buckets(index, name)  # raises where there are no times
        return coarse.coarsened(fields, columns, name), lambda result: coarse.brought_back(
            result, index, name
        )


def _is_float(value: Any) -> bool:
    return value in (np.float64, np.float32, "float64", "float32")


def _is_count(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value is None or (whole and value >= 1)
