"""wb.pages: any query in pages, each row once, whatever the size of a page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pandas as pd
import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_server import own_servers

import workbench as wb
from workbench.errors import InputError, StoreError, UnknownNameError
from workbench.settings import Settings
from workbench.store.paging import Paged
from workbench.store.query import Query

BARS = "SELECT * FROM data_ingestion.bars WHERE symbol = :symbol AND timeframe = '1d'"
KEYS = {
    "int8": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False, allow_subnormal=False).map(lambda x: x + 0.0),
    "float4": st.floats(width=32, allow_nan=False, allow_subnormal=False).map(lambda x: x + 0.0),
    "numeric": st.decimals(-(10**40), 10**40, allow_nan=False, places=20),
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    "bool": st.booleans(),
    "date": st.dates(),
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "timeframe": st.sampled_from(["1m", "5m", "1h", "1d", "1w"]),
}


@pytest.fixture(scope="module")
def store(new_database: Any, demo_template: str) -> Iterator[wb.Workbench]:
    with wb.Workbench(Settings(database_url=new_database(demo_template))) as made:
        yield made


def whole(pages: Iterator[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(pages), ignore_index=True)


@settings(max_examples=20, deadline=None)
@given(page_rows=st.integers(1, 150))
def test_pages_of_any_size_make_the_whole(store: wb.Workbench, page_rows: int) -> None:
    query = f"{BARS} AND timestamp >= '2012-01-01'"
    expected = store.sql(f"{query} ORDER BY timestamp", symbol="AAPL")
    assert len(expected) > 100
    pages = list(store.pages(query, key="timestamp", page_rows=page_rows, symbol="AAPL"))
    assert [len(page) for page in pages[:-1]] == [page_rows] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= page_rows
    pd.testing.assert_frame_equal(pd.concat(pages, ignore_index=True), expected)


def test_a_page_is_never_empty_unless_all_is(store: wb.Workbench) -> None:
    query = "SELECT generate_series(1, :n) AS n"
    assert [len(p) for p in store.pages(query, key="n", page_rows=5, n=10)] == [5, 5]
    (empty,) = store.pages(query, key="n", page_rows=5, n=0)
    assert empty["n"].dtype == "int64"
    assert (len(empty), empty.attrs) == (0, {"after": None})
    (done,) = store.pages(query, key="n", after=[10], n=10)
    assert (len(done), done.attrs) == (0, {"after": [10]})


@pytest.mark.parametrize("kind", KEYS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_keys_of_every_type(store: wb.Workbench, kind: str, data: st.DataObject) -> None:
    keys = data.draw(st.lists(KEYS[kind], unique=True, max_size=8))
    page_rows = data.draw(st.integers(1, 4))
    name = "data_ingestion.timeframe" if kind == "timeframe" else kind
    texts = [str(key) for key in keys]
    query = f"SELECT k::{name} AS k, n FROM unnest(:texts::text[]) WITH ORDINALITY AS t(k, n)"  # noqa: S608
    pages = list(store.pages(query, key="k", page_rows=page_rows, texts=texts))
    expected = store.sql(f"{query} ORDER BY k", texts=texts)
    assert pd.concat(pages)["n"].tolist() == expected["n"].tolist()
    if len(keys) > page_rows:
        after = json.loads(json.dumps(pages[0].attrs["after"], allow_nan=False))
        rest = whole(store.pages(query, key="k", page_rows=100, after=after, texts=texts))
        assert rest["n"].tolist() == expected["n"].tolist()[page_rows:]


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.tuples(*[st.integers(0, 3)] * 3), unique=True, max_size=40),
    page_rows=st.integers(1, 12),
    columns=st.permutations(["a", "b", "c"]),
)
def test_keys_of_several_columns_in_any_order(
    store: wb.Workbench, rows: list[tuple[int, ...]], page_rows: int, columns: list[str]
) -> None:
    a, b, c = zip(*rows, strict=True) if rows else ((), (), ())
    query = "SELECT * FROM unnest(:a::int[], :b::int[], :c::int[]) AS t(a, b, c)"
    given_ = {"a": list(a), "b": list(b), "c": list(c)}
    found = whole(store.pages(query, key=columns, page_rows=page_rows, **given_))
    table = pd.DataFrame(given_, dtype="int64").sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(found, table)


def test_a_key_that_would_lose_rows_is_refused(store: wb.Workbench) -> None:
    twice = "SELECT n / 2 AS n FROM generate_series(2, 11) AS n"
    for page_rows in (1, 2, 3, 5, 100):
        with pytest.raises(InputError, match=r"two rows have the key {'n': '\d'}.*until it is uni"):
            list(store.pages(twice, key="n", page_rows=page_rows))
    null = "SELECT nullif(n, 5) AS n FROM generate_series(1, 9) AS n"
    for page_rows in (1, 7, 8, 9, 100):
        with pytest.raises(InputError, match=r"a column of key=\['n'\] is NULL in some row"):
            list(store.pages(null, key="n", page_rows=page_rows))


def test_a_wrong_key_is_named_before_anything_is_read(store: wb.Workbench) -> None:
    with pytest.raises(UnknownNameError, match="unknown key column 'time'; did you mean 'timest"):
        store.pages(BARS, key=["symbol", "time"], symbol="AAPL")
    for key in ([], ["symbol", "symbol"]):
        with pytest.raises(InputError, match="must name each column of the key once"):
            store.pages(BARS, key=key, symbol="AAPL")
    with pytest.raises(InputError, match="several columns 'a'"):
        store.pages("SELECT 1 AS a, 2 AS a", key="a")
    with pytest.raises(InputError, match=r"after=\[1\] is not a key of \['a', 'b'\]"):
        store.pages("SELECT 1 AS a, 2 AS b", key=["a", "b"], after=[1])
    with pytest.raises(InputError, match="after='1' is not a key"):
        store.pages("SELECT 1 AS a", key="a", after="1")
    with pytest.raises(InputError, match="page_rows=0 is not a number above zero"):
        store.pages("SELECT 1 AS a", key="a", page_rows=0)
    with pytest.raises(InputError, match="a column of list cannot be a key"):
        list(store.pages("SELECT ARRAY[1] AS a", key="a"))
    with pytest.raises(InputError, match="no value for symbol"):
        store.pages(BARS, key="timestamp")
    with pytest.raises(StoreError, match=r"longer than 0\.2 s"):
        list(store.pages("SELECT 1 AS a, pg_sleep(9)", key="a", timeout_s=0.2))


def test_odd_names_and_comments_do_no_harm(store: wb.Workbench) -> None:
    query = (
        'SELECT n AS "it\'s ""100%"" :n" FROM generate_series(1, 5) AS n ORDER BY 1 DESC; -- end'
    )
    pages = list(store.pages(query, key='it\'s "100%" :n', page_rows=2))
    assert [page.iloc[:, 0].tolist() for page in pages] == [[1, 2], [3, 4], [5]]


def test_another_process_goes_on_where_one_was_killed(demo_database_url: str) -> None:
    code = f"""
import json, os, workbench as wb
for page in wb.pages({BARS!r}, key=["symbol", "timestamp"], page_rows=1000, symbol="AAPL"):
    print(json.dumps([page.attrs["after"], page["close"].tolist()]), flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"WORKBENCH_DATABASE_URL": demo_database_url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -9
    after, closes = json.loads(done.stdout)
    assert after[0] == "AAPL"
    with wb.Workbench(Settings(database_url=demo_database_url)) as workbench:
        key = ["symbol", "timestamp"]
        rest = whole(workbench.pages(BARS, key=key, page_rows=999, after=after, symbol="AAPL"))
        assert closes + rest["close"].tolist() == workbench.bars("AAPL")["close"].tolist()


def plans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from plans(child)


ONE_SERIES = """
SELECT * FROM data_ingestion.market_data WHERE timeframe = '1d' AND instrument_id =
  (SELECT instrument_id FROM data_ingestion.instrument WHERE symbol = 'AAPL')
"""


@pytest.mark.parametrize(
    ("query", "key", "after"),
    [
        (BARS.replace(":symbol", "'AAPL'"), ("timestamp",), ["2010-06-01"]),
        (ONE_SERIES, ("timestamp",), ["2010-06-01"]),
        (
            "SELECT * FROM data_ingestion.market_data WHERE timeframe = '1d'",
            ("instrument_id", "timestamp"),
            ["1", "2010-06-01"],
        ),
    ],
)
def test_a_page_of_bars_is_found_by_the_index(
    demo_database_url: str, query: str, key: tuple[str, ...], after: list[str]
) -> None:
    paged = Paged(Query.of(query, {}), key)
    bound = {f"after {i}": value for i, value in enumerate(after)}
    connection = psycopg2.connect(demo_database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(f"EXPLAIN (FORMAT json) {paged.sql(after=True)} LIMIT 10", bound)
        nodes = list(plans(cursor.fetchone()[0][0]["Plan"]))
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM data_ingestion.market_data")
        filled = {row[0].partition(".")[2] for row in cursor.fetchall()}
    connection.close()
    scans = [node for node in nodes if node.get("Relation Name") in filled]
    assert scans
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}
    assert all("timestamp" in node["Index Cond"] for node in scans)
    if ".market_data" in query:  # the view's join loses the index's order, not its use
        assert "Sort" not in {node["Node Type"] for node in nodes}


def test_pages_go_on_over_a_restart_of_the_server() -> None:
    with own_servers("primary") as (server,):
        server.create()
        with wb.Workbench(Settings(database_url=server.url())) as workbench:
            found = []
            for page in workbench.pages("SELECT generate_series(1, 5) AS n", key="n", page_rows=2):
                found += page["n"].tolist()
                server.stop("immediate")
                server.start()
            assert found == [1, 2, 3, 4, 5]


def test_equal_numbers_of_other_digits_are_the_same_key(store: wb.Workbench) -> None:
    for texts in (["1.0", "1.00"], ["NaN", "NaN"]):
        query = "SELECT k::numeric AS k FROM unnest(:texts::text[]) AS t(k)"
        with pytest.raises(InputError, match="two rows have the key"):
            list(store.pages(query, key="k", page_rows=1, texts=texts))
