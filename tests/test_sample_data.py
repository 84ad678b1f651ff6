"""The bundled bars are what the manifest and the README say, and the source reads all of them."""

from __future__ import annotations

import ast
import csv
import gzip
import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from workbench.sessions import Window
from workbench.shape import flaws
from workbench.sources import open_source

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "sample"
MANIFEST = json.loads((SAMPLE / "manifest.json").read_text(encoding="utf-8"))
SYMBOLS = {"AAPL", "IBM", "MSFT", "GOOG", "FB", "SPX", "IXIC", "EURUSD"}


def rows_of(name: str) -> list[dict[str, str]]:
    with gzip.open(SAMPLE / name, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_folder_holds_what_the_manifest_lists_and_stays_small():
    assert {path.name for path in SAMPLE.glob("*.csv*")} == set(MANIFEST)
    assert {facts["symbol"] for facts in MANIFEST.values()} == SYMBOLS
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 3_000_000


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_manifest_describes_each_file(name):
    facts, content, rows = MANIFEST[name], (SAMPLE / name).read_bytes(), rows_of(name)
    assert hashlib.sha256(content).hexdigest() == facts["sha256"]
    assert len(content) == facts["bytes"]
    assert hashlib.sha256(gzip.decompress(content)).hexdigest() == facts["csv_sha256"]
    assert content[4:8] == b"\0\0\0\0", "a gzip header with a time in it makes bytes differ"
    times = [next(iter(row.values())) for row in rows]
    assert (len(rows), times[0], times[-1]) == (facts["rows"], facts["first"], facts["last"])
    assert times == sorted(set(times))
    assert set(rows[0]) == set(facts["columns"])


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_readme_and_notices_name_each_file_and_package(name):
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    notices = (SAMPLE / "LICENSES.md").read_text(encoding="utf-8")
    facts = MANIFEST[name]
    package, version = facts["origin"].split("==")
    assert f"`{name}`" in readme
    assert f"{facts['rows']:,}" in readme
    assert f"{package} {version}" in readme
    assert package in notices


def test_the_script_pins_what_the_manifest_says():
    script = (ROOT / "scripts" / "make_sample_data.py").read_text(encoding="utf-8")
    strings = {n.value for n in ast.walk(ast.parse(script)) if isinstance(n, ast.Constant)}
    for facts in MANIFEST.values():
        assert {*facts["origin"].split("=="), facts["member"], facts["member_sha256"]} <= strings


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_the_source_reads_every_figure_and_no_row_is_flawed(name):
    rows, rejects = rows_of(name), []
    source = open_source(f"csv:{SAMPLE / name}")
    (page,) = source.pages(source.series(), Window(), rejects.append)
    expected = np.array(
        [
            [float(row[field]) for row in rows]
            for field in ("Open", "High", "Low", "Close", "Volume")
        ]
    )
    assert rejects == []
    assert page.series == (MANIFEST[name]["symbol"], MANIFEST[name]["timeframe"])
    assert np.array_equal(page.block, expected)
    times = [next(iter(row.values())).removesuffix("Z") for row in rows]
    assert np.array_equal(page.timestamps, np.array(times, "datetime64[us]").astype(np.int64))
    assert flaws(page.block) == {}
    assert page.lines.tolist() == list(range(2, len(rows) + 2))


def test_the_folder_is_the_default_of_the_csv_source():
    found = open_source("csv", base_dirs=[ROOT]).series()
    assert [tuple(series) for series in found] == sorted(
        (facts["symbol"], facts["timeframe"]) for facts in MANIFEST.values()
    )


def test_known_facts_of_the_readme_hold():
    closes = {row["Date"]: float(row["Close"]) for row in rows_of("AAPL_1d.csv.gz")}
    dates = sorted(closes)
    for split in ("2000-06-21", "2005-02-28"):
        before = closes[dates[dates.index(split) - 1]]
        assert closes[split] / before == pytest.approx(0.5, abs=0.06)
    quiet = [row["Date"] for row in rows_of("IXIC_1d.csv.gz") if row["Volume"] == "0"]
    assert quiet == ["2015-05-12", "2018-01-09"]
    spx = rows_of("SPX_1d.csv.gz")
    same = [b["Open"] == a["Close"] for a, b in itertools.pairwise(spx)]
    assert sum(same) == 2004
