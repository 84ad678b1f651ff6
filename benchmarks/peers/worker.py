"""What every peer's worker program does: read commands, run them, time them, answer.

A command is one line of JSON, `{"do": METHOD, "parameters": {NAME: VALUE}, …}`; so is the answer,
`{"seconds": …}`, or `{"error": …}`. Where the command says `"save": FOLDER`, the result's arrays
are written there as .npy files; where it says `"memory": true`, the answer holds the peak.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from benchmarks.harness import peak


class Worker:
    """A peer: its public methods are the commands; what they keep lives as long as the program."""

    def arrays(self, result: Any) -> dict[str, Any]:
        """What of a result is compared: index and columns of a DataFrame, and its values."""
        return {
            "times": result.index.as_unit("us").asi8,
            "columns": np.array(["/".join(np.atleast_1d(name)) for name in result.columns], "U"),
            "values": result.to_numpy(),
        }

    def serve(self) -> None:
        """Answer commands from standard input until it ends; whatever prints goes to stderr."""
        with os.fdopen(os.dup(1), "w") as answers:
            os.dup2(2, 1)
            for answer in map(self._answer, sys.stdin):
                _say(answers, answer)

    def _answer(self, line: str) -> dict[str, Any]:
        command = json.loads(line)
        try:
            return self._run(**command)
        except Exception as error:  # the program that asked shows it
            return {"error": f"{type(error).__name__}: {error}"}

    def _run(self, do: str, parameters: dict[str, Any], save: str | None, memory: bool) -> Any:
        def call() -> Any:
            return getattr(self, do)(**parameters)

        if memory:
            return {"peak_bytes": peak(call, lambda: None)}
        gc.collect()
        began = time.perf_counter()
        result = call()
        seconds = time.perf_counter() - began
        if save is not None:
            for name, array in self.arrays(result).items():
                np.save(Path(save) / f"{name}.npy", array)
        return {"seconds": seconds}


class Tables(Worker):
    """A peer that computes indicators over wide tables, an output each."""

    def open(self, folder: str) -> None:
        """Load the tables, (time, symbol)."""
        self.high, self.low, self.close = (
            pd.DataFrame(np.load(Path(folder) / f"{name}.npy")) for name in ("high", "low", "close")
        )

    def arrays(self, result: Any) -> dict[str, Any]:
        return {str(place): np.asarray(table) for place, table in enumerate(result)}


def frame(times: str, values: str) -> pd.DataFrame:
    """The DataFrame of a series whose times (n,) and values (5, n) are in .npy files."""
    index = pd.DatetimeIndex(np.load(times).view("M8[us]"), name="timestamp").tz_localize("UTC")
    return pd.DataFrame(
        np.load(values).T, index=index, columns=["open", "high", "low", "close", "volume"]
    )


def _say(stream: TextIO, answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()
