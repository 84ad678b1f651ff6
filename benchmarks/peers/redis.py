"""Redis over its unix socket: a series is one value, the raw bytes of its arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import redis

from benchmarks.peers.worker import Worker, frame

FIELDS = ["open", "high", "low", "close", "volume"]


class Redis(Worker):
    def open(self, socket: str) -> None:
        self.client = redis.Redis(unix_socket_path=socket)

    def write(self, symbol: str, times: str, values: str) -> None:
        series = frame(times, values)
        self.client.set(symbol, series.index.asi8.tobytes() + series.to_numpy().T.tobytes())

    def read(self, symbol: str) -> pd.DataFrame:
        words = np.frombuffer(self.client.get(symbol), np.int64).reshape(1 + len(FIELDS), -1)
        index = pd.DatetimeIndex(words[0].view("M8[us]"), name="timestamp").tz_localize("UTC")
        return pd.DataFrame(words[1:].view(np.float64).T, index=index, columns=FIELDS, copy=False)


if __name__ == "__main__":
    Redis().serve()
