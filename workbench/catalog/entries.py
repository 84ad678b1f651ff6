"""Blocks in the cache: what a block is to hold, its key, and its entry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import pandas as pd

from workbench.blocks import Block
from workbench.cache.entry import Entry, Key
from workbench.sessions import FIRST_US, LAST_US, Window, in_us
from workbench.store.read import Request, State

WHOLE_ROWS = 1 << 20
"""Rows up to which a series or panel is read and kept as a whole, whatever part is asked for."""
RESOLUTION = pd.Timedelta(1, "us")


def covering(
    window: Window, state: State, symbols: tuple[str, ...], timeframe: str, fields: tuple[str, ...]
) -> Request:
    """The request whose block answers for `window`, and for windows near it.

    All of a series or panel that is not large; else the whole years around the window.
    """
    start_us, end_us = FIRST_US, LAST_US
    if state.rows > WHOLE_ROWS:
        if window.start is not None and window.start > state.first:
            start_us = _year(window.start.year)
        if window.end is not None and window.end <= state.last:
            end_us = _year((window.end - RESOLUTION).year + 1)
    return Request(symbols, timeframe, fields, start_us, end_us)


def _year(year: int) -> int:
    return in_us(pd.Timestamp(year, 1, 1, tz="UTC"))


def key_of(store: str, request: Request, versions: Sequence[int], *, past: bool = False) -> Key:
    """Where the cache keeps the block of a request at `versions`.

    A block of the past stands alone: no later one is made from it, nor does it give way to one.
    """
    exact = blake2b(np.asarray(versions, np.int64).tobytes(), digest_size=16).hexdigest()
    group = _group(store, request)
    return Key(_digest((group, exact)) if past else group, exact)


@lru_cache(maxsize=256)
def _group(store: str, request: Request) -> str:
    return _digest((store, request))


def _digest(named: object) -> str:
    return blake2b(repr(named).encode(), digest_size=16).hexdigest()


def entry_of(block: Block) -> Entry:
    """A block as the cache keeps it."""
    head = {"symbols": block.symbols, "fields": block.fields, "versions": block.versions}
    return Entry(json.dumps(head).encode(), (block.times, block.values), decoded=block)


def block_of(entry: Entry) -> Block:
    """The block in an entry; made once per entry, so that its frame is as well."""
    if entry.decoded is None:
        head = json.loads(entry.head)
        symbols, fields, versions = (tuple(head[n]) for n in ("symbols", "fields", "versions"))
        times, values = entry.arrays
        entry.decoded = Block(symbols, fields, versions, times, values)
    block: Block = entry.decoded
    return block
