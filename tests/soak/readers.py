"""A process that reads through `wb.bars` and compares every result with the truth."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import numpy as np
import pandas as pd

from tests.soak.tally import Tally
from tests.soak.truth import FIELDS, SYMBOLS, TIMEFRAMES, Truth
from workbench.api import Workbench
from workbench.errors import RangeError, StoreError, UnknownNameError, WorkbenchError
from workbench.settings import Settings

EVER = (-(2**62), 2**62)
FIRST_DAY, DAYS = pd.Timestamp("1962-01-01", tz="UTC"), 66 * 366
REMEMBERED = 50
PANELS = [["S0", "S1"], ["S2", "S0", "S5"], ["S3", "S4", "S6", "S7"], ["S7", "S1"], list(SYMBOLS)]


class Reader:
    """One thread's questions; `check` is what makes the soak a proof."""

    def __init__(self, workbench: Workbench, truth: Truth, tally: Tally, seed: str) -> None:
        self.workbench, self.truth, self.tally = workbench, truth, tally
        self.random = random.Random(seed)
        self.remembered: list[tuple[list[str], str, Any]] = []

    def read(self) -> None:
        """Ask one random question and judge the answer."""
        several = self.random.random() < 0.3
        symbols = self.random.choice(PANELS) if several else [self.random.choice(SYMBOLS)]
        timeframe = self.random.choice(TIMEFRAMES)
        token = None
        if self.remembered and self.random.random() < 0.08:
            symbols, timeframe, token = self.random.choice(self.remembered)
            several = len(symbols) > 1
        asked: dict[str, Any] = {"timeframe": timeframe, "as_of": token} | self._part()
        bounds = self.truth.bounds(symbols, timeframe)
        try:
            bars = self.workbench.bars(symbols if several else symbols[0], **asked)
        except (UnknownNameError, RangeError) as error:
            self._refused(error, symbols, asked, bounds)
        except WorkbenchError as error:
            self.tally.fail("errors", error=f"{type(error).__name__}: {error}", asked=asked)
        else:
            self._check(bars, symbols, asked, bounds)

    def _part(self) -> dict[str, Any]:
        """Now and then a range, now and then some fields."""
        part: dict[str, Any] = {}
        if self.random.random() < 0.4:
            days = sorted(self.random.sample(range(DAYS), 2))
            ends = [FIRST_DAY + pd.Timedelta(day, "D") for day in days]
            part = dict(zip(("start", "end"), ends, strict=True))
        if self.random.random() < 0.3:
            part["fields"] = self.random.sample(FIELDS, self.random.randint(1, 4))
        return part

    def _check(
        self, bars: pd.DataFrame, symbols: list[str], asked: dict[str, Any], bounds: list[int]
    ) -> None:
        freshness = bars.attrs["freshness"]
        versions, token = freshness.versions, asked["as_of"]
        self.tally.add(f"reads from {freshness.tier}")
        wrong, why = None, ""
        least = dict(zip(symbols, bounds, strict=True))
        if versions != token.versions if token else any(versions[s] < least[s] for s in symbols):
            wrong = "stale"
        elif why := self._torn(bars, symbols, asked):
            wrong = "torn"
        if wrong:
            details = {"versions": versions, "bounds": bounds, "tier": freshness.tier, "why": why}
            self.tally.fail(wrong, asked=asked, **details)
        elif token is None and self.random.random() < 0.02:
            kept = (symbols, asked["timeframe"], freshness)
            self.remembered = [*self.remembered[-REMEMBERED:], kept]

    def _torn(self, bars: pd.DataFrame, symbols: list[str], asked: dict[str, Any]) -> str:
        """In what the rows differ from those of their versions; nothing if they do not."""
        versions, timeframe = bars.attrs["freshness"].versions, asked["timeframe"]
        known = [self.truth.bars(s, timeframe, versions[s]) for s in symbols]
        if None in known:
            return "there is no such version"
        parts = [rows.within(*_window(asked)) for rows in known if rows is not None]
        places = [FIELDS.index(field) for field in asked.get("fields", FIELDS)]
        if len(symbols) == 1:
            times, values = parts[0].times, parts[0].values[places][:, None]
        else:
            times = np.unique(np.concatenate([part.times for part in parts]))
            values = np.full((len(places), len(symbols), len(times)), np.nan)
            for column, part in enumerate(parts):
                values[:, column, np.isin(times, part.times)] = part.values[places]
            if self.truth.half_seen(dict(versions), timeframe):
                return "half of a transaction"
        return _difference(bars, times, values)

    def _refused(
        self, error: WorkbenchError, symbols: list[str], asked: dict[str, Any], bounds: list[int]
    ) -> None:
        """There may be no bars: then some version that was current meanwhile had none."""
        if asked["as_of"] is not None:  # purged, or the part never had a bar
            self.tally.add("reads refused as_of")
            known = self._at(asked["as_of"].versions, symbols, asked)
            if known and "dropped" not in str(error) and "no bars in" not in str(error):
                self.tally.fail("errors", error=str(error), asked=asked)
            return
        self.tally.add("reads refused")
        now = self.truth.bounds(symbols, asked["timeframe"])
        window, alone = _window(asked), isinstance(error, UnknownNameError)
        empty = []
        for symbol, first, last in zip(symbols, bounds, now, strict=True):
            states = self.truth.between(symbol, asked["timeframe"], first, last)
            whole = EVER if alone else window
            empty.append(any(not len(state.within(*whole).times) for state in states))
        if not (any(empty) if alone else all(empty)):
            self.tally.fail("torn", error=str(error), asked=asked, bounds=bounds, now=now)

    def _at(self, versions: dict[str, int], symbols: list[str], asked: dict[str, Any]) -> bool:
        known = [self.truth.bars(s, asked["timeframe"], versions[s]) for s in symbols]
        return any(rows is not None and len(rows.within(*_window(asked)).times) for rows in known)


def _window(asked: dict[str, Any]) -> tuple[int, int]:
    if "start" not in asked:
        return EVER
    first, last = (asked[name].value // 1000 for name in ("start", "end"))
    return first, last


def _difference(bars: pd.DataFrame, times: Any, values: Any) -> str:
    """Compared bit by bit, NaN by NaN."""
    got_times = bars.index.as_unit("us").asi8  # type: ignore[attr-defined]
    if not np.array_equal(got_times, times):
        missing, extra = np.setdiff1d(times, got_times), np.setdiff1d(got_times, times)
        return f"{len(missing)} rows missing {missing[:3]}, {len(extra)} too many {extra[:3]}"
    got = np.ascontiguousarray(bars.to_numpy().T).reshape(values.shape)
    equal = (got.view(np.int64) == values.view(np.int64)) | (np.isnan(got) & np.isnan(values))
    first = np.argwhere(~equal)[:1].tolist()
    return "" if equal.all() else f"{(~equal).sum()} values differ, the first at {first}"


def _meet(workbench: Workbench) -> None:
    """Reach the server once: one that was never reached is reported at once, not waited for."""
    while True:
        try:
            return workbench.database.read(lambda cursor: cursor.execute("SELECT"))
        except StoreError:
            time.sleep(0.05)


def play(given: dict[str, Any]) -> None:
    """A process: read until the run is over."""
    workbench = Workbench(Settings(**given["settings"]))
    _meet(workbench)
    truth_url, folder = given["settings"]["database_url"], given["folder"]

    def work(number: int) -> None:
        name = f"{given['name']}-{number}"
        tally = Tally(folder, name)
        reader = Reader(workbench, Truth(truth_url), tally, f"{given['seed']} {name}")
        while not tally.stopped:
            try:
                reader.read()
            except Exception as error:
                tally.fail("errors", error=f"{type(error).__name__}: {error}")
        tally.save()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(given["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
