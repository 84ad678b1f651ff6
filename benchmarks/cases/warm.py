"""Warm reading: bars that the cache holds, with the check that they are still current."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import pandas as pd

from benchmarks.cases.scratch import (
    FILES,
    FROM_FILES,
    bars,
    redis_server,
    same_bars,
    saved,
    settings,
    start_run,
    workbench,
    write,
)
from benchmarks.harness import Call, Scale, Trial, case
from benchmarks.remote import Peer, peer
from workbench.api import Workbench


class Warm:
    """A store, a second Workbench on it that has no memory tier, and peers with the same bars."""

    def __init__(self, stack: ExitStack, scale: Scale) -> None:
        self.scale = scale
        self.made = stack.enter_context(workbench(scale))
        self.files = stack.enter_context(Workbench(settings(scale, **FROM_FILES)))
        self.arctic = stack.enter_context(peer(scale, "arcticdb"))
        self.arctic.do("open", folder=str(scale.folder / "arctic"))
        self.run = start_run(self.made)

    def store(self, symbol: str, timeframe: str, frame: pd.DataFrame, *others: Peer) -> None:
        """The same bars into the store and into the peers."""
        write(self.made, self.run, symbol, timeframe, frame)
        paths = saved(self.scale, symbol, frame)
        for each in (self.arctic, *others):
            each.do("write", symbol=symbol, **paths)

    def ours(self, symbols: str | Sequence[str], timeframe: str) -> dict[str, Call]:
        return {
            "workbench": lambda: self.made.bars(symbols, timeframe=timeframe),
            FILES: lambda: self.files.bars(symbols, timeframe=timeframe),
        }


@case(
    "warm_million",
    "a million minute bars",
    group="warm read",
    reference="ArcticDB",
    targets={"ArcticDB": 5.0, "Redis": 40.0, "DataFrame.copy": 1.0},
)
def warm_million(scale: Scale) -> Iterator[Trial]:
    rows = scale.pick(1_000_000, 5_000)
    with ExitStack() as stack:
        warm = Warm(stack, scale)
        redis = stack.enter_context(peer(scale, "redis"))
        if redis.here:
            redis.do("open", socket=stack.enter_context(redis_server(scale))[0])
        warm.store("BENCH", "1m", bars(rows, 60), redis)
        kept = warm.made.bars("BENCH", timeframe="1m")
        yield Trial(
            work=rows,
            unit="rows",
            paths={
                **warm.ours("BENCH", "1m"),
                **warm.arctic.path("ArcticDB", "read", symbol="BENCH"),
                **redis.path("Redis", "read", symbol="BENCH"),
                "DataFrame.copy": kept.copy,
            },
            same=same_bars,
        )


def totals(frame: pd.DataFrame) -> list[float]:
    """The sum of each column, so that every value is looked at."""
    return [float(np.sum(frame[name].to_numpy())) for name in frame]


@case(
    "warm_million_summed",
    "a million minute bars, and the sum of each column",
    group="warm read",
    reference="ArcticDB",
)
def warm_million_summed(scale: Scale) -> Iterator[Trial]:
    rows = scale.pick(1_000_000, 5_000)
    with ExitStack() as stack:
        warm = Warm(stack, scale)
        warm.store("BENCH", "1m", bars(rows, 60))
        kept = warm.made.bars("BENCH", timeframe="1m")

        def of(call: Call) -> Call:
            return lambda: totals(call())

        yield Trial(
            work=rows,
            unit="rows",
            paths={
                **{name: of(call) for name, call in warm.ours("BENCH", "1m").items()},
                **warm.arctic.path("ArcticDB", "read_totals", symbol="BENCH"),
                "DataFrame.copy": of(kept.copy),
            },
            same=lambda ours, theirs: np.testing.assert_allclose(
                theirs["totals"] if isinstance(theirs, dict) else theirs, ours, rtol=1e-12
            ),
        )


@case(
    "warm_daily",
    "2,600 daily bars",
    group="warm read",
    reference="ArcticDB",
    within_s=0.0005,
)
def warm_daily(scale: Scale) -> Iterator[Trial]:
    rows = scale.pick(2_600, 200)
    with ExitStack() as stack:
        warm = Warm(stack, scale)
        warm.store("BENCH", "1d", bars(rows, 86_400))
        yield Trial(
            work=rows,
            unit="rows",
            paths={
                **warm.ours("BENCH", "1d"),
                **warm.arctic.path("ArcticDB", "read", symbol="BENCH"),
            },
            same=same_bars,
            calls=10,
        )


@case(
    "warm_panel",
    "500 symbols × 2,000 bars",
    group="warm read",
    reference="ArcticDB read_batch",
    targets={"ArcticDB read_batch": 10.0},
)
def warm_panel(scale: Scale) -> Iterator[Trial]:
    symbols = [f"S{number:03}" for number in range(scale.pick(500, 5))]
    rows = scale.pick(2_000, 200)
    with ExitStack() as stack:
        warm = Warm(stack, scale)
        for seed, symbol in enumerate(symbols):
            warm.store(symbol, "1d", bars(rows, 86_400, seed))
        yield Trial(
            work=rows * len(symbols),
            unit="rows",
            paths={
                **warm.ours(symbols, "1d"),
                **warm.arctic.path("ArcticDB read_batch", "read_panel", symbols=symbols),
            },
            same=same_bars,
        )
