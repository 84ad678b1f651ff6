"""Qlib with its own binary files, without a cache or with its disk caches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import qlib
from qlib.data import D
from qlib.data.cache import H

from benchmarks.peers.worker import Worker

FIELDS = ("open", "high", "low", "close", "volume")


class Qlib(Worker):
    def dump(self, folder: str, times: str, values: str, symbols: list[str]) -> None:
        """Qlib's files from `times` (n,) and `values` (5, n, symbols): a float32 array per field
        and symbol behind the position of its first day in the calendar."""
        days = pd.DatetimeIndex(np.load(times).view("M8[us]")).strftime("%Y-%m-%d")
        block = np.load(values, mmap_mode="r")
        for name in ("calendars", "instruments", "features"):
            (Path(folder) / name).mkdir(parents=True)
        (Path(folder) / "calendars/day.txt").write_text("\n".join(days) + "\n")
        lines = (f"{symbol}\t{days[0]}\t{days[-1]}\n" for symbol in symbols)
        (Path(folder) / "instruments/all.txt").write_text("".join(lines))
        for number, symbol in enumerate(symbols):
            place = Path(folder) / "features" / symbol.lower()
            place.mkdir()
            for field, matrix in zip(FIELDS, block, strict=True):
                stored = np.concatenate([[0], matrix[:, number]]).astype("<f4")
                stored.tofile(place / f"{field}.day.bin")

    def open(self, folder: str, redis_port: int, expressions: bool, dataset: bool) -> None:
        qlib.init(
            provider_uri=folder,
            expression_cache="DiskExpressionCache" if expressions else None,
            dataset_cache="DiskDatasetCache" if dataset else None,
            redis_host="127.0.0.1",
            redis_port=redis_port,
        )
        used = (qlib.config.C["expression_cache"], qlib.config.C["dataset_cache"])
        if [name is not None for name in used] != [expressions, dataset]:
            raise RuntimeError(f"Qlib uses the caches {used}")

    def forget(self) -> None:
        """Empty the memory of this process, as if it had just started."""
        H.clear()

    def features(self, symbols: list[str], expressions: list[str]) -> pd.DataFrame:
        return D.features(symbols, expressions, disk_cache=1)

    def arrays(self, result: Any) -> dict[str, Any]:
        """(features, time, symbols)."""
        symbols, days = result.index.levels
        cube = result.to_numpy().reshape(len(symbols), len(days), -1)
        return {
            "values": np.ascontiguousarray(cube.transpose(2, 1, 0)),
            "symbols": np.array(symbols, "U"),
        }


if __name__ == "__main__":
    Qlib().serve()
