"""Partitions listed, old bars gone for good, bars put in order while others read."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import psycopg2
import pytest

from tests.test_store_history import DAYS, put
from workbench.api import Workbench
from workbench.errors import RangeError, StoreError, UnknownNameError
from workbench.store import upkeep
from workbench.store.database import Role


@pytest.fixture
def filled(workbench: Workbench) -> Workbench:
    """Two daily series over several partitions, one of them corrected once."""
    for symbol in ("A", "B"):
        put(workbench, symbol, dict.fromkeys(range(0, DAYS, 9), 1.0))
    put(workbench, "A", {9: 2.0, 18: 2.0, 8100: 2.0})
    return workbench


def test_partitions_are_listed_with_what_they_hold(filled: Workbench) -> None:
    with filled.database.transaction(Role.OWNER) as cursor:
        cursor.execute("ANALYZE data_ingestion.market_data")
    found = filled.partitions()
    daily = found[found["timeframe"] == "1d"].set_index("partition")
    assert daily.index.tolist() == [
        "market_data_1d_1975", "market_data_1d_2000", "market_data_1d_other",
    ]  # fmt: skip
    assert daily["rows"].sum() == 2 * len(range(0, DAYS, 9))
    assert daily["lower"].dt.year.tolist()[:2] == [1975, 2000]
    assert daily["upper"].isna().tolist() == [False, False, True]
    assert (daily["size_bytes"] > 0).all()


def test_old_bars_go_for_good_and_the_rest_stays(filled: Workbench) -> None:
    before = filled.bars(["A", "B"])
    old = int((before.index < "2002-05-06").sum()) * 2
    assert filled.retain("1d", "2002-05-06", dry_run=True) == old
    pd.testing.assert_frame_equal(filled.bars(["A", "B"]), before)
    assert filled.retain("1d", "2002-05-06") == old
    after = filled.bars(["A", "B"])
    pd.testing.assert_frame_equal(after, before["2002-05-06":], check_freq=False)
    rows = filled.series()["rows"].tolist()
    assert rows == [len(after)] * 2
    assert "market_data_1d_1975" not in filled.partitions()["partition"].tolist()
    kept = filled.sql("SELECT count(*) FROM data_ingestion.revision WHERE timestamp < '2002-05-06'")
    assert kept["count"].item() == 0
    token = before.attrs["freshness"]
    with pytest.raises(RangeError, match="bars were dropped at"):
        filled.bars("A", as_of=token)
    then = filled.bars(["A", "B"], "2002-05-06", as_of=token)
    pd.testing.assert_frame_equal(then, before["2002-05-06":], check_freq=False)
    assert filled.retain("1d", "2002-05-06") == 0
    put(filled, "A", {8100: 3.0})
    pd.testing.assert_frame_equal(filled.bars(["A", "B"], as_of=after.attrs["freshness"]), after)
    moment = after.attrs["freshness"].checked_at
    pd.testing.assert_frame_equal(filled.bars(["A", "B"], as_of=moment), after)


def test_what_was_known_while_old_bars_were_going_is_gone(filled: Workbench) -> None:
    """They went when it was committed: a moment before that saw them."""
    with filled.database.transaction(Role.OWNER) as cursor:
        upkeep._drop(cursor, "1d", pd.Timestamp("2002", tz="UTC"))
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    with pytest.raises(RangeError, match="bars were dropped at"):
        filled.bars("A", as_of=moment)


def test_a_query_in_the_way_leaves_everything_as_it_was(
    filled: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "WAIT_S", 1)
    reader = psycopg2.connect(filled.settings.database_url)
    with reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM data_ingestion.market_data")
        before = filled.bars("A")
        with pytest.raises(StoreError, match="others have used the 1d bars for more than 1 s"):
            filled.retain("1d", "2001")
    reader.close()
    pd.testing.assert_frame_equal(filled.bars("A"), before)


@pytest.mark.parametrize(
    ("timeframe", "before", "error"),
    [("2d", "2001", UnknownNameError), ("1d", "soon", RangeError), ("1d", "", RangeError)],
)
def test_what_to_retain_is_checked(
    filled: Workbench, timeframe: str, before: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        filled.retain(timeframe, before)


def test_reordering_changes_no_bar_and_no_version_while_others_read(filled: Workbench) -> None:
    before = filled.bars(["A", "B"])
    stop, wrong = threading.Event(), []

    def read() -> None:
        with Workbench(filled.settings) as another:
            while not stop.is_set():
                another.forget()
                found = another.bars(["A", "B"])
                wrong.append(not np.array_equal(found.to_numpy(), before.to_numpy()))

    reader = threading.Thread(target=read)
    reader.start()
    done = filled.reorder("1d", progress=False)
    stop.set()
    reader.join()
    assert done["partition"].str.startswith("market_data_1d").all()
    assert len(done) == 3
    assert not any(wrong)
    assert filled.bars("A").attrs["freshness"].versions == {
        "A": before.attrs["freshness"].versions["A"]
    }
    order = filled.sql("SELECT instrument_id FROM data_ingestion.market_data_1d_2000 ORDER BY ctid")
    assert order["instrument_id"].is_monotonic_increasing
