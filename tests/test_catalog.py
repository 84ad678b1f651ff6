"""Reading: the shapes as designed, ranges by brute force, one snapshot, errors that help."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.api import Workbench
from workbench.catalog import Freshness
from workbench.errors import InputError, RangeError, UnknownNameError
from workbench.shape import FIELDS, checked
from workbench.store.database import Role
from workbench.store.write import upsert


def test_one_symbol_is_bars(demo_workbench: Workbench) -> None:
    bars = demo_workbench.bars("AAPL")
    assert checked(bars) is bars
    assert len(bars) == 3270
    assert str(bars.index.dtype) == "datetime64[us, UTC]"
    assert (bars.index == bars.index.normalize()).all()
    assert all(bars[field].to_numpy().flags.c_contiguous for field in FIELDS)


def test_a_list_is_a_panel_and_a_field_of_it_a_wide_frame(demo_workbench: Workbench) -> None:
    symbols = ["MSFT", "FB", "AAPL"]
    panel = demo_workbench.bars(symbols)
    assert panel.columns.names == ["field", "symbol"]
    assert panel["close"].columns.tolist() == symbols
    assert panel["close"].to_numpy().flags.c_contiguous
    assert np.shares_memory(panel["close"].to_numpy(), panel["close"].to_numpy())
    for symbol in symbols:
        alone = demo_workbench.bars(symbol)
        for field in FIELDS:
            column = panel[field][symbol]
            pd.testing.assert_series_equal(
                column.dropna(), alone[field], check_names=False, check_freq=False
            )
            assert column.isna().sum() == len(panel) - len(alone)
    assert list(demo_workbench.bars(["FB"]).columns) == [(field, "FB") for field in FIELDS]


def test_fields_are_read_alone_and_in_the_order_asked_for(demo_workbench: Workbench) -> None:
    full = demo_workbench.bars("IBM", "2010", "2011")
    some = demo_workbench.bars("IBM", "2010", "2011", fields=["volume", "close"])
    pd.testing.assert_frame_equal(some, full[["volume", "close"]])
    panel = demo_workbench.bars(["IBM", "FB"], fields="close")
    assert panel.columns.get_level_values("field").unique().tolist() == ["close"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2010", "2011"),
        ("2010-01-04", "2010-01-05"),
        (2012, None),
        (None, "2001-03-02 12:00"),
        (pd.Timestamp("2010-06-01", tz="America/New_York"), "2010-06-10"),
    ],
)
def test_ranges_are_half_open(demo_workbench: Workbench, start: Any, end: Any) -> None:
    bars = demo_workbench.bars("AAPL")
    inside = np.ones(len(bars), bool)
    if start is not None:
        inside &= bars.index >= pd.to_datetime(str(start), utc=True)
    if end is not None:
        inside &= bars.index < pd.to_datetime(end, utc=True)
    pd.testing.assert_frame_equal(demo_workbench.bars("AAPL", start, end), bars[inside])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((("APPL",), {}), UnknownNameError, "'APPL'; did you mean 'AAPL'. Known: AAPL, FB"),
        ((("EURUSD",), {}), UnknownNameError, "for EURUSD '1d'; Known: 1h. Pass timeframe='1h'"),
        ((("AAPL",), {"timeframe": "1D"}), UnknownNameError, "did you mean '1d'"),
        ((("AAPL",), {"timeframe": "1h"}), UnknownNameError, "Pass timeframe='1d'"),
        ((("AAPL",), {"fields": ["clsoe"]}), UnknownNameError, "did you mean 'close'"),
        ((("AAPL", "2030"), {}), RangeError, "AAPL has 1d bars from 2000-03-01 to 2013-03-01"),
        ((("AAPL", "2010-01-02", "2010-01-04"), {}), RangeError, "no bars in"),
        ((("AAPL", "2012", "2011"), {}), RangeError, "reversed"),
        ((("AAPL", "someday"), {}), RangeError, "not a time"),
        (((["AAPL", "IBN"],), {}), UnknownNameError, "did you mean 'IBM'"),
        (((["AAPL", "AAPL"],), {}), InputError, "more than once"),
        ((([],), {}), InputError, "names nothing"),
        ((([1],), {}), InputError, "not a symbol"),
    ],
)
def test_errors_name_the_alternatives(
    demo_workbench: Workbench,
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    error: type[Exception],
    message: str,
) -> None:
    positional, named = arguments
    with pytest.raises(error, match=message.replace("?", ".")) as caught:
        demo_workbench.bars(*positional, **named)
    assert "\n" not in str(caught.value)


def test_an_empty_store_says_how_to_fill_it(workbench: Workbench) -> None:
    with pytest.raises(UnknownNameError, match="workbench run ingest_bars"):
        workbench.bars("AAPL")


def test_freshness_says_what_was_read(demo_workbench: Workbench) -> None:
    freshness = demo_workbench.bars(["AAPL", "FB"]).attrs["freshness"]
    assert isinstance(freshness, Freshness)
    assert set(freshness.versions) == {"AAPL", "FB"}
    assert freshness.through == pd.Timestamp("2013-03-01", tz="UTC")
    assert freshness.tier == "store"
    assert "data through 2013-03-01" in str(freshness)
    assert copy.deepcopy(freshness) is freshness


def test_version_and_rows_come_from_one_snapshot(workbench: Workbench) -> None:
    times = np.arange(2000) * 60_000_000
    done = threading.Event()

    def rewrite() -> None:
        for generation in range(1, 40):
            with workbench.database.transaction(Role.WRITER) as cursor:
                for symbol in ("A", "B"):
                    block = np.full((5, len(times)), float(generation))
                    upsert(cursor, 1, symbol, "1m", times, block)
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    reads, seen = 0, {}
    while not done.is_set() or not reads:
        if workbench.series().empty:
            continue
        panel = workbench.bars(["A", "B"], timeframe="1m")
        generation = panel.iloc[0, 0]
        assert (panel.to_numpy() == generation).all()
        versions = panel.attrs["freshness"].versions
        assert seen.setdefault(versions["A"], generation) == generation
        reads += 1
    writer.join()
