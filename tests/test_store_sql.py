"""wb.sql and `workbench sql`: parameters, types, limits, refusals."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.errors import InputError, StoreError
from workbench.settings import Settings
from workbench.store.query import Query

TYPES = {
    "1::int2": "int64",
    "1::int8": "int64",
    "1.5::numeric": "float64",
    "1.5::float4": "float64",
    "true": "bool",
    "'x'::text": "str",
    "'1d'::data_ingestion.timeframe": "str",
    "'2020-01-01 10:00+02'::timestamptz": "datetime64[us, UTC]",
    "'2020-01-01 10:00:00.000001'::timestamp": "datetime64[us]",
    "'2020-01-01'::date": "datetime64[us]",
    "'{\"a\": 1}'::jsonb": "object",
    "ARRAY[1, 2]": "object",
}
WITH_NULL = {"int64": "Int64", "bool": "boolean"}
QUERY = "SELECT timestamp, close FROM data_ingestion.bars WHERE symbol = :symbol ORDER BY timestamp"


def test_bars_by_sql_equal_bars(demo_workbench: wb.Workbench) -> None:
    found = demo_workbench.sql(QUERY, symbol="AAPL").set_index("timestamp")["close"]
    pd.testing.assert_series_equal(found, demo_workbench.bars("AAPL")["close"], check_freq=False)


@pytest.mark.parametrize("several", [list, tuple, np.array, pd.Series, pd.Index, set])
def test_a_list_is_bound_as_an_array(demo_workbench: wb.Workbench, several: Any) -> None:
    query = "SELECT count(DISTINCT symbol) AS n FROM data_ingestion.bars WHERE symbol "
    names = several(["AAPL", "FB", "no such"])
    condition = "IN :symbols" if several is tuple else "= ANY(:symbols)"
    assert demo_workbench.sql(query + condition, symbols=names)["n"].tolist() == [2]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3, "int8"),
        (np.int64(3), "int8"),
        (2.5, "float8"),
        (np.float64(0.1), "float8"),
        (Decimal("1.25"), "numeric"),
        (True, "bool"),
        (np.bool_(True), "bool"),
        ("it's 100% :fine \\ \" $$", "text"),
        (datetime.date(2020, 1, 2), "date"),
        (pd.Timestamp("2020-01-02 03:04:05.000006", tz="Europe/Paris"), "timestamptz"),
        (np.datetime64("2020-01-02T03:04:05"), "timestamp"),
        (datetime.timedelta(hours=3), "interval"),
        (None, "text"),
        (pd.NaT, "timestamptz"),
    ],
)
def test_a_value_arrives_as_it_is(workbench: wb.Workbench, value: Any, kind: str) -> None:
    found = workbench.sql(f"SELECT :value::{kind} AS back", value=value)["back"].item()
    if value is None or value is pd.NaT:
        assert pd.isna(found)
    elif isinstance(value, datetime.date | np.datetime64):
        assert found == pd.Timestamp(value)
    else:
        assert found == value


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_is_never_part_of_the_statement(template_workbench: wb.Workbench, text: str) -> None:
    assert template_workbench.sql("SELECT :text AS back", text=text)["back"].item() == text


@pytest.fixture(scope="module")
def template_workbench(new_database: Any, template: str) -> Any:
    with wb.Workbench(Settings(database_url=new_database(template))) as made:
        yield made


@pytest.mark.parametrize("expression", TYPES)
def test_types_of_columns(template_workbench: wb.Workbench, expression: str) -> None:
    kind = TYPES[expression]
    query = f"SELECT {expression} AS a FROM generate_series(1, 2)"  # noqa: S608
    assert template_workbench.sql(query)["a"].dtype == kind
    with_null = template_workbench.sql(f"{query} UNION ALL SELECT NULL")["a"]
    assert with_null.dtype == WITH_NULL.get(kind, kind)
    assert with_null.isna().tolist() == [False, False, True]
    empty = template_workbench.sql(f"{query} WHERE false")["a"]
    assert len(empty) == 0
    if "ARRAY" not in expression and "jsonb" not in expression:
        assert empty.dtype == kind


def test_values_are_exact(template_workbench: wb.Workbench) -> None:
    row = template_workbench.sql(
        "SELECT 9007199254740993 AS big, 0.1::float8 AS tenth, 'NaN'::float8 AS nan,"
        " '2024-05-06 07:08:09.000001+02'::timestamptz AS at, NULL::int8 AS none, 1 AS x, 2 AS x"
    )
    assert row["big"].item() == 9007199254740993
    assert row["tenth"].item() == 0.1
    assert np.isnan(row["nan"].item())
    assert row["at"].item() == pd.Timestamp("2024-05-06 05:08:09.000001", tz="UTC")
    assert row["none"].item() is pd.NA
    assert row.columns.tolist() == ["big", "tenth", "nan", "at", "none", "x", "x"]


def test_a_time_that_no_frame_can_hold_is_refused(template_workbench: wb.Workbench) -> None:
    with pytest.raises(StoreError, match=r"column 'at' holds a time .* select at::text"):
        template_workbench.sql("SELECT 'infinity'::timestamptz AS at")


def test_many_rows_come_in_pieces_of_one_type(template_workbench: wb.Workbench) -> None:
    found = template_workbench.sql(
        "SELECT n, CASE WHEN n > 110000 THEN NULL ELSE n END AS m, n::text AS t"
        " FROM generate_series(1, 120000) AS n"
    )
    assert found["n"].tolist() == list(range(1, 120_001))
    assert found.dtypes.astype(str).tolist() == ["int64", "Int64", "str"]
    assert found["m"].isna().sum() == 10_000
    assert found.index.equals(pd.RangeIndex(120_000))


def test_more_rows_than_allowed_are_refused_at_once(template_workbench: wb.Workbench) -> None:
    query = "SELECT generate_series(1, 1000000000000) -- endless"
    with pytest.raises(InputError, match=r"more than 1,000,000 rows; raise max_rows=.*wb\.pages"):
        template_workbench.sql(query)
    with pytest.raises(InputError, match="more than 7 rows"):
        template_workbench.sql(query, max_rows=7)
    with pytest.raises(InputError, match="more than 1 rows"):
        template_workbench.sql("EXPLAIN SELECT 1 FROM generate_series(1, 2)  WHERE 1=2", max_rows=1)
    assert len(template_workbench.sql("SELECT generate_series(1, 7)", max_rows=7)) == 7


def test_the_settings_limit_rows_and_time(database_url: str) -> None:
    settings = Settings(database_url=database_url, sql_max_rows=2, sql_timeout_s=0.1)
    with wb.Workbench(settings) as workbench:
        with pytest.raises(InputError, match="more than 2 rows"):
            workbench.sql("SELECT generate_series(1, 3)")
        with pytest.raises(StoreError, match=r"longer than 0\.1 s; .*EXPLAIN.*timeout_s="):
            workbench.sql("SELECT pg_sleep(60)")
        assert len(workbench.sql("SELECT pg_sleep(0.2)", timeout_s=30)) == 1


@pytest.mark.parametrize(
    "limit", [{"max_rows": 0}, {"timeout_s": -1}, {"max_rows": True}, {"timeout_s": "1"}]
)
def test_limits_are_numbers_above_zero(
    template_workbench: wb.Workbench, limit: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="is not a number above zero"):
        template_workbench.sql("SELECT 1", **limit)


@pytest.mark.parametrize(
    ("query", "parameters", "message"),
    [
        ("SELECT :a, :b", {"a": 1}, "no value for b; the query has :a, :b; pass b="),
        ("SELECT :a", {"a": 1, "c": 2}, "there is no parameter c; the query has :a"),
        ("SELECT 1", {"c": 2}, r"there is no parameter c; the query has \(none\)"),
        ("SELECT :a", {"a": {}}, r"a=\{\} \(dict\) cannot be bound"),
        ("SELECT :a", {"a": "\0"}, "cannot be bound"),
        ("SELECT 1; SELECT 2", {}, "several statements"),
        ("  -- nothing\n ;", {}, "is not a query"),
        ("", {}, "is not a query"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    query: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Query.of(query, parameters)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT ':no' || :a", ":nox"),
        ("SELECT E'it\\'s :no' || :a", "it's :nox"),
        ("SELECT 'it''s; :no' || :a;", "it's; :nox"),
        ("SELECT $$; :no$$ || :a", "; :nox"),
        ("SELECT $t$ $$ :no $t$ || :a", " $$ :no x"),
        ("SELECT :a::text -- :no; '", "x"),
        ("/* :no ' ; */ SELECT :a ; -- end", "x"),
        ('SELECT :a AS ":no;%"', "x"),
        ("SELECT :a || '%' || 7 % 4", "x%3"),
        ("SELECT (ARRAY['p', 'q'])[1:1] || ARRAY[:a]", ["p", "x"]),
        ("SELECT :a || :a", "xx"),
        ("(SELECT :a)", "x"),
        ("with w as (select :a) select * from w", "x"),
        ("VALUES (:a)", "x"),
    ],
)
def test_parameters_stand_outside_of_texts_and_comments(
    template_workbench: wb.Workbench, query: str, value: str | list[str]
) -> None:
    found = template_workbench.sql(query, a="x")
    assert found.shape == (1, 1)
    assert found.iat[0, 0] == value


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM data_ingestion.market_data",
        "WITH gone AS (DELETE FROM data_ingestion.run RETURNING 1) SELECT * FROM gone",
        "INSERT INTO data_ingestion.instrument (symbol) VALUES ('X') RETURNING 1",
        "TRUNCATE data_ingestion.run",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "DROP TABLE data_ingestion.run",
        "COPY data_ingestion.run TO PROGRAM 'true'",
        "SELECT * FROM data_ingestion.instrument FOR UPDATE",
        "SELECT a$$ ; DELETE FROM data_ingestion.run; --$$ FROM (SELECT 1 AS a$$) AS t",
        "ROLLBACK",
        "SET ROLE workbench_writer",
    ],
)
def test_nothing_can_be_written(demo_workbench: wb.Workbench, query: str) -> None:
    before = demo_workbench.series()
    with pytest.raises((StoreError, InputError)) as caught:
        demo_workbench.sql(query)
    assert "\n" not in str(caught.value)
    pd.testing.assert_frame_equal(demo_workbench.series(), before)


def test_a_refused_write_says_so(template_workbench: wb.Workbench) -> None:
    with pytest.raises(StoreError, match=r"cannot execute .* in a read-only transaction; queries"):
        template_workbench.sql("CREATE TABLE t (a int)")
    with pytest.raises(StoreError, match='syntax error at or near "SELEC"'):
        template_workbench.sql("SELEC 1")


def test_no_setting_outlives_a_query(template_workbench: wb.Workbench) -> None:
    for name, value in {
        "default_transaction_read_only": "off",
        "default_transaction_isolation": "read committed",
        "timezone": "Asia/Tokyo",
        "role": "none",
    }.items():
        before = template_workbench.sql("SELECT current_setting(:name) AS s", name=name)
        changed = template_workbench.sql(
            "SELECT set_config(:name, :value, false) AS s", name=name, value=value
        )
        assert changed["s"].item() == value != before["s"].item()
        after = template_workbench.sql("SELECT current_setting(:name) AS s", name=name)
        assert after["s"].item() == before["s"].item()


def test_it_runs_as_the_reader(template_workbench: wb.Workbench) -> None:
    assert template_workbench.sql("SELECT current_user AS u")["u"].item() == "workbench_reader"
    explained = template_workbench.sql("EXPLAIN SELECT :one", one=1)
    assert explained.columns.tolist() == ["QUERY PLAN"]
    assert template_workbench.sql("SHOW timezone").iat[0, 0] == "UTC"


def test_a_query_that_somebody_cancels_did_not_run_out_of_time(database_url: str) -> None:
    def cancel() -> None:
        connection = psycopg2.connect(database_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not cursor.rowcount > 0:
                cursor.execute(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active'"
                    " AND datname = current_database() AND wait_event = 'PgSleep'"
                )
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    with (
        wb.Workbench(Settings(database_url=database_url)) as workbench,
        pytest.raises(StoreError, match="the database refuses: canceling statement"),
    ):
        workbench.sql("SELECT pg_sleep(50)")
    thread.join()


def sql(url: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench", "sql", *arguments]
    return subprocess.run(
        command,
        input=text,
        env={"WORKBENCH_DATABASE_URL": url},
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )


def test_the_command_prints_a_table_csv_or_json(demo_database_url: str) -> None:
    query = (
        "SELECT symbol, timestamp, close FROM data_ingestion.bars"
        " WHERE symbol = ANY(:symbols) AND timestamp = :day ORDER BY symbol"
    )
    given_ = ["-p", 'symbols=["AAPL", "IBM"]', "-p", "day=2012-05-18"]
    shown = sql(demo_database_url, query, *given_)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.split()[:5] == ["symbol", "timestamp", "close", "AAPL", "2012-05-18"]
    written = sql(demo_database_url, "-", *given_, "--csv", text=query).stdout.splitlines()
    assert written[0] == "symbol,timestamp,close"
    rows = json.loads(sql(demo_database_url, query, *given_, "--json").stdout)
    assert [row["symbol"] for row in rows] == ["AAPL", "IBM"]
    assert written[1].startswith("AAPL,2012-05-18 00:00:00+00:00,")
    connection = psycopg2.connect(demo_database_url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT close FROM data_ingestion.bars"
            " WHERE symbol = 'AAPL' AND timestamp = '2012-05-18'"
        )
        (close,) = cursor.fetchone()
    connection.close()
    assert rows[0]["close"] == close == float(written[1].split(",")[2])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["SELECT :a"], 1, "workbench: no value for a"),
        (["SELECT generate_series(1, 9)", "--max-rows", "3"], 1, "workbench: the query gives more"),
        (["SELECT pg_sleep(9)", "--timeout", "0.1"], 1, "longer than 0.1 s"),
        (["DELETE FROM data_ingestion.run"], 1, "workbench: the database refuses"),
        (["SELECT 1 AS a, 2 AS a", "--json"], 1, "workbench: several columns have one name"),
        (["SELECT :a", "-p", "a=[1"], 2, "is not a JSON list"),
        (["SELECT :max_rows", "-p", "max_rows=1"], 2, "use another name"),
        (["SELECT 1 AS n WHERE false"], 0, ""),
    ],
)
def test_the_command_s_errors_are_one_line(
    database_url: str, arguments: list[str], code: int, message: str
) -> None:
    done = sql(database_url, *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.count("\n") == 1
    if code == 0:
        assert done.stdout == "no rows of n\n"
