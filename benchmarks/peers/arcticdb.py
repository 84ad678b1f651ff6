"""ArcticDB on LMDB: one symbol per series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from arcticdb import Arctic

from benchmarks.peers.worker import Worker, frame


class ArcticDB(Worker):
    def open(self, folder: str) -> None:
        self.library = Arctic(f"lmdb://{folder}").get_library("bars", create_if_missing=True)

    def write(self, symbol: str, times: str, values: str) -> None:
        self.library.write(symbol, frame(times, values))

    def read(self, symbol: str) -> pd.DataFrame:
        return self.library.read(symbol).data

    def read_totals(self, symbol: str) -> list[float]:
        found = self.read(symbol)
        return [float(np.sum(found[name].to_numpy())) for name in found]

    def arrays(self, result: Any) -> dict[str, Any]:
        return {"totals": np.array(result)} if isinstance(result, list) else super().arrays(result)

    def read_panel(self, symbols: list[str]) -> pd.DataFrame:
        """Each symbol's frame side by side: (field, symbol) columns in the order of ours."""
        frames = [item.data for item in self.library.read_batch(symbols)]
        joined = pd.concat(frames, axis=1, keys=symbols, names=["symbol", "field"])
        return joined.swaplevel(axis=1)[list(frames[0].columns)]


if __name__ == "__main__":
    ArcticDB().serve()
