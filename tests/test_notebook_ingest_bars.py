"""The ingestion notebook by every way that a user may run it, on the sample and on own files."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import psycopg2
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "ingest_bars.ipynb"
PLOTLY = "application/vnd.plotly.v1+json"


def command(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "WORKBENCH_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def stored(database_url: str) -> dict[str, int]:
    """Rows by symbol, as the database itself counts them."""
    connection = psycopg2.connect(database_url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT symbol, count(*) FROM data_ingestion.market_data"
            " JOIN data_ingestion.instrument USING (instrument_id) GROUP BY symbol"
        )
        rows = dict(cursor.fetchall())
    connection.close()
    return rows


def sample_rows(start: str = "", end: str = "9") -> dict[str, int]:
    """Rows by symbol, as the lines of the sample's files say."""
    counts = {}
    for path in (ROOT / "data" / "sample").glob("*.csv.gz"):
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
        dates = [line.split(",")[0] for line in lines]
        counts[path.name.split("_")[0]] = sum(start <= date < end for date in dates)
    return counts


def outputs(report: Path, kind: str) -> list[Any]:
    cells = json.loads(report.read_text())["cells"]
    found = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return ["".join(d[kind]) if isinstance(d[kind], list) else d[kind] for d in found if kind in d]


def test_it_is_stripped_and_has_no_functions_or_absolute_paths() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    source = "\n".join(cell.source for cell in code)
    assert not re.search(r"^\s*(def|class|async def) ", source, re.MULTILINE)
    assert not re.search(r"[\"'](/|~)", source)


def test_workbench_run_ingests_and_a_second_time_writes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.ipynb"
    arguments = ["workbench", "run", "ingest_bars", "-p", "symbols=AAPL,EURUSD"]
    first = command(database_url, *arguments, "--report", str(report))
    assert first.returncode == 0, first.stderr
    expected = {symbol: sample_rows()[symbol] for symbol in ("AAPL", "EURUSD")}
    assert stored(database_url) == expected
    for symbol, rows in expected.items():
        assert re.search(rf"{symbol} +1[dh] +{rows:,} +{rows:,} +0 +0 +0 ", first.stdout)
    assert f"{sum(expected.values()):,} new and 0 changed rows" in first.stdout
    assert f"report: {report}" in first.stdout

    (figure,) = outputs(report, PLOTLY)
    assert [trace["name"] for trace in figure["data"]] == ["AAPL 1d", "EURUSD 1h"]
    assert all(300 <= len(trace["x"]) <= 400 for trace in figure["data"])
    assert report.stat().st_size < 100_000
    assert not outputs(report, "text/html")[0].startswith("<script")

    again = command(database_url, *arguments, "--report", str(tmp_path / "again.ipynb"))
    assert again.returncode == 0, again.stderr
    assert f"nothing new; {sum(expected.values()):,} were there already" in again.stdout
    assert stored(database_url) == expected


def test_plain_papermill_takes_parameters_one_by_one(database_url: str, tmp_path: Path) -> None:
    report = tmp_path / "out.ipynb"
    given = ["-p", "symbols", "AAPL, IBM", "-p", "start", "2010", "-p", "end", "2011-07-01"]
    done = command(database_url, "papermill", str(NOTEBOOK), str(report), *given)
    assert done.returncode == 0, done.stderr
    assert "unknown parameter" not in done.stderr
    expected = sample_rows("2010", "2011-07-01")
    assert stored(database_url) == {name: expected[name] for name in ("AAPL", "IBM")}


def test_plain_papermill_takes_files_and_the_report_shows_rows_kept_aside(
    database_url: str, tmp_path: Path
) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text(
        "symbol,date,open,high,low,close,volume\n"
        "ACME,2020-01-02,1,2,1,2,10\n"
        "ACME,2020-01-03,2,1,1,2,10\n"
        "ACME,2020-01-06,2,3,2,3,10\n"
    )
    report, given = tmp_path / "out.ipynb", tmp_path / "given.yaml"
    given.write_text(f"source: csv:{bars}\nsymbols: [ACME]\ntimeframe: 1d\ndry_run: true\n")
    arguments = ["papermill", str(NOTEBOOK), str(report), "-f", str(given)]
    dry = command(database_url, *arguments)
    assert dry.returncode == 0, dry.stderr
    assert stored(database_url) == {}
    assert "would write 2 new" in outputs(report, "text/html")[0]
    assert outputs(report, PLOTLY) == []

    done = command(database_url, *arguments, "-y", "{dry_run: false, end: 2020-01-06}")
    assert done.returncode == 0, done.stderr
    assert stored(database_url) == {"ACME": 1}
    rejects = outputs(report, "text/html")[1]
    for part in (str(bars), "<td>3</td>", "high below open or close", "ACME,2020-01-03,2,1,1,2,10"):
        assert part in rejects


def test_by_hand_in_its_own_folder_it_ingests_the_whole_sample(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", database_url)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    assert stored(database_url) == sample_rows()
