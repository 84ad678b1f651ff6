"""Timeframes and ranges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest

from workbench.errors import RangeError, UnknownNameError
from workbench.sessions import TIMEFRAMES, Window, brief, moment, timeframe

MIDNIGHT = pd.Timestamp("2015-01-01", tz="UTC")


@pytest.mark.parametrize(
    "given",
    [
        "2015",
        2015,
        "2015-01",
        "2015-01-01",
        "2015-01-01 01:00+01:00",
        date(2015, 1, 1),
        datetime(2015, 1, 1),  # noqa: DTZ001
        datetime(2015, 1, 1, tzinfo=UTC),
        datetime(2015, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        pd.Timestamp("2014-12-31 19:00", tz="America/New_York"),
    ],
)
def test_every_way_to_write_a_moment(given: object) -> None:
    assert moment(given) == MIDNIGHT  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["yesterdy", "2015-13-01", True, "NaT", object()])
def test_what_is_no_moment_is_refused(given: object) -> None:
    with pytest.raises(RangeError, match="is not a time; give a date such as"):
        moment(given)  # type: ignore[arg-type]


def test_windows_are_half_open_and_may_be_open_ended() -> None:
    window = Window.of("2015", None)
    assert (window.start_us, window.end_us) == (MIDNIGHT.value // 1000, 2**62)
    assert str(window) == "[2015-01-01, …)"
    assert Window.of() == Window()


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [("2016", "2015", "reversed"), ("2015", "2015", "end is not included")],
)
def test_a_window_that_cannot_hold_a_bar_is_refused(start: str, end: str, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        Window.of(start, end)


def test_timeframes_are_known_by_name() -> None:
    assert [name for name, t in TIMEFRAMES.items() if not t.intraday] == ["1d", "1w"]
    assert all(timeframe(name).name == name for name in TIMEFRAMES)
    with pytest.raises(UnknownNameError, match="unknown timeframe '1D'; did you mean '1d'"):
        timeframe("1D")


def test_brief_times() -> None:
    assert brief(MIDNIGHT) == "2015-01-01"
    assert brief(MIDNIGHT + pd.Timedelta("90min")) == "2015-01-01 01:30"
    assert brief(None) == ""
