"""Corporate actions in the database: state them, and find what is or was known of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import pandas as pd
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)
from psycopg2.extras import execute_values

from workbench.errors import UnknownNameError
from workbench.store.ledger import Counts, table
from workbench.store.prepared import Statement
from workbench.store.write import instrument_id

COLUMNS = ("symbol", "ex_date", "kind", "value", "known_at")


class Fact(NamedTuple):
    """One split (new shares per old one) or dividend (cash per share held before `ex_date`).

    >>> Fact("AAPL", date(2005, 2, 28), "split", 2.0).value
    2.0
    """

    symbol: str
    ex_date: date
    kind: str
    value: float


_FIND = (
    "SELECT symbol, ex_date, kind, value, known_at FROM data_ingestion.corporate_action_revision"
    " JOIN data_ingestion.instrument USING (instrument_id) WHERE "
)
_ORDER = " ORDER BY symbol, ex_date, kind"
_LATEST = "replaced_at = 'infinity'"

ACTIONS_NOW = Statement(
    "workbench_actions_now", f"{_FIND}symbol = ANY($1::text[]) AND {_LATEST}{_ORDER}"
)
"""What is known now of the symbols $1: rows (symbol, ex_date, kind, value, …)."""
ACTIONS_THEN = Statement(
    "workbench_actions_then",
    f"{_FIND}symbol = ANY($1::text[])"
    f" AND known_at <= $2::timestamptz AND replaced_at > $2::timestamptz{_ORDER}",
)
"""What was known of the symbols $1 at the moment $2."""
ACTIONS_CLOCK = Statement(
    "workbench_actions_clock", "SELECT stamped_at::text FROM data_ingestion.corporate_action_clock"
)
"""When the facts changed last: as long as it stands, they do."""


def list_actions(
    cursor: Cursor, symbols: Sequence[str] | None = None, as_of: pd.Timestamp | None = None
) -> pd.DataFrame:
    """The facts of `symbols` (None: of all) as known now or at `as_of`, a row each.

    Those that this transaction itself states count from its commit on.
    Raises UnknownNameError for a symbol that the store has never heard of.
    """
    if symbols is not None:
        _check_known(cursor, symbols)
    return table(_rows(cursor, symbols, as_of), COLUMNS, ["ex_date", "known_at"])


def _rows(
    cursor: Cursor, symbols: Sequence[str] | None, as_of: pd.Timestamp | None
) -> list[tuple[Any, ...]]:
    conditions, values = [_LATEST], dict[str, Any]()
    if as_of is not None:
        conditions = ["known_at <= %(as_of)s", "replaced_at > %(as_of)s"]
        values["as_of"] = as_of.floor("us").isoformat()
    if symbols is not None:
        conditions.append("symbol = ANY(%(symbols)s)")
        values["symbols"] = list(symbols)
    cursor.execute(_FIND + " AND ".join(conditions) + _ORDER, values)
    return cursor.fetchall()


def _check_known(cursor: Cursor, symbols: Iterable[str]) -> None:
    cursor.execute("SELECT symbol FROM data_ingestion.instrument")
    known = {row[0] for row in cursor}
    for symbol in symbols:
        if symbol not in known:
            raise UnknownNameError("symbol", str(symbol), known)


def without_bars(cursor: Cursor, symbols: Sequence[str]) -> tuple[str, ...]:
    """Those of `symbols`, sorted, of which no bar is stored at any timeframe."""
    cursor.execute(
        "SELECT symbol FROM data_ingestion.instrument"
        " JOIN data_ingestion.series USING (instrument_id) WHERE rows > 0 AND symbol = ANY(%s)",
        (list(symbols),),
    )
    return tuple(sorted(set(symbols) - {row[0] for row in cursor}))


def upsert_actions(cursor: Cursor, run_id: int | None, facts: Sequence[Fact]) -> Counts:
    """Store `facts`, of different (symbol, ex_date, kind): new ones, and those with another value.

    Others who state facts wait until this transaction ends. The same facts twice write nothing.
    """
    cursor.execute("LOCK TABLE data_ingestion.corporate_action IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(
        "SELECT symbol, ex_date, kind, value FROM data_ingestion.corporate_action"
        " JOIN data_ingestion.instrument USING (instrument_id) WHERE symbol = ANY(%s)",
        ([fact.symbol for fact in facts],),
    )
    stored = {row[:3]: row[3] for row in cursor}
    new = [fact for fact in facts if fact[:3] not in stored]
    changed = [fact for fact in facts if stored.get(fact[:3], fact.value) != fact.value]
    if new or changed:
        _write(cursor, run_id, sorted(new + changed))
    same = len(facts) - len(new) - len(changed)
    return Counts(len(facts), len(new), len(changed), same)


def _write(cursor: Cursor, run_id: int | None, facts: Sequence[Fact]) -> None:
    symbols = dict.fromkeys(fact.symbol for fact in facts)
    ids = {symbol: instrument_id(cursor, symbol) for symbol in symbols}
    execute_values(
        cursor,
        "INSERT INTO data_ingestion.corporate_action (instrument_id, ex_date, kind, value, run_id)"
        " VALUES %s ON CONFLICT (instrument_id, ex_date, kind)"
        " DO UPDATE SET value = excluded.value, run_id = excluded.run_id",
        [(ids[symbol], *fact, run_id) for symbol, *fact in facts],
    )
