"""Technical indicators: `sma(close, window=20)` for a Series, a wide frame, Bars or arrays.

Every function carries its `record`; `INDICATORS` maps names to records. `compute` takes symbols
instead of bars, more of them than memory holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import pandas as pd

from workbench import indicators
from workbench.indicators import *  # noqa: F403  (the names are those of its __all__)
from workbench.sessions import Moment

if TYPE_CHECKING:
    from distributed import Client

    from workbench.batches import Computed

__all__ = ["Computed", "compute"]
__all__ += indicators.__all__

Wanted = str | Callable[..., Any] | tuple[str | Callable[..., Any], Mapping[str, Any]]
"""An indicator, such as `rsi` or "rsi", or a pair of one and its parameters."""


@overload
def compute(
    symbols: str | Sequence[str],
    indicators: Wanted | Sequence[Wanted],
    /,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    timeframe: str = "1d",
    as_of: Moment | None = None,
    adjusted: bool | str = False,
    out: None = None,
    limit_bytes: int = 2**30,
    client: Client | None = None,
    progress: bool = True,
) -> pd.DataFrame: ...


@overload
def compute(
    symbols: str | Sequence[str],
    indicators: Wanted | Sequence[Wanted],
    /,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    timeframe: str = "1d",
    as_of: Moment | None = None,
    adjusted: bool | str = False,
    out: str | Path,
    limit_bytes: int = 2**30,
    client: Client | None = None,
    progress: bool = True,
) -> Computed: ...


def compute(
    symbols: str | Sequence[str],
    indicators: Wanted | Sequence[Wanted],
    /,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    timeframe: str = "1d",
    as_of: Moment | None = None,
    adjusted: bool | str = False,
    out: str | Path | None = None,
    limit_bytes: int = 2**30,
    client: Client | None = None,
    progress: bool = True,
) -> pd.DataFrame | Computed:
    """Indicators of many symbols, whose bars are read, computed and let go of share by share.

    `indicators` are functions or names, or pairs of one and its parameters, such as
    `("sma", {"window": [20, 50]})`; a list of values gives every combination, `dtype="float32"`
    smaller outputs. An output's label is the indicator with its parameters: `sma_20`,
    `macd_12_26_9.signal`. `start`, `end`, `timeframe`, `as_of` and `adjusted` are those of
    `wb.bars`, and the values are, to the bit, those of the indicator over its bars.

    Without `out` comes a frame with (output, symbol) columns. With it, the folder `out` holds a
    file for each output and a `Computed` comes that opens them. A run that was interrupted goes on
    where it was when it is called again; a call that was finished computes what has changed in the
    store since. Each share is of one state of the store; `as_of` makes it one for all.

    `limit_bytes` bounds what a share takes in memory. With a `distributed.Client` shares run on its
    workers, each within the limit, which read the bars themselves; what a lost worker was doing
    goes to another.

    Raises InputError and UnknownNameError for arguments that are not allowed, a result larger
    than the limit without `out`, one symbol that takes more than it, and a folder that holds
    something else; RangeError where there is no bar; StoreError when the store cannot be reached.

    >>> import workbench as wb
    >>> frame = wb.ta.compute(["AAPL", "IBM"], [wb.ta.rsi, "macd"])  # doctest: +SKIP
    """
    from workbench.api import default

    return default().compute(
        symbols,
        indicators,
        start=start,
        end=end,
        timeframe=timeframe,
        as_of=as_of,
        adjusted=adjusted,
        out=out,
        limit_bytes=limit_bytes,
        client=client,
        progress=progress,
    )


def __getattr__(name: str) -> Any:
    if name == "Computed":  # it brings the catalog with it
        from workbench.batches import Computed

        return Computed
    raise AttributeError(f"module 'workbench.ta' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
