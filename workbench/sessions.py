"""Timeframes and time ranges: how long a bar is and which bars a range holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from workbench.errors import RangeError, UnknownNameError

Moment = str | int | date | datetime | pd.Timestamp
"""What a range bound may be: '2015', '2015-03', '2015-03-02', an ISO time, a year, a date."""

FIRST_US, LAST_US = -(2**62), 2**62
"""Open ends of a range, in microseconds since 1970 UTC."""


@dataclass(frozen=True)
class Timeframe:
    """How long one bar is.

    >>> timeframe("1h").seconds
    3600
    """

    name: str
    seconds: int
    title: str

    @property
    def intraday(self) -> bool:
        """Whether bars are labelled with a time of day and not with a session date."""
        return self.seconds < 86_400


TIMEFRAMES = {
    t.name: t
    for t in (
        Timeframe("1m", 60, "one minute"),
        Timeframe("5m", 300, "five minutes"),
        Timeframe("15m", 900, "a quarter of an hour"),
        Timeframe("30m", 1800, "half an hour"),
        Timeframe("1h", 3600, "one hour"),
        Timeframe("4h", 14_400, "four hours"),
        Timeframe("1d", 86_400, "one session"),
        Timeframe("1w", 604_800, "one week"),
    )
}


def timeframe(name: str) -> Timeframe:
    """The timeframe called `name`; UnknownNameError names all of them.

    >>> timeframe("1d").title
    'one session'
    """
    if name not in TIMEFRAMES:
        raise UnknownNameError("timeframe", str(name), TIMEFRAMES)
    return TIMEFRAMES[name]


@dataclass(frozen=True)
class Window:
    """A half-open range `[start, end)`; None is an open end.

    >>> str(Window.of("2015", "2016"))
    '[2015-01-01, 2016-01-01)'
    """

    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None

    @classmethod
    def of(cls, start: Moment | None = None, end: Moment | None = None) -> Window:
        """The range from `start` up to, not including, `end`; RangeError when it cannot hold a bar.

        >>> Window.of("2015").end is None
        True
        """
        window = cls(moment(start), moment(end))
        if window.start is None or window.end is None:
            return window
        if window.start > window.end:
            raise RangeError(f"range {window} is reversed; give start before end")
        if window.start == window.end:
            raise RangeError(
                f"range {window} is empty because end is not included; give an end after start"
            )
        return window

    @property
    def start_us(self) -> int:
        """First microsecond since 1970 UTC that is inside."""
        return FIRST_US if self.start is None else in_us(self.start)

    @property
    def end_us(self) -> int:
        """First microsecond since 1970 UTC that is no longer inside."""
        return LAST_US if self.end is None else in_us(self.end)

    def __str__(self) -> str:
        return f"[{brief(self.start) or '…'}, {brief(self.end) or '…'})"


def moment(value: Moment | None) -> pd.Timestamp | None:
    """`value` as a UTC timestamp; a time without a zone is UTC, a bare date is 00:00.

    >>> moment("2015"), moment(2015) == moment(date(2015, 1, 1)), moment(None)
    (Timestamp('2015-01-01 00:00:00+0000', tz='UTC'), True, None)
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise RangeError(f"{value!r} is not a time; give a date such as '2015-03-02'")
    try:
        stamp = pd.Timestamp(str(value) if isinstance(value, int) else value)
    except (ValueError, TypeError):
        raise RangeError(f"{value!r} is not a time; give a date such as '2015-03-02'") from None
    if pd.isna(stamp):
        raise RangeError(f"{value!r} is not a time; give a date such as '2015-03-02'")
    return stamp.tz_localize(UTC) if stamp.tzinfo is None else stamp.tz_convert("UTC")


def in_us(stamp: pd.Timestamp) -> int:
    """Microseconds since 1970 UTC (`Timestamp.value` counts nanoseconds, whatever its unit).

    >>> in_us(pd.Timestamp("1970-01-01 00:00:01", tz="UTC"))
    1000000
    """
    return int(stamp.as_unit("us").asm8.astype("int64"))


def brief(stamp: pd.Timestamp | None) -> str:
    """A timestamp as people write it: the date alone where the time is midnight.

    >>> brief(pd.Timestamp("2015-03-02", tz="UTC"))
    '2015-03-02'
    """
    if stamp is None:
        return ""
    return stamp.strftime("%Y-%m-%d" if stamp == stamp.normalize() else "%Y-%m-%d %H:%M")
