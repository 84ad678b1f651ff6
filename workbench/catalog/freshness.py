"""What a result was validated against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from workbench.errors import RangeError
from workbench.sessions import Moment, brief, moment


@dataclass(frozen=True)
class Freshness(dict[str, Any]):
    """What a result was validated against; stands in `bars.attrs["freshness"]`.

    `versions` by symbol are those of the rows; `through` is the last bar that was known of all its
    series. `checked_at` is when the store said that these versions are the current ones: just now,
    unless `max_staleness_s` allowed an earlier check; `checked` is then false, and also where
    partitions were changed by hand and this user may not account for it. `tier` says
    where the rows came from, `as_of` the past moment that was asked for. Given as `as_of=` of
    another read, it brings back exactly these versions.

    It is also a dict of these facts in words, because pandas writes `attrs` as JSON where a file
    format has room for them.

    >>> at = pd.Timestamp("2024-05-06 07:08", tz="UTC")
    >>> print(Freshness({"AAPL": 7}, at.normalize(), at, "memory"))
    data through 2024-05-06, from the memory, checked at 2024-05-06 07:08:00 UTC
    """

    versions: Mapping[str, int]
    through: pd.Timestamp
    checked_at: pd.Timestamp
    tier: str
    checked: bool = True
    as_of: pd.Timestamp | None = None
    # What the frame is a view of: as long as that lives, pandas copies the frame on write.
    _held: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.update(versions=self.versions, through=str(self.through), tier=self.tier)
        self.update(checked_at=str(self.checked_at), checked=self.checked)
        if self.as_of is not None:
            self.update(as_of=str(self.as_of))

    @property
    def known_at(self) -> pd.Timestamp:
        """The moment whose knowledge this is: `as_of`, or else `checked_at`."""
        return self.as_of or self.checked_at

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # frozen; pandas deep-copies attrs at every step

    def __reduce__(self) -> tuple[Any, ...]:
        shown = (self.versions, self.through, self.checked_at, self.tier, self.checked, self.as_of)
        return type(self), shown

    def __str__(self) -> str:
        when = f"{self.checked_at:%Y-%m-%d %H:%M:%S} UTC"
        check = f"checked at {when}" if self.checked else f"not checked again since {when}"
        known = f" as known at {self.as_of:%Y-%m-%d %H:%M:%S} UTC" if self.as_of else ""
        return f"data through {brief(self.through)}{known}, from the {self.tier}, {check}"


def known_moment(as_of: Moment) -> pd.Timestamp:
    """`as_of` as a time; RangeError when it has not come yet.

    >>> known_moment("2020").year
    2020
    """
    stamp = moment(as_of)
    if stamp is None or stamp > pd.Timestamp.now("UTC"):
        raise RangeError(f"as_of={as_of!r} lies in the future; give a moment that has passed")
    return stamp
