"""What every source of bars offers: the series it has, and their rows page by page, unchecked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.sessions import Window
from workbench.shape import Floats, Times


class Series(NamedTuple):
    """The bars of one symbol at one timeframe."""

    symbol: str
    timeframe: str


@dataclass(frozen=True)
class Reject:
    """One row that is kept aside: where it stands, what it says and why it is refused."""

    origin: str
    line: int
    reason: str
    raw: str
    series: Series | None = None


@dataclass(frozen=True)
class Page:
    """Some rows of one series in the order of their origin, parsed but not yet checked.

    `block` is (5, n) in the order of `workbench.shape.FIELDS`; `timestamps` may be unordered or
    repeated; `lines` are 1-based line numbers in `origin`; `raw(positions)` gives the rows' text.
    """

    series: Series
    origin: str
    timestamps: Times
    block: Floats
    lines: NDArray[np.int64]
    raw: Callable[[NDArray[np.intp]], list[str]]


class Source(Protocol):
    """Where bars come from. Add one: this protocol, an entry in `workbench.sources.SOURCES`."""

    name: str

    def series(self) -> list[Series]:
        """What the source has, sorted."""
        ...

    def pages(
        self, wanted: Sequence[Series], window: Window, reject: Callable[[Reject], None]
    ) -> Iterator[Page]:
        """Rows of the `wanted` series inside `window`; what cannot be parsed goes to `reject`."""
        ...
