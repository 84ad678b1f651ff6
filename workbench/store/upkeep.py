"""Upkeep of the bars' table: what its partitions are, leaving old bars behind, putting in order."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.errors import StoreError
from workbench.store.database import Database, Role
from workbench.store.ledger import table

COLUMNS = ("timeframe", "partition", "lower", "upper", "rows", "size_bytes")
WAIT_S = 10

PARTITIONS = """
SELECT substr(parent.relname, 13), leaf.relname, lower, upper,
  greatest(leaf.reltuples, 0)::bigint, pg_total_relation_size(leaf.oid)
FROM pg_inherits
JOIN pg_class leaf ON leaf.oid = inhrelid
JOIN pg_class parent ON parent.oid = inhparent
JOIN data_ingestion.partitioning ON partitioning.parent = inhparent
LEFT JOIN data_ingestion.partition ON name = leaf.relname
ORDER BY partitioning.timeframe, lower NULLS LAST
"""


def list_partitions(cursor: Cursor) -> pd.DataFrame:
    """The partitions, a row each; `lower` and `upper` are missing where all other bars go.

    `rows` is the server's estimate, 0 before it has looked; `size_bytes` counts indexes as well.
    """
    cursor.execute(PARTITIONS)
    return table(cursor.fetchall(), COLUMNS, ["lower", "upper"])


def count_before(cursor: Cursor, timeframe: str, before: pd.Timestamp) -> int:
    """How many bars of a timeframe are older than `before`."""
    cursor.execute(
        "SELECT count(*) FROM data_ingestion.market_data WHERE timeframe = %s AND timestamp < %s",
        (timeframe, before.isoformat()),
    )
    return int(cursor.fetchone()[0])  # type: ignore[index]


def retain(database: Database, timeframe: str, before: pd.Timestamp) -> int:
    """Let the bars of a timeframe that are older than `before` go for good; how many they were.

    Whole partitions are dropped, the rest is deleted, and what they said before goes with them: it
    is one transaction, in which the versions move. `as_of` refuses the range from then on.
    Raises StoreError when others keep the table busy for longer than a few seconds.
    """
    try:
        with database.transaction(Role.OWNER) as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
            gone = count_before(cursor, timeframe, before)
            if gone:
                _drop(cursor, timeframe, before)
            return gone
    except StoreError as error:
        if isinstance(error.__cause__, psycopg2.errors.LockNotAvailable):
            raise StoreError(
                f"others have used the {timeframe} bars for more than {WAIT_S} s; nothing was"
                " removed, try again when their queries have ended"
            ) from error
        raise


def _drop(cursor: Cursor, timeframe: str, before: pd.Timestamp) -> None:
    older = (timeframe, before.isoformat())
    cursor.execute("INSERT INTO data_ingestion.purge VALUES (%s, '-infinity', %s)", older)
    cursor.execute(
        "SELECT name FROM data_ingestion.partition WHERE timeframe = %s AND upper <= %s", older
    )
    for (leaf,) in cursor.fetchall():
        cursor.execute(sql.SQL("DROP TABLE data_ingestion.{}").format(sql.Identifier(leaf)))
    cursor.execute("SELECT data_ingestion.reconcile(%s)", (timeframe,))
    for name in ("market_data", "revision"):
        cursor.execute(
            sql.SQL("DELETE FROM data_ingestion.{} WHERE timeframe = %s AND timestamp < %s").format(
                sql.Identifier(name)
            ),
            older,
        )


KEYS = """
SELECT leaf.relname, key.relname, pg_total_relation_size(leaf.oid)
FROM pg_partition_tree('data_ingestion.market_data') tree
JOIN pg_class leaf ON leaf.oid = tree.relid
JOIN pg_index ON indrelid = leaf.oid AND indisprimary
JOIN pg_class key ON key.oid = indexrelid
JOIN data_ingestion.partitioning ON partitioning.parent = tree.parentrelid
WHERE isleaf AND (%s::text IS NULL OR timeframe::text = %s) ORDER BY 1
"""
SIZE = "SELECT pg_total_relation_size(%s::regclass)"


def reorder(database: Database, timeframe: str | None) -> Iterator[tuple[str, int, int]]:
    """Store each partition in the order of its key, one at a time.

    Yields the partition and its bytes before and after. Readers of a partition wait while it is
    written anew; versions stay, because no bar changes.
    """
    with database.transaction(Role.OWNER) as cursor:
        cursor.execute(KEYS, (timeframe, timeframe))
        found = cursor.fetchall()
    for leaf, key, before in found:
        with database.transaction(Role.OWNER) as cursor:
            named = sql.Identifier("data_ingestion", leaf)
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
            cursor.execute(sql.SQL("CLUSTER {} USING {}").format(named, sql.Identifier(key)))
            cursor.execute(sql.SQL("ANALYZE {}").format(named))
            cursor.execute(
                "SELECT pg_total_relation_size(%s::regclass)", (f"data_ingestion.{leaf}",)
            )
            yield leaf, before, int(cursor.fetchone()[0])  # type: ignore[index]
