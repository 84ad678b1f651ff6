"""How a CSV file writes its times: found once per file, then applied strictly to every row.

A format is found by shape (a table of regular expressions) and then by the data: a day above 12
tells day/month from month/day. What the data cannot decide is an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import SourceError
from workbench.shape import Times

DATES = {
    "%Y-%m-%d": r"\d{4}-\d{1,2}-\d{1,2}",
    "%Y/%m/%d": r"\d{4}/\d{1,2}/\d{1,2}",
    "%Y.%m.%d": r"\d{4}\.\d{1,2}\.\d{1,2}",
    "%Y%m%d": r"\d{8}",
    "%d.%m.%Y": r"\d{1,2}\.\d{1,2}\.\d{4}",
    "%d/%m/%Y": r"\d{1,2}/\d{1,2}/\d{4}",
    "%m/%d/%Y": r"\d{1,2}/\d{1,2}/\d{4}",
    "%d-%m-%Y": r"\d{1,2}-\d{1,2}-\d{4}",
    "%m-%d-%Y": r"\d{1,2}-\d{1,2}-\d{4}",
    "%d-%b-%Y": r"\d{1,2}-[A-Za-z]{3}-\d{4}",
    "%d %b %Y": r"\d{1,2} [A-Za-z]{3} \d{4}",
    "%b %d, %Y": r"[A-Za-z]{3} \d{1,2}, \d{4}",
}
CLOCKS = {
    "%H:%M:%S": r"\d{1,2}:\d{2}:[0-5]\d",
    "%H:%M": r"\d{1,2}:\d{2}",
    "%H:%M:%S.%f": r"\d{1,2}:\d{2}:[0-5]\d\.\d{1,9}",
    "%H%M%S": r"\d{4}[0-5]\d",
    "%H%M": r"\d{4}",
    "%I:%M %p": r"\d{1,2}:\d{2} [AaPp][Mm]",
    "%I:%M:%S %p": r"\d{1,2}:\d{2}:[0-5]\d [AaPp][Mm]",
}
ZONES = {"": "", "%z": r"(?:Z|[+-]\d{2}:?\d{2})", " %z": r" [+-]\d{2}:?\d{2}"} | {
    f" {name}": f" {name}" for name in ("UTC", "GMT")
}
JOINTS = (" ", "T")
COMPACT = ("%H%M%S", "%H%M")
"""Clocks that may follow %Y%m%d without anything between."""
EPOCH = r"-?\d+(?:\.\d+)?"
EPOCH_UNITS_US = {
    "s": Decimal(10**6),
    "ms": Decimal(10**3),
    "us": Decimal(1),
    "ns": Decimal("0.001"),
}
EPOCH_LIMITS = {"s": 10**11, "ms": 10**14, "us": 10**17, "ns": 10**20}
LAST_EPOCH_US = 253_402_300_800_000_000
"""The year 10000: an epoch beyond it is in another unit than its file."""
NO_TIME = int(np.iinfo(np.int64).min)
"""What stands for a time that cannot be read, as in numpy's NaT."""


Texts = NDArray[np.object_]
"""Times as they are written, one str each."""


def texts_of(written: Iterable[str]) -> Texts:
    """An array of texts.

    >>> texts_of(["2020-01-02"]).shape
    (1,)
    """
    return np.array(list(written), dtype=object)


@dataclass(frozen=True)
class TimeFormat:
    """One way of writing times; `clocks` may vary from row to row, the rest may not.

    `date` is a strptime format or an epoch unit (s, ms, us, ns).
    """

    date: str
    joint: str = ""
    clocks: tuple[str, ...] = ("",)
    zone: str = ""

    @property
    def zoned(self) -> bool:
        """Whether the text itself says which instant is meant."""
        return bool(self.zone) or self.date in EPOCH_UNITS_US

    def variants(self) -> Iterator[tuple[str, str]]:
        """Each strptime format of the family with the regular expression of its shape."""
        for clock in self.clocks:
            shape = DATES[self.date] + self.joint + CLOCKS.get(clock, "") + ZONES[self.zone]
            yield self.date + self.joint + clock + self.zone, shape

    def __str__(self) -> str:
        return self.date + self.joint + self.clocks[0] + self.zone


def families() -> Iterator[TimeFormat]:
    """Every family of formats that is looked for.

    >>> TimeFormat("%Y-%m-%d") in families()
    True
    """
    for date in DATES:
        yield TimeFormat(date)
        for joint in JOINTS:
            for zone in ZONES:
                yield TimeFormat(date, joint, tuple(CLOCKS), zone)
    yield TimeFormat("%Y%m%d", "", COMPACT)


def strict(texts: Texts, pattern: str, shape: str) -> Times:
    """Microseconds since 1970 of each text, NO_TIME where it is not written like `pattern`.

    The shape is tested too because strptime alone reads "now", "202011" and second 60.

    >>> strict(texts_of(["1970-01-02", "now"]), "%Y-%m-%d", DATES["%Y-%m-%d"]).tolist()[0]
    86400000000
    """
    fits = fitting(texts, shape)
    times = np.full(len(texts), NO_TIME)
    if fits.any():
        found = texts if fits.all() else texts[fits]
        parsed = pd.DatetimeIndex(
            pd.to_datetime(
                pd.Index(found, dtype=object), format=pattern, errors="coerce", utc="%z" in pattern
            )
        )
        times[fits] = whole_microseconds(parsed)
    return times


def fitting(texts: Texts, shape: str) -> NDArray[np.bool_]:
    """Which texts have the shape; one match over all of them where, as usual, all have.

    >>> fitting(texts_of(["2020", "202"]), r"\\d{4}").tolist()
    [True, False]
    """
    if compiled(f"(?:{shape}\n)*+").fullmatch("\n".join(texts) + "\n"):
        return np.ones(len(texts), dtype=bool)
    return np.fromiter(map(bool, map(compiled(shape).fullmatch, texts)), bool, len(texts))


@cache
def compiled(shape: str) -> re.Pattern[str]:
    """The pattern, compiled once per process: `re` itself forgets beyond 512 of them."""
    return re.compile(shape, re.ASCII)


def whole_microseconds(parsed: pd.DatetimeIndex) -> Times:
    """The index as int64 microseconds, NO_TIME for NaT and for anything finer."""
    micro = parsed.as_unit("us")
    values = np.array(micro.asi8)
    values[micro != parsed] = NO_TIME
    return values


def epochs(texts: Texts, unit: str) -> Times:
    """Microseconds since 1970 of numbers in `unit`; NO_TIME for what is none or beyond year 9999.

    >>> epochs(texts_of(["1.5", "x"]), "s").tolist()[0]
    1500000
    """
    factor = EPOCH_UNITS_US[unit]
    matches = compiled(EPOCH).fullmatch
    return np.fromiter(
        (epoch_us(text, factor) if matches(text) else NO_TIME for text in texts),
        np.int64,
        len(texts),
    )


def epoch_us(text: str, factor: Decimal) -> int:
    """A number times `factor`; NO_TIME when it is no whole microsecond or beyond year 9999.

    >>> epoch_us("2", Decimal(1000))
    2000
    """
    exact = Decimal(text) * factor
    whole = int(exact)
    return whole if whole == exact and abs(whole) < LAST_EPOCH_US else NO_TIME


def read(texts: Texts, family: TimeFormat) -> Times:
    """Microseconds since 1970 of each text as written in `family`; NO_TIME where it is not.

    >>> read(texts_of(["2020-01-02 00:00", "2020-01-02 00:00:01"]),
    ...      TimeFormat("%Y-%m-%d", " ", ("%H:%M", "%H:%M:%S"))).tolist()
    [1577923200000000, 1577923201000000]
    """
    if family.date in EPOCH_UNITS_US:
        return epochs(texts, family.date)
    times = np.full(len(texts), NO_TIME)
    for pattern, shape in family.variants():
        missing = times == NO_TIME
        if not missing.any():
            break
        times[missing] = strict(texts if missing.all() else texts[missing], pattern, shape)
    return times


def session_dates(texts: Texts, family: TimeFormat) -> Times:
    """Midnight UTC of the date that each text prints, whatever its time of day and offset.

    >>> read(texts_of(["2020-01-02"]), TimeFormat("%Y-%m-%d")).tolist()
    [1577923200000000]
    """
    times = read(texts, family)
    known = times != NO_TIME
    if "%z" in family.zone:
        times[known] += offsets_us(texts[known])
    times[known] -= times[known] % 86_400_000_000
    return times


def offsets_us(texts: Texts) -> Times:
    """The offset from UTC that ends each text, in microseconds; 0 for Z.

    >>> offsets_us(texts_of(["2020-01-02T00:00-05:30"])).tolist()
    [-19800000000]
    """
    seconds = []
    for text in texts:
        if text.endswith("Z"):
            seconds.append(0)
            continue
        sign, hours, minutes = re.split(r".*([+-])(\d{2}):?(\d{2})$", text)[1:4]
        seconds.append((int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1))
    return np.array(seconds, dtype=np.int64) * 1_000_000


def given(time_format: str) -> TimeFormat:
    """The family of a format that the caller names: strptime, or an epoch unit.

    >>> given("ms").zoned, given("%d/%m/%Y %H:%M").zone
    (True, '')
    """
    if time_format in EPOCH_UNITS_US:
        return TimeFormat(time_format)
    for family in families():
        for pattern, _ in family.variants():
            if pattern == time_format:
                return family
    units, known = ", ".join(EPOCH_UNITS_US), ", ".join(DATES)
    raise SourceError(
        f"time_format {time_format!r} is none that can be read; allowed: an epoch unit ({units}), "
        f"or a date ({known}), then ' ' or 'T' and a time such as %H:%M:%S, then %z"
    )


def detect(samples: Iterable[Texts], origin: str, advice: str) -> TimeFormat:
    """The family in which the texts are written, found in the first sample or as many as needed.

    More than one sample is read only while day/month and month/day both fit. SourceError when no
    family fits, when both orders fit every text, and when one text says one and another the other.
    """
    rivals: list[TimeFormat] = []
    for texts in samples:
        if not len(texts):
            continue
        rivals = rivals or candidates(texts, origin, advice)
        if len(rivals) == 1:
            return rivals[0]
        fits = [read(texts, family) != NO_TIME for family in rivals]
        only = [bool((mine & ~other).any()) for mine, other in (fits, fits[::-1])]
        if all(only):
            raise SourceError(f"{origin}: some dates are day/month and some month/day; {advice}")
        if any(only):
            return rivals[only.index(True)]
    if not rivals:
        raise SourceError(f"{origin}: has a header but no row to tell the time format by; {advice}")
    shown = " or ".join(map(str, rivals))
    raise SourceError(f"{origin}: dates can be read as {shown}; {advice}")


def candidates(texts: Texts, origin: str, advice: str) -> list[TimeFormat]:
    """The family that reads most of the texts, and its twin with day and month swapped."""
    unit = epoch_unit(texts)
    counts = {family: int((read(texts, family) != NO_TIME).sum()) for family in likely(texts)}
    best = max(counts.values(), default=0)
    if unit and best == 0:
        return [TimeFormat(unit)]
    if best == 0:
        raise SourceError(f"{origin}: times such as {texts[0]!r} cannot be read; {advice}")
    first = next(family for family, count in counts.items() if count == best)
    twins = [f for f, count in counts.items() if count and is_twin(f, first)]
    return [commonest_first(family, texts) for family in (first, *twins)]


def commonest_first(family: TimeFormat, texts: Texts) -> TimeFormat:
    """The family with its clocks in the order of how many texts have them."""
    counts = {
        pattern.removesuffix(family.zone).removeprefix(family.date + family.joint): int(
            (strict(texts, pattern, shape) != NO_TIME).sum()
        )
        for pattern, shape in family.variants()
    }
    return replace(family, clocks=tuple(sorted(counts, key=lambda clock: -counts[clock])))


def is_twin(one: TimeFormat, other: TimeFormat) -> bool:
    """Whether two families differ in nothing but the order of day and month."""
    swapped = other.date.translate(str.maketrans("dm", "md"))
    same = (one.joint, one.zone) == (other.joint, other.zone)
    same &= (one.clocks == ("",)) == (other.clocks == ("",))
    return same and one.date == swapped and one.date != other.date


def likely(texts: Texts) -> list[TimeFormat]:
    """The families whose shape some text has.

    >>> [str(f) for f in likely(texts_of(["2020-01-02"]))]
    ['%Y-%m-%d']
    """
    unique = sorted({re.sub(r"\d", "0", text) for text in texts})
    return [
        family
        for family in families()
        if any(compiled(DATES[family.date]).match(text) for text in unique)
        and any(compiled(shape).fullmatch(t) for _, shape in family.variants() for t in unique)
    ]


def epoch_unit(texts: Texts) -> str | None:
    """The unit of epoch numbers by their size (seconds below 10^11, …); None if most are none.

    >>> epoch_unit(texts_of(["1577923200000"]))
    'ms'
    """
    numbers = [abs(Decimal(text)) for text in texts if compiled(EPOCH).fullmatch(text)]
    if 2 * len(numbers) <= len(texts):
        return None
    typical = sorted(numbers)[len(numbers) // 2]
    return next((unit for unit, limit in EPOCH_LIMITS.items() if typical < limit), None)


def localized(times: Times, tz: str) -> tuple[Times, NDArray[np.bool_]]:
    """Wall-clock times of `tz` as UTC, and which of them happen twice or never (clock changes)."""
    if tz == "UTC":
        return times, np.zeros(len(times), dtype=bool)
    naive = pd.DatetimeIndex(times.view("datetime64[us]"))
    utc = naive.tz_localize(tz, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC").as_unit("us")
    return np.array(utc.asi8), np.asarray(utc.isna()) & np.asarray(naive.notna())
