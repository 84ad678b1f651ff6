"""Ingestion end to end from CSV files: counted to the row, idempotent, nothing dropped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg2
import pytest

from workbench.api import Workbench
from workbench.errors import (
    InputError,
    RangeError,
    SettingsError,
    SourceError,
    UnknownNameError,
)
from workbench.settings import Settings
from workbench.store.database import Role

HEADER = "date,open,high,low,close,volume\n"
GOOD = "2020-01-0{},10,12,9,11,100\n"
SAMPLE = Path(__file__).parent.parent / "data" / "sample"


def csv(folder: Path, *rows: str, name: str = "ACME_1d.csv") -> str:
    path = folder / name
    path.write_text(HEADER + "".join(rows))
    return f"csv:{path}"


def counts(table: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    names = ["read", "new", "changed", "same", "rejected"]
    return {row["symbol"]: tuple(row[names].tolist()) for _, row in table.iterrows()}


def test_the_sample_arrives_as_its_manifest_says_and_a_second_time_writes_nothing(
    workbench: Workbench,
) -> None:
    first = workbench.ingest(f"csv:{SAMPLE}", progress=False)
    assert first.series["new"].sum() == first.series["read"].sum() - len(first.rejects)
    stored = workbench.series()
    assert stored["rows"].sum() == first.series["new"].sum()
    assert set(stored["symbol"]) == {
        "AAPL", "EURUSD", "FB", "GOOG", "IBM", "IXIC", "MSFT", "SPX",
    }  # fmt: skip
    second = workbench.ingest(f"csv:{SAMPLE}", progress=False)
    assert second.series[["new", "changed"]].to_numpy().sum() == 0
    assert second.series["same"].tolist() == first.series["new"].tolist()
    assert "nothing new" in str(second)
    pd.testing.assert_frame_equal(workbench.series(), stored)
    pd.testing.assert_frame_equal(
        workbench.ledger.written(second.run_id or 0), second.series, check_dtype=False
    )


def test_every_value_is_the_files(demo_workbench: Workbench) -> None:
    raw = pd.read_csv(SAMPLE / "AAPL_1d.csv.gz")
    raw.columns = raw.columns.str.lower()
    bars = demo_workbench.bars("AAPL")
    for field in bars.columns:
        assert bars[field].tolist() == raw[field].astype("float64").tolist()


BAD_ROWS = {
    "2020-01-03,10,8,9,11,100\n": "high below low",
    "2020-01-04,10,10.5,9,11,100\n": "high below open or close",
    "2020-01-05,10,12,10.5,11,100\n": "low above open or close",
    "2020-01-06,-1,12,-2,11,100\n": "price not above zero",
    "2020-01-07,10,12,9,inf,100\n": "not finite",
    "2020-01-08,10,12,9,11,-5\n": "volume negative",
    "2020-01-01,10,12,9,11.5,100\n": "timestamp repeated",
    "2020-01-09,ten,12,9,11,100\n": "ten",
    "2020-02-31,10,12,9,11,100\n": "2020-02-31",
    "2020-01-10,10,12\n": "field",
}


def test_bad_rows_are_kept_aside_with_file_line_and_reason(
    workbench: Workbench, tmp_path: Path
) -> None:
    source = csv(tmp_path, GOOD.format(1), GOOD.format(2), *BAD_ROWS)
    report = workbench.ingest(source, progress=False)
    assert counts(report.series) == {"ACME": (12, 2, 0, 0, 10)}
    rejects = report.rejects.set_index("line")
    for line, (row, reason) in enumerate(BAD_ROWS.items(), start=4):
        assert reason in rejects.loc[line, "reason"]
        assert rejects.loc[line, "raw"] == row.strip()
        assert rejects.loc[line, "origin"].endswith("ACME_1d.csv")
    kept = workbench.quarantined()
    assert sorted(kept["line"]) == list(range(4, 14))
    assert workbench.bars("ACME")["close"].tolist() == [11.0, 11.0]
    again = workbench.ingest(source, progress=False)
    assert counts(again.series) == {"ACME": (12, 0, 0, 2, 10)}
    assert len(workbench.quarantined()) == 10


def test_a_correction_changes_one_bar_and_says_so(workbench: Workbench, tmp_path: Path) -> None:
    workbench.ingest(csv(tmp_path, GOOD.format(1), GOOD.format(2)), progress=False)
    corrected = csv(tmp_path, GOOD.format(1), GOOD.format(2).replace("11,", "11.5,"))
    preview = workbench.ingest(corrected, dry_run=True, progress=False)
    assert preview.dry_run
    assert "would write 0 new and 1 changed" in str(preview)
    assert workbench.bars("ACME")["close"].tolist() == [11.0, 11.0]
    report = workbench.ingest(corrected, progress=False)
    assert counts(report.series) == counts(preview.series) == {"ACME": (2, 0, 1, 1, 0)}
    assert workbench.bars("ACME")["close"].tolist() == [11.0, 11.5]


def test_a_dry_run_of_an_unknown_symbol_leaves_no_trace(
    workbench: Workbench, tmp_path: Path
) -> None:
    report = workbench.ingest(csv(tmp_path, GOOD.format(1)), dry_run=True, progress=False)
    assert counts(report.series) == {"ACME": (1, 1, 0, 0, 0)}
    assert workbench.runs().empty
    with workbench.database.transaction(Role.READER) as cursor:
        cursor.execute("SELECT count(*) FROM data_ingestion.instrument")
        assert cursor.fetchone() == (0,)


def test_symbols_timeframe_and_range_select(workbench: Workbench) -> None:
    report = workbench.ingest(
        f"csv:{SAMPLE}", symbols=["AAPL", "IBM"], start="2010", end="2011", progress=False
    )
    assert counts(report.series) == {"AAPL": (252, 252, 0, 0, 0), "IBM": (252, 252, 0, 0, 0)}
    hourly = workbench.ingest(f"csv:{SAMPLE}", timeframe="1h", progress=False)
    assert hourly.series["symbol"].tolist() == ["EURUSD"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"symbols": ["APPL"]}, UnknownNameError, "did you mean 'AAPL'"),
        ({"timeframe": "1d", "symbols": "EURUSD"}, UnknownNameError, "Known: AAPL"),
        ({"timeframe": "1m"}, UnknownNameError, "Known: 1d, 1h"),
        ({"timeframe": "1D"}, UnknownNameError, "did you mean '1d'"),
        ({"start": "2012", "end": "2011"}, RangeError, "reversed"),
        ({"symbols": []}, InputError, "nothing to ingest"),
        ({"source": "cvs"}, UnknownNameError, "did you mean 'csv'"),
        ({"source": "csv:/nowhere/at/all.csv"}, SourceError, "/nowhere/at/all.csv"),
    ],
)
def test_a_wrong_request_is_refused_before_a_run_is_opened(
    workbench: Workbench, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    request = {"source": f"csv:{SAMPLE}", "progress": False, **arguments}
    with pytest.raises(error, match=message):
        workbench.ingest(**request)  # type: ignore[arg-type]
    assert workbench.runs().empty


def test_another_client_writing_the_same_bars_is_only_a_delay(
    workbench: Workbench, tmp_path: Path
) -> None:
    workbench.ingest(csv(tmp_path, GOOD.format(1)), progress=False)
    other = psycopg2.connect(workbench.settings.database_url)
    with other.cursor() as cursor:
        cursor.execute(
            "INSERT INTO data_ingestion.market_data (timestamp, open, high, low, close, volume,"
            " instrument_id, timeframe) SELECT '2020-01-02 00:00Z', 1, 1, 1, 1, 1,"
            " instrument_id, '1d' FROM data_ingestion.instrument"
        )
        command = [sys.executable, "-c", INGEST, str(workbench.settings.database_url)]
        rest = csv(tmp_path, GOOD.format(1), GOOD.format(2), GOOD.format(3))
        waiting = subprocess.Popen([*command, rest])
        until_blocked(workbench)
        other.commit()
    other.close()
    assert waiting.wait(60) == 0
    assert workbench.bars("ACME")["close"].tolist() == [11.0, 11.0, 11.0]


INGEST = """
import sys
from workbench.api import Workbench
from workbench.settings import Settings
Workbench(Settings(database_url=sys.argv[1])).ingest(sys.argv[2], progress=False)
"""


def until_blocked(workbench: Workbench) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with workbench.database.transaction(Role.OWNER) as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            (blocked,) = cursor.fetchone() or (0,)
        if blocked:
            return
        time.sleep(0.02)
    raise AssertionError("nobody waited for a lock")


def test_an_interrupted_ingestion_keeps_whole_pages_and_the_next_one_finishes(
    workbench: Workbench, tmp_path: Path
) -> None:
    symbols = [f"S{number:02}" for number in range(30)]
    times = pd.date_range("2020-01-01", periods=4000, freq="min")
    bars = pd.DataFrame({"date": times, "open": 1, "high": 1, "low": 1, "close": 1, "volume": 1})
    for symbol in symbols:
        bars.to_csv(tmp_path / f"{symbol}_1m.csv", index=False)
    command = [sys.executable, "-c", INGEST, str(workbench.settings.database_url)]
    started = subprocess.Popen([*command, f"csv:{tmp_path}"], stderr=subprocess.DEVNULL)
    while workbench.series().empty:
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    assert started.wait(60) != 0
    partial = workbench.series()
    assert 0 < len(partial) <= len(symbols)
    assert (partial["rows"] == len(times)).all()
    finished = workbench.ingest(f"csv:{tmp_path}", progress=False)
    assert len(workbench.series()) == len(symbols)
    assert finished.series["same"].sum() == partial["rows"].sum()
    assert workbench.runs()["status"].tolist() == ["succeeded", "interrupted"]


def test_the_ledger_shows_a_failed_ingestion(workbench: Workbench, tmp_path: Path) -> None:
    source = csv(tmp_path, *(GOOD.format(day) for day in range(1, 4)), name="A_1d.csv")
    broken = tmp_path / "B_1d.csv.gz"
    import gzip

    whole = gzip.compress((HEADER + GOOD.format(1) * 5000).encode() + np.random.bytes(40_000))
    broken.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="B_1d"):
        workbench.ingest(f"csv:{Path(source[4:]).parent}", progress=False)
    run = workbench.runs().iloc[0]
    assert run["status"] == "failed"
    assert "B_1d" in run["error"]


def test_a_report_is_readable(demo_workbench: Workbench) -> None:
    report = demo_workbench.ingest(f"csv:{SAMPLE}", symbols="AAPL", progress=False)
    html = report._repr_html_()
    assert "3,270" in html
    assert "2000-03-01" in html
    assert str(report) == repr(report)


def test_a_large_page_is_written_in_batches(database_url: str, tmp_path: Path) -> None:
    days = [f"2020-01-{day:02},1,2,1,2,{day}\n" for day in range(1, 22)]
    file = csv(tmp_path, *days, "2020-02-01,1,0,1,2,3\n")
    with Workbench(Settings(database_url=database_url, batch_rows=5)) as workbench:
        report = workbench.ingest(file, progress=False)
        assert report.series[["read", "new", "rejected"]].to_numpy().tolist() == [[22, 21, 1]]
        assert workbench.bars("ACME")["volume"].tolist() == list(range(1, 22))
        with workbench.database.transaction(Role.READER) as cursor:
            cursor.execute("SELECT count(*) FROM data_ingestion.change")
            assert cursor.fetchone() == (5,)
    with (
        Workbench(Settings(database_url=database_url, batch_rows=0)) as workbench,
        pytest.raises(SettingsError, match="WORKBENCH_BATCH_ROWS=0 must be at least 1"),
    ):
        workbench.ingest(file, progress=False)
