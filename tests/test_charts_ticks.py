"""Calendar ticks on an axis that counts bars."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from workbench.charts.ticks import spans, stamps, time_ticks

DAILY = pd.bdate_range("1990", "2024", tz="UTC").as_unit("us")
MINUTES = pd.DatetimeIndex(
    [
        day + pd.Timedelta(minutes=570 + minute)
        for day in pd.bdate_range("2024-01-01", periods=30, tz="UTC")
        for minute in range(390)
    ]
).as_unit("us")


def viewports(rows: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(rows)
    found = [(0, rows), (rows - 1, rows), (0, 2)]
    for span in (5, 23, 61, 260, 1300, 5000):
        first = int(rng.integers(0, rows - span))
        found.append((first, first + span))
    return found


@pytest.mark.parametrize("index", [DAILY, MINUTES], ids=["daily", "minutes"])
@pytest.mark.parametrize("most", [4, 10])
def test_ticks_are_few_ordered_inside_and_at_the_bar_that_their_label_names(index, most):
    for first, end in viewports(len(index)):
        rows, labels = time_ticks(index.asi8, first, end, most)
        assert len(rows) == len(labels) <= most
        assert rows == sorted(set(rows))
        assert all(first <= row < end for row in rows)
        for row, label in zip(rows, labels, strict=True):
            clock, _, day = label.partition("<br>")
            assert f"{index[row]:%Y-%m-%d}".startswith(day)
            named = f"{index[row]:%H:%M}" if ":" in clock else f"{index[row]:%Y-%m-%d}"
            assert named.startswith(clock)
            assert (":" in clock) <= (index is MINUTES)


@pytest.mark.parametrize("index", [DAILY, MINUTES], ids=["daily", "minutes"])
def test_every_range_of_some_length_has_ticks_to_read_it_by(index):
    for first, end in viewports(len(index)):
        rows, _ = time_ticks(index.asi8, first, end)
        assert len(rows) >= (2 if end - first >= 23 else 0)


def test_a_label_names_the_day_where_it_changes_only():
    _, labels = time_ticks(MINUTES.asi8, 0, 780)
    days = [label.partition("<br>")[2] for label in labels if "<br>" in label]
    assert days == sorted(set(days))
    assert len(labels) > len(days)


def test_labels_are_iso_whatever_the_locale():
    rows, labels = time_ticks(DAILY.asi8, 0, 260)
    assert [datetime.strptime(label, "%Y-%m") for label in labels]  # noqa: DTZ007
    assert [f"{DAILY[row]:%Y-%m}" for row in rows] == labels


def test_a_bucket_says_what_it_covers():
    times = MINUTES.asi8
    assert stamps(DAILY.asi8[:2]) == ["1990-01-01", "1990-01-02"]
    assert spans(times, np.array([0, 5]), np.array([5, 6])) == [
        "2024-01-01 09:30 – 2024-01-01 09:34",
        "2024-01-01 09:35",
    ]
