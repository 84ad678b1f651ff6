"""Compile every kernel before it is needed, and keep the code on disk."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from workbench.errors import InputError, UnknownNameError
from workbench.indicators.jit import LANES
from workbench.indicators.record import INDICATORS
from workbench.indicators.tiles import SMALL_BYTES, processors

BARS = 8
"""As short as can be: what is wanted is the code."""


@dataclass(frozen=True)
class Warmed:
    """What was compiled or was there already: indicators, seconds, and the folder of the code."""

    indicators: int
    seconds: float
    folder: Path | None

    def __str__(self) -> str:
        where = self.folder or "nowhere: no folder can be written, set NUMBA_CACHE_DIR"
        return f"{self.indicators} indicators ready in {self.seconds:.1f} s; code kept in {where}"


def warm(
    names: Iterable[str] | None = None, processes: int | None = None, progress: bool = False
) -> Warmed:
    """Compile the kernels of the indicators named, by default of all, for series and for panels.

    Kernels whose code is on disk are only loaded. `processes` compile at a time: as many as there
    are processors by default. Raises UnknownNameError for a name that is no indicator.

    >>> warm(["sma"], processes=1).indicators
    1
    """
    from tqdm.auto import tqdm

    chosen = list(INDICATORS if names is None else names)
    for name in chosen:
        if name not in INDICATORS:
            raise UnknownNameError("indicator", name, INDICATORS)
    if processes is not None and processes < 1:
        raise InputError(f"processes={processes} is not allowed; give at least 1")
    began = time.monotonic()
    with tqdm(total=len(chosen), unit=" indicators", disable=not progress) as shown:
        for _ in _ready(chosen, min(processes or processors(), max(len(chosen), 1))):
            shown.update()
    from workbench.indicators.compiled import folder

    return Warmed(len(chosen), time.monotonic() - began, folder())


def _ready(names: list[str], processes: int) -> Iterable[None]:
    if processes == 1:
        yield from map(once, names)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(once, name) for name in names]):
            yield done.result()


def once(name: str) -> None:
    """Compute an indicator once for a series, a panel in each order of memory, and a large one."""
    record = INDICATORS[name]
    panel, large = np.ones((BARS, LANES)), np.ones((BARS, SMALL_BYTES // 8 // BARS))
    for table in (panel[:, :1], panel, np.asfortranarray(panel), large):
        record.compute(*(table for _ in record.inputs))
