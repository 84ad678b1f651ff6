"""What `wb.cached()` shows."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from workbench.cache.entry import TierStats


@dataclass(frozen=True)
class CacheReport:
    """The cache's tiers as the frame `tiers`, a row each, and the folder of its files.

    Columns: tier, entries, bytes, limit_bytes (0: none), hits, misses, hit_rate (NaN: nobody
    looked), errors, evictions.

    >>> print(CacheReport.of([TierStats("memory", 1, 8, 99, hits=1)], Path("files")))
      tier  entries  bytes  limit_bytes  hits  misses  hit_rate  errors  evictions
    memory        1      8           99     1       0       1.0       0          0
    files below files
    """

    tiers: pd.DataFrame
    path: Path

    @classmethod
    def of(cls, stats: Sequence[TierStats], path: Path) -> CacheReport:
        """The report on what the tiers say."""
        rows = [
            asdict(tier) | {"limit_bytes": tier.limit_bytes or 0, "hit_rate": tier.hit_rate}
            for tier in stats
        ]
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).rename(columns={"name": "tier"})
        return cls(frame, path)

    def __str__(self) -> str:
        table = "no tier is in use" if self.tiers.empty else self.tiers.to_string(index=False)
        return f"{table}\nfiles below {self.path}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{self.tiers.to_html(index=False)}<p>files below {html.escape(str(self.path))}</p>"


COLUMNS = (
    "name",
    "entries",
    "bytes",
    "limit_bytes",
    "hits",
    "misses",
    "hit_rate",
    "errors",
    "evictions",
)
