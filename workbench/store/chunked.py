"""Bars of a long range, block by block, from one snapshot of the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.blocks import Block
from workbench.store.read import Request, State, as_us, bound, read_block

# The first times of the union are among the first ones of each series, which the key finds.
NEXT_START = """
SELECT DISTINCT timestamp FROM unnest(%(ids)s) AS asked(id), LATERAL (
  SELECT timestamp FROM data_ingestion.market_data
  WHERE instrument_id = asked.id AND timeframe = %(timeframe)s
    AND timestamp >= %(start)s AND timestamp < %(end)s
  ORDER BY timestamp LIMIT %(times)s + 1) AS earliest
ORDER BY timestamp OFFSET %(times)s LIMIT 1
"""


def read_blocks(cursor: Cursor, state: State, request: Request, chunk_rows: int) -> Iterator[Block]:
    """The blocks of a request in order of time, none of them empty.

    Each has at most `chunk_rows` cells per field, times by symbols, and at least one time. All
    come from the snapshot of the transaction that `state` is of.
    """
    times = max(1, chunk_rows // len(request.symbols))
    state = state._replace(
        rows=times * len(request.symbols)
    )  # room for a block's rows, not for all
    start_us: int | None = request.start_us
    while start_us is not None:
        rest = replace(request, start_us=start_us)
        next_us = next_start(cursor, state, rest, times)
        block = read_block(cursor, state, replace(rest, end_us=next_us or request.end_us))
        if len(block.times):
            yield block
        start_us = next_us


def next_start(cursor: Cursor, state: State, request: Request, times: int) -> int | None:
    """The time (µs since 1970 UTC) after the first `times` of a request; None where none is."""
    asked = {
        "ids": state.known_ids,
        "timeframe": request.timeframe,
        "start": bound(request.start_us, "-infinity"),
        "end": bound(request.end_us, "infinity"),
        "times": times,
    }
    cursor.execute(NEXT_START, asked)
    row = cursor.fetchone()
    return as_us(row[0]) if row else None
