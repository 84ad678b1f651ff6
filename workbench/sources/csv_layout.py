"""Which column of a CSV file holds what: delimiter, header, synonyms, explicit mapping."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import InputError, SourceError, UnknownNameError, listing
from workbench.shape import FIELDS, PRICES
from workbench.sources.csv_lines import fields_of, open_lines

DELIMITERS = (",", ";", "\t", "|")
HEADER_WITHIN_LINES = 100

SYNONYMS: dict[str, tuple[set[str], ...]] = {
    "timestamp": (
        {"timestamp", "datetime", "gmttime", "utctime", "opentime", "ts", "t"}
        | {"unix", "unixtime", "unixtimestamp", "epoch", "date", "time", "day"},
    ),
    "open": ({"open", "o", "openprice"},),
    "high": ({"high", "h", "highprice"},),
    "low": ({"low", "l", "lowprice"},),
    "close": ({"close", "c", "closeprice"}, {"last", "lastprice"}),
    "volume": ({"volume", "vol", "v"},),
    "symbol": ({"symbol", "ticker", "instrument"},),
}
"""Field → what its column may be called, letters and digits only; later sets are tried when no
column has a name of the earlier ones."""

MAPPABLE = ("timestamp", "time", *FIELDS, "symbol")


@dataclass(frozen=True)
class Layout:
    """Where things are in a file; `columns` maps each field of MAPPABLE to a position.

    `time` is there when date and time of day stand in two columns.
    """

    delimiter: str
    names: tuple[str, ...]
    columns: Mapping[str, int]
    header_lines: int


def detect(
    path: Path,
    columns: Mapping[str, str],
    delimiter: str | None = None,
    header: Sequence[str] | None = None,
) -> Layout:
    """The layout of one file; SourceError that names the columns found and says how to map them.

    `columns` maps fields to column names and wins over detection; `header` names the columns of a
    file that has no header line.
    """
    number, line = first_line(path)
    delimiter = delimiter or sniff(line, path)
    try:
        fields = fields_of(line, delimiter)
    except ValueError as error:
        raise SourceError(f"{path}: line {number} cannot be read as a header: {error}") from None
    names = tuple(name.strip() for name in (header or fields))
    if header is not None and len(header) != len(fields):
        raise SourceError(
            f"{path}: header= names {len(header)} columns, the file has {len(fields)}"
        )
    if header is None and any(is_number(name) for name in names):
        raise SourceError(
            f"{path}: no header line, the first line is {listing(names)}; "
            "give header=[a name for each column]"
        )
    header_lines = number - 1 if header is not None else number
    return Layout(delimiter, names, assigned(names, columns, path), header_lines)


def first_line(path: Path) -> tuple[int, bytes]:
    """Number and bytes of the first line that is not blank; SourceError when there is none."""
    with open_lines(path) as stream:
        for number in range(1, HEADER_WITHIN_LINES + 1):
            line = stream.readline(1 << 20)
            if line.strip():
                return number, line
            if not line:
                raise SourceError(f"{path}: the file is empty")
    raise SourceError(f"{path}: the first {HEADER_WITHIN_LINES} lines are blank")


def sniff(line: bytes, path: Path) -> str:
    """The delimiter that cuts the header into the most fields; SourceError when none does."""
    counts = {mark: width(line, mark) for mark in DELIMITERS}
    best = max(counts.values())
    winners = [mark for mark, count in counts.items() if count == best]
    if best < 2 or len(winners) > 1:
        shown = line[:80].decode("utf-8", "backslashreplace").strip()
        raise SourceError(
            f"{path}: cannot tell the delimiter of {shown!r}; give delimiter= one of {DELIMITERS}"
        )
    return winners[0]


def width(line: bytes, delimiter: str) -> int:
    """How many fields the delimiter cuts the line into; 0 when it cannot be cut."""
    try:
        return len(fields_of(line, delimiter))
    except (ValueError, csv.Error):
        return 0


def assigned(names: Sequence[str], columns: Mapping[str, str], path: Path) -> dict[str, int]:
    """Field → position of its column, mapped ones first, then by synonym."""
    found = {field: mapped(names, field, name, path) for field, name in columns.items()}
    for field in SYNONYMS:
        if field not in found:
            found |= detected(names, field, path, taken=set(found.values()))
    missing = [field for field in ("timestamp", *PRICES) if field not in found]
    if missing:
        raise SourceError(
            f"{path}: no column for {', '.join(missing)} among {listing(names)}; "
            f"give columns={{{missing[0]!r}: 'its column name'}}"
        )
    return found


def mapped(names: Sequence[str], field: str, name: str, path: Path) -> int:
    """The position of the one column called `name`."""
    positions = [position for position, known in enumerate(names) if known == name]
    if len(positions) != 1:
        what = "no column" if not positions else f"{len(positions)} columns"
        raise SourceError(
            f"{path}: {what} {name!r}, which columns= gives for {field}; found: {listing(names)}"
        )
    return positions[0]


def detected(names: Sequence[str], field: str, path: Path, taken: set[int]) -> dict[str, int]:
    """The position of the column that is called like `field`, if there is one and only one."""
    plain = {position: normalized(name) for position, name in enumerate(names)}
    for known in SYNONYMS[field]:
        hits = [p for p, name in plain.items() if name in known and p not in taken]
        if field == "timestamp" and sorted(plain[p] for p in hits) == ["date", "time"]:
            return {"timestamp": find(plain, "date"), "time": find(plain, "time")}
        if len(hits) > 1:
            rivals = listing(repr(names[p]) for p in hits)
            raise SourceError(
                f"{path}: {rivals} may each be the {field}; "
                f"give columns={{{field!r}: {names[hits[0]]!r}}} or another of them"
            )
        if hits:
            return {field: hits[0]}
    return {}


def find(plain: Mapping[int, str], name: str) -> int:
    """The position whose normalized name is `name`."""
    return next(position for position, known in plain.items() if known == name)


def normalized(name: str) -> str:
    """Letters and digits of a column name in lower case, without a leading number.

    >>> normalized("1. Open"), normalized("<DATE>"), normalized("Adj_Close")
    ('open', 'date', 'adjclose')
    """
    return re.sub(r"[\W_]+", "", re.sub(r"^\d+\.\s*", "", name.strip())).lower()


def is_number(text: str) -> bool:
    """Whether a header cell holds a number, which no column is called.

    >>> is_number("1.5"), is_number("open")
    (True, False)
    """
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def checked_columns(columns: Mapping[str, str] | None) -> dict[str, str]:
    """`columns` when each key is a field and no column is named twice.

    >>> checked_columns({"close": "Last"})
    {'close': 'Last'}
    """
    for field in columns or {}:
        if field not in MAPPABLE:
            raise UnknownNameError("field", str(field), MAPPABLE, "columns= maps fields to columns")
    chosen = dict(columns or {})
    if len(set(chosen.values())) < len(chosen):
        raise InputError(f"columns={chosen} names a column twice; each field needs its own")
    if "time" in chosen and "timestamp" not in chosen:
        raise InputError("columns= maps 'time' (of day) but not 'timestamp' (the date); map both")
    return chosen
