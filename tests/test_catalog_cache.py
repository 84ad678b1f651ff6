"""The catalog and its cache: fresh after every write, refreshed in part, safe from its users."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest

from tests.test_store_history import SYMBOLS, edits, put
from workbench.api import Workbench
from workbench.catalog import entries
from workbench.errors import InputError, RangeError, UnknownNameError, WorkbenchError
from workbench.settings import Settings
from workbench.store import read
from workbench.store.database import Role
from workbench.store.write import upsert

UNCACHED = {"cache_memory_bytes": 0, "cache_disk_bytes": 0}


@pytest.fixture
def psql(workbench: Workbench) -> Iterator[Any]:
    """Runs statements as somebody else's client does, each group in one transaction."""
    workbench.database.ensure_schema()
    connection = psycopg2.connect(workbench.settings.database_url)

    def run(*statements: str) -> None:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    yield run
    connection.close()


def tier(bars: pd.DataFrame) -> str:
    return str(bars.attrs["freshness"].tier)


def same(one: Workbench, other: Workbench, *asked: Any, **named: Any) -> None:
    """Both give the same frame, or the same error."""
    answers = []
    for workbench in (one, other):
        try:
            answers.append(workbench.bars(*asked, **named))
        except WorkbenchError as error:
            answers.append(error)
    if isinstance(answers[0], pd.DataFrame) and isinstance(answers[1], pd.DataFrame):
        pd.testing.assert_frame_equal(*answers, check_exact=True)
        versions = [answer.attrs["freshness"].versions for answer in answers]
        assert versions[0] == versions[1]
    else:
        assert type(answers[0]) is type(answers[1])


@pytest.mark.parametrize("tiers", [{}, {"cache_memory_bytes": 0}])
def test_cached_reads_equal_uncached_ones_after_every_kind_of_write(
    workbench: Workbench, psql: Any, tiers: dict[str, int]
) -> None:
    """Refreshed blocks are taken apart and put together; the plain read never is."""
    generator = random.Random(f"{tiers}")
    plain = Workbench(replace(workbench.settings, **UNCACHED))
    cached = Workbench(replace(workbench.settings, **tiers))
    for symbol in SYMBOLS:
        put(workbench, symbol, dict.fromkeys(range(0, 30 * 366, 11), 1.0))
    refreshes = 0
    for _ in range(30):
        edits(generator, workbench, psql)
        for asked in ("A", ["B"], ["A", "C"], ["C", "B", "A"]):
            same(cached, plain, asked)
            same(cached, plain, asked, "1999", "2004-05-06", fields=["volume", "close"])
        refreshes += tier(cached.bars("A")) in ("memory", "disk")
    assert refreshes > 25
    cached.close()
    plain.close()


def test_only_the_changed_range_of_the_stale_series_is_read_again(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for symbol in SYMBOLS:
        put(workbench, symbol, dict.fromkeys(range(1000), 1.0))
    workbench.bars(list(SYMBOLS))
    put(workbench, "B", {500: 9.0, 505: 9.0})
    statements = []
    original = read._query

    def noted(columns: Any, request: Any, ids: Any, versions: Any = None) -> Any:
        statements.append((request.end_us - request.start_us, len(ids)))
        return original(columns, request, ids, versions)

    monkeypatch.setattr(read, "_query", noted)
    bars = workbench.bars(list(SYMBOLS))
    assert tier(bars) == "store"
    assert statements == [(5 * 86_400_000_000 + 1, 1)]
    assert bars["close"]["B"].iloc[[499, 500, 501, 505]].tolist() == [1.0, 9.0, 1.0, 9.0]
    assert bars["close"]["A"].eq(1.0).all()


def test_each_tier_serves_and_says_so(workbench: Workbench) -> None:
    put(workbench, "A", dict.fromkeys(range(1000), 1.0))
    assert [tier(workbench.bars("A")) for _ in range(3)] == ["store", "memory", "memory"]
    with Workbench(workbench.settings) as another_process:
        assert [tier(another_process.bars("A")) for _ in range(2)] == ["disk", "memory"]
    workbench.forget()
    assert tier(workbench.bars("A")) == "store"


def test_a_window_and_a_field_are_served_from_what_is_there(workbench: Workbench) -> None:
    put(workbench, "A", dict.fromkeys(range(1000), 1.0))
    workbench.bars("A")
    part = workbench.bars("A", "1991", "1992", fields=["close", "open"])
    assert tier(part) == "memory"
    assert list(part.columns) == ["close", "open"]
    assert len(part) == 365


def test_whoever_writes_to_a_frame_writes_to_his_own(workbench: Workbench) -> None:
    for symbol in ("A", "B"):
        put(workbench, symbol, dict.fromkeys(range(100), 1.0))
    for asked in ("A", ["A", "B"]):
        for _ in range(3):
            mine, part = workbench.bars(asked), workbench.bars(asked, "1990-02")
            assert (mine.to_numpy() == 1.0).all()
            mine.iloc[:, :] = 5.0
            part.iloc[0, 0] = 7.0
            column = workbench.bars(asked)["close"]
            column.iloc[0] = 8.0
            workbench.forget("memory")
            late = workbench.bars(asked)
            workbench.forget("memory")
            late.iloc[0] = 3.0
        array = workbench.bars(asked)["close"].to_numpy()
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2.0
        assert (workbench.bars(asked).to_numpy() == 1.0).all()


def test_staleness_is_only_what_was_allowed_and_is_said(workbench: Workbench) -> None:
    put(workbench, "A", {1: 1.0})
    first = workbench.bars("A", max_staleness_s=60)
    put(workbench, "A", {2: 2.0})
    old = workbench.bars("A", max_staleness_s=60)
    pd.testing.assert_frame_equal(old, first)
    assert first.attrs["freshness"].checked
    assert not old.attrs["freshness"].checked
    assert old.attrs["freshness"].checked_at == first.attrs["freshness"].checked_at
    assert "not checked again since" in str(old.attrs["freshness"])
    assert len(workbench.bars("A", max_staleness_s=0)) == 2
    assert len(workbench.bars("A")) == 2
    with pytest.raises(InputError, match="max_staleness_s=-1 is not a number of seconds"):
        workbench.bars("A", max_staleness_s=-1)


def test_within_the_allowed_staleness_the_store_need_not_answer(workbench: Workbench) -> None:
    put(workbench, "A", {1: 1.0})
    first = workbench.bars("A")
    workbench.database.check = lambda *_: pytest.fail("asked the store")  # type: ignore[method-assign,assignment]
    pd.testing.assert_frame_equal(workbench.bars("A", max_staleness_s=600), first)


def test_another_store_with_the_same_data_has_entries_of_its_own(
    demo_workbench: Workbench, new_database: Any, demo_template: str
) -> None:
    demo_workbench.bars("AAPL")
    with Workbench(Settings(database_url=new_database(demo_template))) as copy:
        assert tier(copy.bars("AAPL")) == "store"
        put(copy, "AAPL", {20 * 366: 1.0})
        assert len(copy.bars("AAPL")) == len(demo_workbench.bars("AAPL")) + 1


def test_freshness_travels_without_the_data(demo_workbench: Workbench) -> None:
    freshness = demo_workbench.bars("AAPL").attrs["freshness"]
    again = pickle.loads(pickle.dumps(freshness))
    assert again == freshness
    assert len(pickle.dumps(freshness)) < 2000
    assert json.loads(json.dumps(freshness))["versions"] == freshness.versions


def test_prices_are_adjusted_at_read_time_and_as_known_then(demo_workbench: Workbench) -> None:
    raw = demo_workbench.bars("AAPL")
    before = raw.attrs["freshness"]
    pd.testing.assert_frame_equal(demo_workbench.bars("AAPL", adjusted=True), raw)
    facts = {"symbol": ["AAPL", "AAPL"], "kind": ["split", "split"], "value": [2.0, 2.0]}
    facts["ex_date"] = ["2000-06-21", "2005-02-28"]
    demo_workbench.record_actions(pd.DataFrame(facts))
    for adjusted in (True, "splits"):
        bars = demo_workbench.bars("AAPL", adjusted=adjusted)
        pd.testing.assert_series_equal(
            bars["close"][:"2000-06-20"], raw["close"][:"2000-06-20"] / 4
        )
        pd.testing.assert_series_equal(bars["volume"][:"2000"], raw["volume"][:"2000"] * np.where(
            raw.index[raw.index.year == 2000] < "2000-06-21", 4, 2))  # fmt: skip
        pd.testing.assert_frame_equal(bars["2005-02-28":], raw["2005-02-28":])
        assert bars["close"].pct_change().abs().max() < 0.55
    assert tier(demo_workbench.bars("AAPL", adjusted=True)) == "memory"
    pd.testing.assert_frame_equal(demo_workbench.bars("AAPL"), raw)
    pd.testing.assert_frame_equal(demo_workbench.bars("AAPL", adjusted=True, as_of=before), raw)
    part = demo_workbench.bars(["AAPL", "IBM"], "2004", "2006", adjusted=True, fields="close")
    assert part["close"]["AAPL"].pct_change().abs().max() < 0.2
    pd.testing.assert_series_equal(
        part["close"]["IBM"], demo_workbench.bars("IBM", "2004", "2006")["close"],
        check_names=False, check_freq=False,
    )  # fmt: skip


def test_a_dividend_takes_its_close_from_outside_the_window(demo_workbench: Workbench) -> None:
    raw = demo_workbench.bars("IBM")
    day = raw.index[1000]
    fact = {"symbol": ["IBM"], "ex_date": [day], "kind": ["dividend"], "value": [2.0]}
    demo_workbench.record_actions(pd.DataFrame(fact))
    factor = 1 - 2.0 / raw["close"].iloc[999]
    early = demo_workbench.bars("IBM", None, raw.index[10], fields="open", adjusted=True)
    np.testing.assert_allclose(early["open"], raw["open"].iloc[:10] * factor, rtol=1e-15)
    plain = demo_workbench.bars("IBM", None, raw.index[10], fields="open", adjusted="splits")
    pd.testing.assert_frame_equal(plain, raw.iloc[:10][["open"]])


@pytest.mark.parametrize("adjusted", ["dividends", 1.0, None, "yes"])
def test_an_unknown_adjustment_is_refused(demo_workbench: Workbench, adjusted: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown adjusted="):
        demo_workbench.bars("AAPL", adjusted=adjusted)


def test_a_range_of_a_long_series_is_not_read_whole(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "WHOLE_ROWS", 10_000)
    times = np.arange(30_000) * 3_600_000_000
    with workbench.database.transaction(Role.WRITER) as cursor:
        upsert(cursor, 1, "LONG", "1h", times, np.ones((5, len(times))))
    bars = workbench.bars("LONG", "1971-03", "1971-04", timeframe="1h")
    assert len(bars) == 31 * 24
    assert len(bars.attrs["freshness"]._held.times) == 365 * 24
    assert tier(workbench.bars("LONG", "1971-05", "1971-06", timeframe="1h")) == "memory"
    assert len(workbench.bars("LONG", None, "1971-01-01", timeframe="1h")) == 365 * 24
    assert len(workbench.bars("LONG", "1971-12-31", "1972-01-02", timeframe="1h")) == 48
    with pytest.raises(RangeError):
        workbench.bars("LONG", "1980", "1981", timeframe="1h")
    assert len(workbench.bars("LONG", timeframe="1h")) == 30_000
