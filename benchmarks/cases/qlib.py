"""Qlib's task: 14 features of 800 stocks, 2007 to 2020, from where the bars are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import numba
import numpy as np
import pandas as pd

from benchmarks.cases.scratch import (
    FILES,
    FROM_FILES,
    UNCACHED,
    bars,
    redis_server,
    settings,
    start_run,
    workbench,
    write,
)
from benchmarks.harness import Call, Scale, Trial, case
from benchmarks.remote import Peer, peer
from workbench.api import Workbench
from workbench.shape import FIELDS, Floats, panel, timestamps_us

ROUNDS = (3, 3)
"""Qlib takes many seconds a call."""


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def rolling(values: Floats, window: int, combine: Any, neutral: float) -> Floats:
    """`combine` over the last `window` rows, or as many as there are, in each column.

    Of two blocks of `window` rows, the tails of the first and the heads of the second together
    give every window between them: no value is ever taken away again, so no precision is lost.
    """
    rows, columns = values.shape
    found = np.empty((rows, columns))
    tails = np.full((window + 1, columns), neutral)
    head = np.full(columns, neutral)
    for row in range(rows):
        at = row % window
        if at == 0:
            for back in range(window if row else 0):
                for column in range(columns):
                    tails[window - 1 - back, column] = combine(
                        values[row - 1 - back, column], tails[window - back, column]
                    )
            head[:] = neutral
        for column in range(columns):
            head[column] = combine(head[column], values[row, column])
            found[row, column] = combine(head[column], tails[at + 1, column])
    return found


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def plus(first: float, second: float) -> float:
    return first + second


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def larger(first: float, second: float) -> float:
    return max(first, second)


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def smaller(first: float, second: float) -> float:
    return min(first, second)


class Windows:
    """Rolling statistics of a (time, symbol) panel, over fewer rows where there are no more."""

    def __init__(self, window: int, rows: int) -> None:
        self.window = window
        self.count = np.minimum(np.arange(1, rows + 1), window)[:, None].astype(float)

    def sum(self, values: Floats) -> Floats:
        return rolling(values, self.window, plus, 0.0)  # type: ignore[no-any-return]

    def mean(self, values: Floats) -> Floats:
        return self.sum(values) / self.count

    def highest(self, values: Floats) -> Floats:
        return rolling(values, self.window, larger, -np.inf)  # type: ignore[no-any-return]

    def lowest(self, values: Floats) -> Floats:
        return rolling(values, self.window, smaller, np.inf)  # type: ignore[no-any-return]

    def spread(self, first: Floats, second: Floats) -> Floats:
        """The sum of products of what two panels differ from their means by."""
        return self.sum(first * second) - self.sum(first) * self.sum(second) / self.count

    def deviation(self, values: Floats) -> Floats:
        centred = values - values[0]
        return np.sqrt(np.maximum(self.spread(centred, centred), 0) / (self.count - 1))

    def correlation(self, first: Floats, second: Floats) -> Floats:
        first, second = first - first[0], second - second[0]
        both = self.spread(first, first) * self.spread(second, second)
        return self.spread(first, second) / np.sqrt(both)


def before(values: Floats, rows: int) -> Floats:
    """The value of some rows earlier; NaN where there is none."""
    return np.concatenate([np.full((rows, values.shape[1]), np.nan), values[:-rows]])


Formula = Callable[[Mapping[str, Floats], Callable[[int], Windows]], Floats]

FEATURES: dict[str, Formula] = {
    "$close/Ref($close, 1)-1": lambda b, _: b["close"] / before(b["close"], 1) - 1,
    "Ref($close, 20)/$close": lambda b, _: before(b["close"], 20) / b["close"],
    "Mean($close, 5)/$close": lambda b, w: w(5).mean(b["close"]) / b["close"],
    "Mean($close, 20)/$close": lambda b, w: w(20).mean(b["close"]) / b["close"],
    "Mean($close, 60)/$close": lambda b, w: w(60).mean(b["close"]) / b["close"],
    "Std($close, 20)/$close": lambda b, w: w(20).deviation(b["close"]) / b["close"],
    "Max($high, 20)/$close": lambda b, w: w(20).highest(b["high"]) / b["close"],
    "Min($low, 20)/$close": lambda b, w: w(20).lowest(b["low"]) / b["close"],
    "($high-$low)/$open": lambda b, _: (b["high"] - b["low"]) / b["open"],
    "($close-$open)/$open": lambda b, _: (b["close"] - b["open"]) / b["open"],
    "($close-Min($low, 14))/(Max($high, 14)-Min($low, 14)+1e-12)": lambda b, w: stochastic(
        b, w(14)
    ),
    "$volume/Mean($volume, 20)": lambda b, w: b["volume"] / w(20).mean(b["volume"]),
    "Std($volume, 20)/Mean($volume, 20)": lambda b, w: (
        w(20).deviation(b["volume"]) / w(20).mean(b["volume"])
    ),
    "Corr($close, Log($volume+1), 20)": lambda b, w: w(20).correlation(
        b["close"], np.log(b["volume"] + 1)
    ),
}
"""Qlib's expressions, and the same in numpy."""


def stochastic(block: Mapping[str, Floats], windows: Windows) -> Floats:
    lowest, highest = windows.lowest(block["low"]), windows.highest(block["high"])
    return (block["close"] - lowest) / (highest - lowest + 1e-12)


def features(found: pd.DataFrame) -> pd.DataFrame:
    """(feature, symbol) columns of a panel of bars."""
    fields = {name: found[name].to_numpy() for name in FIELDS}
    symbols = found["close"].columns.to_list()
    with np.errstate(invalid="ignore", divide="ignore"):
        blocks = {
            name: formula(fields, lambda window: Windows(window, len(found)))
            for name, formula in FEATURES.items()
        }
    return panel(timestamps_us(found), blocks, symbols)


class Task:
    """The same bars in PostgreSQL and in Qlib's files, the numbers such as float32 can hold."""

    def __init__(self, stack: ExitStack, scale: Scale) -> None:
        self.stack, self.scale = stack, scale
        self.symbols = [f"S{number:03}" for number in range(scale.pick(800, 5))]
        self.made = stack.enter_context(workbench(scale, **UNCACHED))
        days = pd.bdate_range("2007-01-01", "2020-12-31", tz="UTC", name="timestamp", unit="us")
        days = days[: scale.pick(len(days), 200)]
        self.frames = [
            bars(len(days), 86_400, seed).astype("float32").astype(float).set_index(days)
            for seed in range(len(self.symbols))
        ]
        run = start_run(self.made)
        for symbol, frame in zip(self.symbols, self.frames, strict=True):
            write(self.made, run, symbol, "1d", frame)
        self.days = days

    def workbench(self, **chosen: Any) -> Workbench:
        """Another Workbench on the same server."""
        return self.stack.enter_context(Workbench(settings(self.scale, **chosen)))

    def qlib(self, expressions: bool, dataset: bool) -> Peer:
        """A Qlib with or without its two caches."""
        worker = self.stack.enter_context(peer(self.scale, "qlib"))
        if not worker.here:
            return worker
        files = self.scale.folder / "qlib"
        if not files.exists():
            self._dump(worker, str(files))
        _, port = self.redis
        worker.do(
            "open", folder=str(files), redis_port=port, expressions=expressions, dataset=dataset
        )
        return worker

    def _dump(self, worker: Peer, folder: str) -> None:
        cube = np.stack([frame.to_numpy().T for frame in self.frames], axis=2)
        paths = {"times": self.days.asi8, "values": cube}
        for name, array in paths.items():
            np.save(self.scale.folder / f"qlib_{name}.npy", array)
        files = {name: str(self.scale.folder / f"qlib_{name}.npy") for name in paths}
        worker.do("dump", folder=folder, symbols=self.symbols, **files)

    @cached_property
    def redis(self) -> tuple[str, int]:
        """Qlib's caches lock by it."""
        return self.stack.enter_context(redis_server(self.scale))

    def trial(self, ours: Mapping[str, Call], peers: Mapping[str, Peer]) -> Trial:
        asked = {"symbols": self.symbols, "expressions": list(FEATURES)}
        paths = dict(ours)
        for label, worker in peers.items():
            paths |= worker.path(label, "features", **asked)

        def reset(name: str) -> None:
            if name in peers:
                peers[name].do("forget")

        return Trial(
            work=len(self.symbols) * len(self.days) * len(FEATURES),
            unit="values",
            paths=paths,
            same=same_features,
            reset=reset,
            rounds=ROUNDS,
        )


def same_features(ours: pd.DataFrame, theirs: pd.DataFrame | Mapping[str, Any]) -> None:
    """AssertionError unless equal to what float32 holds; Qlib computes and stores in it."""
    if isinstance(theirs, pd.DataFrame):
        return pd.testing.assert_frame_equal(ours, theirs)
    assert ours["$volume/Mean($volume, 20)"].columns.tolist() == theirs["symbols"].tolist()
    for name, values in zip(FEATURES, theirs["values"], strict=True):
        np.testing.assert_allclose(
            values, ours[name].to_numpy(), rtol=1e-4, atol=2e-6, err_msg=name, equal_nan=True
        )
    return None


@case(
    "qlib_cold",
    "14 features × 800 stocks, nothing cached",
    group="Qlib's task",
    reference="Qlib",
    targets={"Qlib": 5.0},
)
def qlib_cold(scale: Scale) -> Iterator[Trial]:
    with ExitStack() as stack:
        task = Task(stack, scale)
        yield task.trial(
            {"workbench": lambda: features(task.made.bars(task.symbols))},
            {"Qlib": task.qlib(expressions=False, dataset=False)},
        )


def remembered(made: Workbench, symbols: list[str]) -> Call:
    """The features by `memoize`: computed once, then kept for as long as the bars are the same."""

    @made.memoize
    def task(symbols: list[str]) -> pd.DataFrame:
        return features(made.bars(symbols))

    return lambda: task(symbols)


@case(
    "qlib_warm",
    "14 features × 800 stocks, cached",
    group="Qlib's task",
    reference="Qlib +E +D",
    targets={"Qlib +E +D": 10.0},
)
def qlib_warm(scale: Scale) -> Iterator[Trial]:
    with ExitStack() as stack:
        task = Task(stack, scale)
        memory, files = task.workbench(), task.workbench(**FROM_FILES)
        yield task.trial(
            {
                "workbench": remembered(memory, task.symbols),
                FILES: remembered(files, task.symbols),
                "workbench, bars cached": lambda: features(memory.bars(task.symbols)),
            },
            {
                "Qlib +E": task.qlib(expressions=True, dataset=False),
                "Qlib +E +D": task.qlib(expressions=True, dataset=True),
            },
        )
