"""What store cases share: generated bars, a server of their own, ways to look into it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Scale
from scripts.install_redis import find
from workbench.api import Workbench
from workbench.settings import Settings
from workbench.shape import FIELDS, timestamps_us
from workbench.store.database import Role
from workbench.store.write import make_room, upsert

COLUMNS = ("timestamp", *FIELDS)


def bars(rows: int, seconds: int, seed: int = 0) -> pd.DataFrame:
    """A seeded random walk as Bars, one every `seconds` seconds from 2000 on."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.001, rows)))
    before = np.concatenate([[100.0], close[:-1]])
    spread = close * np.abs(random.normal(0, 0.0005, rows))
    columns = {
        "open": before,
        "high": np.maximum(before, close) + spread,
        "low": np.minimum(before, close) - spread,
        "close": close,
        "volume": random.integers(100, 100_000, rows).astype(float),
    }
    index = pd.date_range("2000-01-01", periods=rows, freq=f"{seconds}s", tz="UTC", unit="us")
    return pd.DataFrame(columns, index=index.rename("timestamp"))


def settings(scale: Scale, **chosen: Any) -> Settings:
    """Settings of a server and a cache in the case's own folder, and what else is `chosen`."""
    folders = {"state_dir": scale.folder / "state", "cache_dir": scale.folder / "cache"}
    return Settings(**(folders | chosen))


@contextmanager
def workbench(scale: Scale, **chosen: Any) -> Iterator[Workbench]:
    """A Workbench with an embedded server of its own, stopped and removed afterwards."""
    made = Workbench(settings(scale, **chosen))
    try:
        made.up()
        yield made
    finally:
        made.down()


UNCACHED = {"cache_memory_bytes": 0, "cache_disk_bytes": 0}
"""Settings with which every read goes to PostgreSQL."""
FILES = "workbench, from files"
"""The path of a Workbench with FROM_FILES."""
FROM_FILES = {"cache_memory_bytes": 0}
"""Settings with which every read goes to the cache's files, as in a process that just started."""


@contextmanager
def redis_server(scale: Scale) -> Iterator[tuple[str, int]]:
    """An empty Redis that saves nothing: its socket, and its port on the loopback interface."""
    program = find()
    if program is None:
        raise RuntimeError("no Redis here: run `.venv/bin/python scripts/install_redis.py`")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = str(scale.folder / "redis.sock")
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "unixsocket": path,
        "save": "",
        "dir": scale.folder,
    }
    command = [
        program,
        *(str(part) for name, value in options.items() for part in (f"--{name}", value)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(path)
            yield path, port
        finally:
            server.terminate()


def wait_for(path: str, timeout_s: float = 10.0) -> None:
    """Return once something listens on a unix socket."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                return probe.connect(path)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def start_run(made: Workbench) -> int:
    """A run for the rows to belong to."""
    return made.ledger.start("benchmark", {})


def write(made: Workbench, run: int, symbol: str, timeframe: str, frame: pd.DataFrame) -> None:
    """Bars into the store, as ingestion writes them."""
    times = pd.DatetimeIndex(frame.index).asi8
    block = np.ascontiguousarray(frame.to_numpy().T)
    make_room(made.database, timeframe, times)
    with made.database.transaction(Role.WRITER) as cursor:
        upsert(cursor, run, symbol, timeframe, times, block)


def execute(made: Workbench, *statements: str) -> None:
    """SQL as the owner of the database."""
    with made.database.transaction(Role.OWNER) as cursor:
        for statement in statements:
            cursor.execute(statement)


def rows_of(made: Workbench, table: str) -> list[tuple[Any, ...]]:
    """What a table of bars holds, by time."""
    with made.database.transaction(Role.OWNER) as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {table} ORDER BY timestamp")  # noqa: S608
        return cursor.fetchall()


def same_rows(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> None:
    """AssertionError unless two tables hold the same bars."""
    assert ours, "our table is empty"
    assert ours == theirs, f"{len(ours)} rows against {len(theirs)}, or other values"


def saved(scale: Scale, name: str, frame: pd.DataFrame) -> dict[str, str]:
    """Bars as two .npy files for a peer's worker: times (n,) and values (5, n)."""
    arrays = {"times": timestamps_us(frame), "values": np.ascontiguousarray(frame.to_numpy().T)}
    paths = {key: str(scale.folder / f"{name}_{key}.npy") for key in arrays}
    for key, array in arrays.items():
        np.save(paths[key], array)
    return paths


def same_bars(ours: pd.DataFrame, theirs: pd.DataFrame | Mapping[str, Any]) -> None:
    """AssertionError unless two results hold the same columns, times and values.

    A worker's result is the arrays `times`, `columns` and `values` of its frame.
    """
    if isinstance(theirs, pd.DataFrame):
        names = ours.columns.names
        theirs = theirs.rename_axis(columns=names[0] if len(names) == 1 else names)
        pd.testing.assert_frame_equal(ours, theirs, check_freq=False, check_index_type=False)
        return
    columns = ["/".join(np.atleast_1d(name)) for name in ours.columns]
    assert columns == theirs["columns"].tolist(), "other columns"
    np.testing.assert_array_equal(theirs["times"], timestamps_us(ours))
    np.testing.assert_array_equal(theirs["values"], ours.to_numpy())
