"""What one process counts, in a file that outlives it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

EVERY = 100


class Tally:
    """Counts of one process; what a killed process counted last is not counted."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.counts: Counter[str] = Counter()

    def add(self, name: str) -> None:
        """Count one; written to the file now and then."""
        self.counts[name] += 1
        if self.counts.total() % EVERY == 0:
            self.save()

    def fail(self, kind: str, **details: object) -> None:
        """Count a failure and keep at once what is needed to understand it."""
        self.counts[kind] += 1
        self.save()
        with (self.folder / "failures").open("a") as file:
            file.write(json.dumps({"kind": kind, "by": self.name} | details, default=str) + "\n")

    def save(self) -> None:
        """Write the counts; a reader of the file sees these or those before."""
        part = self.folder / f"{self.name}.part"
        part.write_text(json.dumps(self.counts))
        part.rename(self.folder / f"{self.name}.tally")

    @property
    def stopped(self) -> bool:
        """Whether the run is over."""
        return (self.folder / "stop").exists()


def total(folder: Path) -> Counter[str]:
    """The counts of all processes, finished ones included."""
    counts: Counter[str] = Counter()
    for file in folder.glob("*.tally"):
        counts.update(json.loads(file.read_text()))
    return counts


def failures(folder: Path) -> list[str]:
    """What was kept of each failure, a line of JSON each."""
    file = folder / "failures"
    return file.read_text().splitlines() if file.exists() else []
