"""Corporate actions from a table or a CSV file into the store: all of them, or none."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from workbench.adjustment import KINDS
from workbench.errors import InputError, SourceError, listing
from workbench.store.actions import Fact, upsert_actions, without_bars
from workbench.store.database import Database
from workbench.store.ledger import Counts, Ledger

COLUMNS = Fact._fields
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class ActionReport:
    """What recording corporate actions did: numbers of facts, and the run that it was.

    `without_bars` names the symbols of which the store has no bar yet; they may be misspelt.

    >>> print(ActionReport(new=2, changed=0, same=1, run_id=7))
    2 new and 0 changed facts; 1 was known already
    """

    new: int
    changed: int
    same: int
    run_id: int
    without_bars: tuple[str, ...] = ()

    def __str__(self) -> str:
        known = f"{self.same:,} {'was' if self.same == 1 else 'were'} known already"
        barren = f"; no bars yet of {listing(self.without_bars)}" if self.without_bars else ""
        return f"{self.new:,} new and {self.changed:,} changed facts; {known}{barren}"


class Row(NamedTuple):
    """A row as it was given, and what to call it in an error."""

    place: str
    values: tuple[Any, ...]


def record_facts(
    database: Database, given: pd.DataFrame | str | Path, run_id: int | None = None
) -> ActionReport:
    """Store what `given` states, under run `run_id` or one of its own, in one transaction.

    Raises InputError, which names the row and the reason, before anything is written, and
    SourceError for a file that cannot be read.
    """
    if isinstance(given, pd.DataFrame):
        origin, rows = "a table", _frame_rows(given)
    else:
        origin, rows = str(given), _file_rows(Path(given))
    facts = check_facts(rows)
    ledger = Ledger(database)
    run = run_id or ledger.start("(interactive)", {"actions": origin})
    try:
        counts: Counts = database.write(lambda cursor: upsert_actions(cursor, run, facts))
    except BaseException as error:
        if run_id is None:
            status = "failed" if isinstance(error, Exception) else "interrupted"
            ledger.finish(run, status, f"{type(error).__name__}: {error}")
        raise
    if run_id is None:
        ledger.finish(run, "succeeded")
    barren = database.read(lambda cursor: without_bars(cursor, [fact.symbol for fact in facts]))
    return ActionReport(counts.new, counts.changed, counts.same, run, barren)


def check_facts(rows: Iterable[Row]) -> list[Fact]:
    """The facts that `rows` state; InputError that names the first bad row and counts the others.

    >>> check_facts([Row("line 2", ("AAPL", "2005-02-28", "split", "2"))])[0].value
    2.0
    """
    places: dict[tuple[str, date, str], str] = {}
    facts, wrong = [], []
    for place, values in rows:
        try:
            fact = _fact(values)
            if fact[:3] in places:
                raise InputError(
                    f"{fact.symbol} has a {fact.kind} on {fact.ex_date} in {places[fact[:3]]}"
                    " already; give one row, for several dividends their sum"
                )
        except InputError as error:
            wrong.append(f"{place}: {error}")
        else:
            places[fact[:3]] = place
            facts.append(fact)
    if wrong:
        raise InputError(f"{wrong[0]} (wrong rows: {len(wrong)}); nothing was written")
    return facts


def _fact(values: tuple[Any, ...]) -> Fact:
    if len(values) != len(COLUMNS):
        raise InputError(f"{len(values)} values where {len(COLUMNS)} belong: {', '.join(COLUMNS)}")
    symbol, day, kind, value = values
    if not isinstance(symbol, str) or not symbol.strip() or "\0" in symbol:
        raise InputError(f"{symbol!r} is not a symbol; give text such as AAPL")
    if kind not in KINDS:
        raise InputError(f"{kind!r} is not a kind of action; allowed: {', '.join(KINDS)}")
    return Fact(symbol.strip(), _day(day), kind, _positive(value))


def _day(value: Any) -> date:
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return value.date()
    if type(value) is date:
        return value
    try:
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InputError(f"{value!r} is not a date; give the ex-date such as 2005-02-28")


def _positive(value: Any) -> float:
    if isinstance(value, str):
        readable = NUMBER.fullmatch(value) is not None
    else:
        readable = isinstance(value, Real) and not isinstance(value, bool)
    number = float(value) if readable else math.nan
    if not 0 < number < math.inf:
        raise InputError(
            f"{value!r} is not a number above zero; give the new shares per old one of a split"
            " (2 for 2:1), or the cash per share of a dividend"
        )
    return number


def _check_columns(names: Iterable[Any], origin: str) -> list[int]:
    """The places of the four columns among `names`; InputError for any other set of columns."""
    found = list(names)
    if sorted(map(str, found)) != sorted(COLUMNS):
        raise InputError(
            f"{origin} has the columns {listing(map(str, found))};"
            f" needed, and no other: {', '.join(COLUMNS)}"
        )
    return [found.index(name) for name in COLUMNS]


def _frame_rows(given: pd.DataFrame) -> Iterator[Row]:
    order = _check_columns(given.columns, "the table")
    ordered = given.iloc[:, order]
    for number, values in enumerate(ordered.itertuples(index=False, name=None)):
        yield Row(f"row {number}", values)


def _file_rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            order = _check_columns(next(lines, []), path.name)
            for values in lines:
                if values:
                    whole = len(values) == len(order)
                    taken = tuple(values[i].strip() for i in order) if whole else tuple(values)
                    yield Row(f"{path.name} line {lines.line_num}", taken)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"cannot read {path} as CSV in UTF-8: {error}") from None
