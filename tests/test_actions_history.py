"""What was known of splits and dividends at any moment, whoever changed them and however."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date, timedelta
from typing import Any

import pandas as pd
import psycopg2
import pytest

from workbench.adjustment import actions_by_symbol
from workbench.api import Workbench
from workbench.store.actions import ACTIONS_NOW, ACTIONS_THEN, Fact, upsert_actions
from workbench.store.database import Role

SYMBOLS = ("AAPL", "IBM", "MSFT")
DAYS = tuple(date(2020, 1, 1) + timedelta(n) for n in range(4))
KINDS = ("split", "dividend")
DUMP = (
    "SELECT symbol, ex_date, kind, value FROM data_ingestion.corporate_action"
    " JOIN data_ingestion.instrument USING (instrument_id)"
)
CLOCK = " data_ingestion.corporate_action_clock"
Key = tuple[int, date, str]
Facts = dict[tuple[str, date, str], float]


@pytest.fixture
def known(workbench: Workbench) -> Workbench:
    """An empty store that has heard of the symbols."""
    with workbench.database.transaction(Role.OWNER) as cursor:
        for symbol in SYMBOLS:
            cursor.execute("INSERT INTO data_ingestion.instrument (symbol) VALUES (%s)", (symbol,))
    return workbench


@contextmanager
def client(workbench: Workbench, isolation: str | None = None) -> Iterator[Any]:
    """A connection such as psql's, with nothing of ours in it."""
    plain = str(workbench.settings.database_url)
    with closing(psycopg2.connect(plain)) as connection:
        if isolation:
            connection.set_session(isolation_level=isolation)
        yield connection


def dump(cursor: Any) -> Facts:
    cursor.execute(DUMP)
    return {row[:3]: row[3] for row in cursor}


def as_of(workbench: Workbench, moment: pd.Timestamp | None) -> Facts:
    """What `wb.actions` says, as a dictionary."""
    frame = workbench.actions(as_of=moment)
    assert not frame.duplicated(["symbol", "ex_date", "kind"]).any()
    keys = zip(frame["symbol"], frame["ex_date"].dt.date, frame["kind"], strict=True)
    return dict(zip(keys, frame["value"].tolist(), strict=True))


def insert(cursor: Any, rng: random.Random) -> None:
    cursor.execute(
        "INSERT INTO data_ingestion.corporate_action (instrument_id, ex_date, kind, value)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (*any_key(rng), rng.choice([1.5, 2.0, 3.0])),
    )


def correct(cursor: Any, rng: random.Random) -> None:
    cursor.execute(
        "UPDATE data_ingestion.corporate_action SET value = %s WHERE ex_date <= %s",
        (rng.choice([1.5, 2.0, 3.0]), rng.choice(DAYS)),
    )


def delete(cursor: Any, rng: random.Random) -> None:
    cursor.execute(
        "DELETE FROM data_ingestion.corporate_action WHERE (instrument_id, ex_date, kind)"
        " = (%s, %s, %s)",
        any_key(rng),
    )


def move(cursor: Any, rng: random.Random) -> None:
    """To another key, where that is free."""
    old, new = any_key(rng), any_key(rng)
    cursor.execute(
        "UPDATE data_ingestion.corporate_action a"
        " SET instrument_id = %s, ex_date = %s, kind = %s"
        " WHERE (instrument_id, ex_date, kind) = (%s, %s, %s) AND NOT EXISTS ("
        "   SELECT FROM data_ingestion.corporate_action"
        "   WHERE (instrument_id, ex_date, kind) = (%s, %s, %s))",
        (*new, *old, *new),
    )


def upsert(cursor: Any, rng: random.Random) -> None:
    keys = rng.sample([(s, d, k) for s in SYMBOLS for d in DAYS for k in KINDS], 3)
    upsert_actions(cursor, None, [Fact(*key, rng.choice([1.5, 2.0])) for key in keys])


def settle_early(cursor: Any, _: random.Random) -> None:
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def undo(cursor: Any, rng: random.Random) -> None:
    cursor.execute("SAVEPOINT here")
    upsert(cursor, rng)
    settle_early(cursor, rng)
    cursor.execute("ROLLBACK TO SAVEPOINT here")


def truncate(cursor: Any, rng: random.Random) -> None:
    settle_early(cursor, rng)  # PostgreSQL wants no trigger pending
    cursor.execute("TRUNCATE data_ingestion.corporate_action")


def any_key(rng: random.Random) -> Key:
    return rng.randint(1, len(SYMBOLS)), rng.choice(DAYS), rng.choice(KINDS)


STEPS: tuple[Callable[[Any, random.Random], None], ...] = (
    insert, insert, insert, correct, delete, move, upsert, settle_early, undo, truncate,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_what_was_known_at_a_moment_is_what_a_dump_of_that_moment_holds(
    known: Workbench, seed: int
) -> None:
    rng = random.Random(seed)
    dumps: list[tuple[pd.Timestamp, Facts]] = []
    with client(known) as connection, connection.cursor() as cursor:
        for _ in range(60):
            for step in rng.choices(STEPS, k=rng.randint(1, 4)):
                step(cursor, rng)
            if rng.random() < 0.2:
                connection.rollback()
            connection.commit()
            facts = dump(cursor)
            cursor.execute("SELECT clock_timestamp(), stamped_at FROM" + CLOCK)
            dumps += [(pd.Timestamp(moment), facts) for moment in cursor.fetchone()]
            connection.commit()
    assert len({frozenset(facts.items()) for _, facts in dumps}) > 20
    for moment, facts in dumps:
        assert as_of(known, moment) == facts
    assert as_of(known, None) == dumps[-1][1]
    assert as_of(known, pd.Timestamp("2000", tz="UTC")) == {}


def test_a_transaction_is_known_at_its_commit_and_all_at_once(known: Workbench) -> None:
    rng = random.Random(1)
    with client(known) as connection, connection.cursor() as cursor:
        insert(cursor, rng)
        upsert(cursor, rng)
        cursor.execute("SELECT clock_timestamp()")
        before = pd.Timestamp(cursor.fetchone()[0])
        connection.commit()
        cursor.execute("SELECT clock_timestamp()")
        after = pd.Timestamp(cursor.fetchone()[0])
    (known_at,) = set(known.actions()["known_at"])
    assert before < known_at < after
    assert as_of(known, known_at) == as_of(known, None)
    assert as_of(known, known_at - pd.Timedelta(1, "us")) == {}


def test_steps_that_come_to_nothing_leave_no_trace(known: Workbench) -> None:
    fact = Fact("AAPL", DAYS[0], "split", 2.0)
    with known.database.transaction(Role.WRITER) as cursor:
        upsert_actions(cursor, None, [fact])
    known_at = known.actions()["known_at"].item()
    with client(known) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE data_ingestion.corporate_action SET value = 3")
        cursor.execute("DELETE FROM data_ingestion.corporate_action")
        upsert_actions(cursor, None, [fact])
        connection.commit()
        cursor.execute("SELECT count(*) FROM data_ingestion.corporate_action_revision")
        assert cursor.fetchone() == (1,)
    assert known.actions()["known_at"].item() == known_at


def test_moments_go_on_growing_when_the_clock_is_set_back(known: Workbench) -> None:
    with client(known) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE" + CLOCK + " SET stamped_at = now() + interval '1 hour'")
        connection.commit()
        moments = []
        for value in (2.0, 3.0, 4.0):
            upsert_actions(cursor, None, [Fact("AAPL", DAYS[0], "split", value)])
            connection.commit()
            moments.append(known.actions()["known_at"].item())
    assert moments == sorted(set(moments))
    assert moments[0] > pd.Timestamp.now("UTC") + pd.Timedelta(50, "min")
    assert [list(as_of(known, moment).values()) for moment in moments] == [[2.0], [3.0], [4.0]]


def test_a_moment_of_the_clock_is_exact_while_others_write(known: Workbench) -> None:
    """The facts and the last stamp of one snapshot: asked for later, it is the same facts."""

    def write(seed: int) -> None:
        rng = random.Random(seed)
        with client(known) as connection, connection.cursor() as cursor:
            for _ in range(25):
                for step in rng.choices((insert, delete, upsert), k=2):
                    step(cursor, rng)
                connection.commit()

    def look(_: int) -> list[tuple[pd.Timestamp, Facts]]:
        seen = []
        with client(known, "REPEATABLE READ") as connection, connection.cursor() as cursor:
            for _ in range(40):
                cursor.execute("SELECT stamped_at FROM" + CLOCK)
                seen.append((pd.Timestamp(cursor.fetchone()[0]), dump(cursor)))
                connection.commit()
        return seen

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(retried, write, seed) for seed in range(3)]
        seen = pool.submit(look, 0).result()
        for writer in writers:
            writer.result()
    assert len({moment for moment, _ in seen}) > 1
    for moment, facts in seen:
        assert as_of(known, moment) == facts
    with known.database.transaction(Role.READER) as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT replaced_at, lead(known_at) OVER (PARTITION BY"
            " instrument_id, ex_date, kind ORDER BY known_at) AS next"
            " FROM data_ingestion.corporate_action_revision) pair WHERE next < replaced_at"
        )
        assert cursor.fetchone() == (0,)


def retried(work: Callable[[int], None], seed: int) -> None:
    """Steps of several keys may meet those of another transaction: PostgreSQL lets one win."""
    while True:
        try:
            return work(seed)
        except psycopg2.errors.DeadlockDetected:
            seed += 100


def test_actions_are_found_by_symbol(known: Workbench) -> None:
    facts = [
        Fact("AAPL", DAYS[1], "split", 2.0),
        Fact("AAPL", DAYS[1], "dividend", 0.5),
        Fact("AAPL", DAYS[0], "dividend", 0.25),
        Fact("IBM", DAYS[2], "split", 4.0),
    ]
    with known.database.transaction(Role.WRITER) as cursor:
        upsert_actions(cursor, None, facts)
    now = known.database.check(ACTIONS_NOW, (["AAPL", "MSFT"],))
    assert known.database.check(ACTIONS_THEN, (["AAPL"], "2000-01-01")) == []
    assert known.database.check(ACTIONS_THEN, (["AAPL", "MSFT"], now[0][4])) == now
    found = actions_by_symbol(row[:4] for row in now)
    assert list(found) == ["AAPL"]
    assert found["AAPL"].splits.tolist() == [1.0, 2.0]
    assert found["AAPL"].dividends.tolist() == [0.25, 0.5]
    assert pd.to_datetime(found["AAPL"].ex_us, unit="us").date.tolist() == list(DAYS[:2])


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("workbench_reader", "DELETE FROM data_ingestion.corporate_action"),
        ("workbench_writer", "TRUNCATE data_ingestion.corporate_action"),
        ("workbench_writer", "DELETE FROM data_ingestion.corporate_action_revision"),
        ("workbench_writer", "UPDATE data_ingestion.corporate_action_revision SET value = 1"),
        ("workbench_writer", "UPDATE data_ingestion.corporate_action_clock SET stamped_by = '1'"),
        ("workbench_writer", "SELECT data_ingestion.corporate_action_stamp()"),
        ("workbench_writer", "SELECT data_ingestion.corporate_action_settle(1, '2020-1-1', 'x')"),
    ],
)
def test_nobody_but_the_triggers_may_touch_the_history(
    known: Workbench, role: str, statement: str
) -> None:
    with client(known) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("ex_date", "kind", "value"),
    [
        *(("2020-01-02", "split", value) for value in ("0", "-1", "NaN", "infinity")),
        *((day, "split", "2") for day in ("infinity", "0044-03-15 BC", "10000-01-01")),
        ("2020-01-02", "merger", "2"),
    ],
)
def test_the_store_itself_refuses_what_is_no_fact(
    known: Workbench, ex_date: str, kind: str, value: str
) -> None:
    with client(known) as connection, connection.cursor() as cursor:
        cursor.execute("SET ROLE workbench_writer")
        with pytest.raises(psycopg2.errors.CheckViolation):
            cursor.execute(
                "INSERT INTO data_ingestion.corporate_action (instrument_id, ex_date, kind, value)"
                " VALUES (1, %s, %s, %s)",
                (ex_date, kind, value),
            )
