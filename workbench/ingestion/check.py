"""The check stage: which rows of a page become Bars, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.shape import Floats, Times, flaws
from workbench.sources.protocol import Page, Reject, Series

REPEATED = "timestamp repeated: an earlier row of the source has this bar"


@dataclass
class Checker:
    """Checks the pages of one ingestion, one after the other.

    It remembers the timestamps it has let through (8 bytes a bar), so that a bar that a source
    gives twice is caught wherever the second one stands; the first one counts.
    """

    seen: dict[Series, Times] = field(default_factory=dict)

    def check(self, page: Page) -> tuple[Times, Floats, list[Reject]]:
        """Strictly increasing timestamps (m,), their (5, m) block, and the refused rows."""
        broken = flaws(page.block)
        good = np.ones(len(page.timestamps), bool)
        for mask in broken.values():
            good &= ~mask
        repeated = self._repeated(page, good)
        good &= ~repeated
        if repeated.any():
            broken[REPEATED] = repeated
        chosen = np.flatnonzero(good)
        chosen = chosen[np.argsort(page.timestamps[chosen], kind="stable")]
        times = page.timestamps[chosen]
        self._remember(page.series, times)
        return times, page.block[:, chosen], _rejects(page, ~good, broken)

    def _repeated(self, page: Page, good: NDArray[np.bool_]) -> NDArray[np.bool_]:
        places = np.flatnonzero(good)
        _, first = np.unique(page.timestamps[places], return_index=True)
        again = np.ones(len(places), bool)
        again[first] = False
        before = self.seen.get(page.series)
        if before is not None and len(places):
            again |= np.isin(page.timestamps[places], before, assume_unique=False)
        repeated = np.zeros(len(good), bool)
        repeated[places] = again
        return repeated

    def _remember(self, series: Series, times: Times) -> None:
        before = self.seen.get(series)
        self.seen[series] = times if before is None else np.concatenate([before, times])


def _rejects(
    page: Page, bad: NDArray[np.bool_], broken: Mapping[str, NDArray[np.bool_]]
) -> list[Reject]:
    places = np.flatnonzero(bad)
    if not len(places):
        return []
    return [
        Reject(
            origin=page.origin,
            line=int(page.lines[place]),
            reason="; ".join(reason for reason, mask in broken.items() if mask[place]),
            raw=text,
            series=page.series,
        )
        for place, text in zip(places, page.raw(places), strict=True)
    ]
