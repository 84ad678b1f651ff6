"""How cases are registered, checked, timed and recorded.

A case is a function that prepares its data and yields one Trial: a few named paths that do the
same work. Every path runs once first, and unless all results are equal nothing is timed. Then the
paths take turns (A B C, A B C, …), so that a slow moment of the machine meets all of them.
"""

from __future__ import annotations

import ctypes
import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

Call = Callable[[], Any]
"""Does the work and gives its result. One that has a method `seconds` runs elsewhere and is timed
there (and its memory is measured there, by `peak`)."""
OURS = "workbench"
GROUPS = ("write", "cold read", "warm read", "indicators", "Qlib's task")
"""What a case is about; tables show them in this order."""
ENOUGH_S = 3.0
"""Once a case has been timed for so long, the least number of rounds will do."""


@dataclass(frozen=True)
class Scale:
    """How large and how often: the full run, or a quick one that only shows that all works."""

    quick: bool
    folder: Path
    """An empty folder for the case's files; removed afterwards."""

    @property
    def rounds(self) -> tuple[int, int]:
        """How often each path is timed, at least and at most (short calls more often)."""
        return (1, 1) if self.quick else (5, 50)

    def pick(self, full: int, quick: int) -> int:
        """`full`, or `quick` in a quick run."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Trial:
    """What one case compares.

    `work` is the number of `unit`s that one call handles. `result` fetches what a path's call
    has done, when that is not what it returns; `same` raises AssertionError unless two results
    agree. `reset`, untimed, runs before every call and is told the path's name.
    """

    work: int
    unit: str
    paths: dict[str, Call]
    same: Callable[[Any, Any], None]
    limits: dict[str, Call] = field(default_factory=dict)
    """Paths that show what the machine or server can do at best; their result is not compared."""
    result: Callable[[str, Any], Any] = lambda _name, returned: returned
    reset: Callable[[str], object] = lambda _name: None
    memory: bool = False
    """Whether the peak of memory is measured as well."""
    result_bytes: int | None = None
    """How large ours returns, which its peak of memory is compared with."""
    rounds: tuple[int, int] | None = None
    """The least and the most rounds of a full run, where calls take many seconds."""
    calls: int = 1
    """How many calls in a row a round takes the mean of, where one is too short for the clock."""


@dataclass(frozen=True)
class Case:
    """A registered case.

    `reference` names the path that comes first where ratios are shown. `targets` says how many
    times as fast as a path ours is meant to be, `within_s` how long it may take and `peak_frames`
    how much memory, as a multiple of what it returns.
    """

    name: str
    title: str
    group: str
    reference: str
    trial: Callable[[Scale], AbstractContextManager[Trial]]
    targets: Mapping[str, float] = field(default_factory=dict)
    within_s: float | None = None
    peak_frames: float | None = None
    part_of: str | None = None
    """What the case is one of many of: a short table shows these as one line."""


CASES: dict[str, Case] = {}


def case(
    name: str, title: str, *, group: str, reference: str, **goals: Any
) -> Callable[[Callable[[Scale], Iterator[Trial]]], Callable[[Scale], Iterator[Trial]]]:
    """Register a generator function that yields one Trial, and cleans up behind it.

    `goals` are `targets`, `within_s`, `peak_frames` and `part_of` of the Case.
    """

    def register(function: Callable[[Scale], Iterator[Trial]]) -> Any:
        if name in CASES:
            raise ValueError(f"two cases are called {name!r}")
        if group not in GROUPS:
            raise ValueError(f"{name} is of the group {group!r}; there are {', '.join(GROUPS)}")
        CASES[name] = Case(name, title, group, reference, contextmanager(function), **goals)
        return function

    return register


@dataclass(frozen=True)
class Timing:
    """How long one path took, in seconds, and its peak of memory beyond what was there before."""

    median_s: float
    min_s: float
    max_s: float
    rounds: int
    peak_bytes: int | None = None


def measure(chosen: Case, scale: Scale) -> dict[str, Any]:
    """Check, then time, every path of a case: what stands in its JSON file under "result"."""
    with chosen.trial(scale) as trial:
        needed = {OURS} if scale.quick else {OURS, chosen.reference, *chosen.targets}
        if missing := needed - set(trial.paths | trial.limits):
            raise ValueError(f"{chosen.name} has no path {', '.join(sorted(missing))}")
        check(chosen.name, trial)
        everything = trial.paths | trial.limits
        rounds = scale.rounds if scale.quick else trial.rounds or scale.rounds
        seconds = interleaved(everything, trial.reset, rounds, trial.calls)
        peaks = {
            name: peak(call, lambda name=name: trial.reset(name))
            for name, call in everything.items()
            if trial.memory
        }
    timings = {name: timing(times, peaks.get(name)) for name, times in seconds.items()}
    ours = timings[OURS].median_s
    return {
        **described(chosen),
        "work": trial.work,
        "unit": trial.unit,
        "limits": sorted(trial.limits),
        "result_bytes": trial.result_bytes,
        "timings": {name: asdict(times) for name, times in timings.items()},
        "times_faster_than": {
            name: times.median_s / ours for name, times in timings.items() if name != OURS
        },
    }


def described(chosen: Case) -> dict[str, Any]:
    """What a case's record says of the case itself."""
    facts = {each.name: getattr(chosen, each.name) for each in fields(chosen)}
    del facts["trial"]
    if facts["part_of"] is None:
        del facts["part_of"]
    return {"case": facts.pop("name"), **facts}


def check(name: str, trial: Trial) -> None:
    """Run every path once; AssertionError unless all peers' results agree with ours."""
    results = {}
    for path, call in trial.paths.items():
        trial.reset(path)
        results[path] = trial.result(path, call())
    for path, result in results.items():
        try:
            trial.same(results[OURS], result)
        except AssertionError as error:
            raise AssertionError(f"{name}: {path} and {OURS} differ: {error}") from error
    for path, call in trial.limits.items():
        trial.reset(path)
        call()


def interleaved(
    paths: dict[str, Call],
    reset: Callable[[str], object],
    rounds: tuple[int, int],
    calls: int = 1,
) -> dict[str, list[float]]:
    """The seconds of a call: every path takes its turn in a round, for a few seconds in all."""
    seconds: dict[str, list[float]] = {name: [] for name in paths}
    least, most = rounds
    for number in range(most):
        if number >= least and sum(map(sum, seconds.values())) > ENOUGH_S:
            break
        gc.collect()
        for name, call in paths.items():
            reset(name)
            seconds[name].append(statistics.fmean(clock(call) for _ in range(calls)))
    return seconds


def clock(call: Call) -> float:
    """How many seconds a call takes, by the clock of the process that runs it."""
    if elsewhere := getattr(call, "seconds", None):
        return float(elsewhere())
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def timing(seconds: list[float], peak_bytes: int | None = None) -> Timing:
    """The median, the fastest and the slowest of some calls.

    >>> timing([3.0, 1.0, 2.0])
    Timing(median_s=2.0, min_s=1.0, max_s=3.0, rounds=3, peak_bytes=None)
    """
    median = statistics.median(seconds)
    return Timing(median, min(seconds), max(seconds), len(seconds), peak_bytes)


def peak(call: Call, reset: Call) -> int | None:
    """The most bytes that a process held during `call` beyond those before it; Linux only."""
    if elsewhere := getattr(call, "peak", None):
        reset()
        return elsewhere()
    clear = Path("/proc/self/clear_refs")
    if not clear.exists():
        return None
    reset()
    gc.collect()
    give_back()
    clear.write_text("5")  # the high-water mark falls to what is resident now
    before = _status_bytes("VmRSS")
    kept = call()
    after = _status_bytes("VmHWM")
    del kept
    return max(0, after - before)


def give_back() -> None:
    """Return memory that is free but still held, so that the next use of it counts."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    if trim is not None:
        trim(0)


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
