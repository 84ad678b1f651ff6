"""What an ingestion did: a table by series, the rows it kept aside, one line in words."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from workbench.sessions import brief


@dataclass(frozen=True, repr=False)
class IngestReport:
    """What an ingestion did.

    `series` has a row per symbol and timeframe: rows read, new, changed, same, rejected, and the
    range first … last of what was read and accepted. `rejects` has a row per refused row: origin,
    line, reason, raw, symbol, timeframe. `run_id` is None for a dry run.
    """

    run_id: int | None
    source: str
    series: pd.DataFrame
    rejects: pd.DataFrame
    duration_s: float

    @property
    def dry_run(self) -> bool:
        """Whether it only compared."""
        return self.run_id is None

    def __str__(self) -> str:
        total = self.series[["read", "new", "changed", "same", "rejected"]].sum()
        verb = "would write" if self.dry_run else "wrote"
        written = f"{verb} {total.new:,} new and {total.changed:,} changed rows"
        return (
            f"{self.source}: {written if total.new + total.changed else 'nothing new'}"
            f" in {len(self.series)} series; {total.same:,} were there already,"
            f" {len(self.rejects):,} kept aside ({self.duration_s:.1f} s)"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>{readable(self.series).to_html(index=False)}"


def readable(series: pd.DataFrame) -> pd.DataFrame:
    """`series` as people read it: thousands separated, midnight left out of times.

    >>> readable(pd.DataFrame({"symbol": ["AAPL"], "new": [3270]})).to_dict("records")
    [{'symbol': 'AAPL', 'new': '3,270'}]
    """
    shown = series.copy()
    for name in shown.columns:
        if isinstance(shown[name].dtype, pd.DatetimeTZDtype):
            shown[name] = [_time(value) for value in shown[name]]
        elif pd.api.types.is_integer_dtype(shown[name]):
            shown[name] = [f"{value:,}" for value in shown[name]]
    return shown


def _time(value: pd.Timestamp) -> str:
    return "" if pd.isna(value) else brief(value)
