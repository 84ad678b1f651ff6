"""Bars of a range larger than memory: frames in order of time, all from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from workbench import sessions
from workbench.blocks import Block
from workbench.catalog.freshness import Freshness
from workbench.catalog.reading import Catalog, distinct
from workbench.errors import InputError
from workbench.sessions import Window
from workbench.shape import known_fields
from workbench.store.chunked import read_blocks
from workbench.store.database import Database, Role
from workbench.store.read import Request, State, locked_state


def chunked(
    database: Database,
    catalog: Catalog,
    symbols: str | Sequence[str],
    window: Window,
    *,
    fields: str | Sequence[str] | None,
    timeframe: str,
    chunk_rows: int,
) -> Iterator[pd.DataFrame]:
    """Bars as `catalog.bars` gives them, cut into frames of at most `chunk_rows` times by symbols.

    They are read while one asks for them, in one transaction that ends with the last one or when
    the iterator is closed; nothing of it is kept in the cache.
    """
    if isinstance(chunk_rows, bool) or not isinstance(chunk_rows, int) or chunk_rows < 1:
        raise InputError(f"chunk_rows={chunk_rows!r} is not a whole number above zero")
    sessions.timeframe(timeframe)
    several = not isinstance(symbols, str)
    names = (symbols,) if isinstance(symbols, str) else tuple(distinct(symbols))
    request = Request(names, timeframe, known_fields(fields), window.start_us, window.end_us)
    if not catalog._check(names, timeframe, None).state.held:
        raise catalog.unknown(names, timeframe)
    return _frames(database, catalog, request, window, chunk_rows, several)


def _frames(
    database: Database,
    catalog: Catalog,
    request: Request,
    window: Window,
    chunk_rows: int,
    several: bool,
) -> Iterator[pd.DataFrame]:
    block = None
    with database.transaction(Role.READER) as cursor:
        state = locked_state(cursor, request.symbols, request.timeframe)
        if state.held:
            for block in read_blocks(cursor, state, request, chunk_rows):
                yield _frame(block, state, several)
    if not state.held:  # the last bar has gone since the call
        raise catalog.unknown(request.symbols, request.timeframe)
    if block is None:
        raise catalog._no_bars(request.symbols, request.timeframe, window)


def _frame(block: Block, state: State, several: bool) -> pd.DataFrame:
    bars = block.cut(several, 0, len(block.times))
    bars.attrs["freshness"] = Freshness(
        versions=dict(zip(block.symbols, block.versions, strict=True)),
        through=pd.Timestamp(state.last).tz_convert("UTC"),
        checked_at=pd.Timestamp(state.at).tz_convert("UTC"),
        tier="store",
    )
    return bars
