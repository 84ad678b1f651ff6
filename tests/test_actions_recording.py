"""Recording splits and dividends from tables and files, by Python and by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.api import Workbench
from workbench.errors import InputError, RangeError, SourceError, UnknownNameError
from workbench.settings import Settings
from workbench.store.database import Role

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "actions" / "sample.csv"
HEAD = "symbol,ex_date,kind,value\n"


def told(workbench: Workbench) -> list[tuple[object, ...]]:
    frame = workbench.actions()
    days = frame["ex_date"].dt.strftime("%Y-%m-%d")
    return list(zip(frame["symbol"], days, frame["kind"], frame["value"].tolist(), strict=True))


def test_the_sample_is_recorded_once(workbench: Workbench) -> None:
    first, again = (workbench.record_actions(SAMPLE) for _ in range(2))
    assert (first.new, first.changed, first.same) == (3, 0, 0)
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    assert told(workbench) == [
        ("AAPL", "2000-06-21", "split", 2.0),
        ("AAPL", "2005-02-28", "split", 2.0),
        ("MSFT", "2003-02-18", "split", 2.0),
    ]
    found = workbench.actions("MSFT")
    assert found.dtypes.astype(str).to_dict() == {
        "symbol": "str",
        "ex_date": "datetime64[us, UTC]",
        "kind": "str",
        "value": "float64",
        "known_at": "datetime64[us, UTC]",
    }
    assert workbench.runs()["status"].tolist() == ["succeeded", "succeeded"]
    said = "0 new and 0 changed facts; 3 were known already"
    assert str(again) == f"{said}; no bars yet of AAPL, MSFT"


def test_a_symbol_without_bars_is_named(demo_workbench: Workbench) -> None:
    row = {"ex_date": "2020-01-02", "kind": "split", "value": 2}
    table = pd.DataFrame([row | {"symbol": symbol} for symbol in ("AAPL", "APPL")])
    assert demo_workbench.record_actions(table).without_bars == ("APPL",)


def test_a_table_corrects_what_a_file_said(workbench: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "facts.csv"
    file.write_text(f"\ufeff{HEAD}KO,2020-01-02,dividend,0.40\nKO,2020-04-02,dividend,.41\n\n")
    workbench.record_actions(str(file))
    before = workbench.actions()["known_at"].max()
    table = pd.DataFrame(
        {
            "value": [np.float64(0.42), np.int64(2)],
            "kind": ["dividend", "split"],
            "ex_date": [pd.Timestamp("2020-04-02", tz="UTC"), date(2020, 1, 2)],
            "symbol": ["KO", "KO"],
        }
    )
    report = workbench.record_actions(table)
    assert (report.new, report.changed, report.same) == (1, 1, 0)
    assert [row[3] for row in told(workbench)] == [0.4, 2.0, 0.42]
    assert workbench.actions("KO", as_of=before)["value"].tolist() == [0.4, 0.41]
    known = workbench.actions()
    again = workbench.record_actions(known[["symbol", "ex_date", "kind", "value"]])
    assert (again.new, again.changed, again.same) == (0, 0, 3)


def test_every_fact_knows_its_run(database_url: str) -> None:
    with Workbench(Settings(database_url=database_url)) as opened:
        run_id = opened.ledger.start("mine", {})
    with Workbench(Settings(database_url=database_url, run_id=run_id)) as workbench:
        assert workbench.record_actions(SAMPLE).run_id == run_id
        assert workbench.runs()["status"].tolist() == ["running"]
        with workbench.database.transaction(Role.READER) as cursor:
            cursor.execute("SELECT DISTINCT run_id FROM data_ingestion.corporate_action")
            assert cursor.fetchall() == [(run_id,)]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("KO,2020-02-30,split,2", "'2020-02-30' is not a date; give the ex-date"),
        ("KO,20200102,split,2", "'20200102' is not a date"),
        ("KO,2020-01-02,merger,2", "'merger' is not a kind of action; allowed: split, dividend"),
        ("KO,2020-01-02,split,0", "'0' is not a number above zero"),
        ("KO,2020-01-02,split,-2", "'-2' is not a number"),
        ("KO,2020-01-02,split,nan", "'nan' is not a number"),
        ("KO,2020-01-02,split,1e999", "'1e999' is not a number"),
        ("KO,2020-01-02,split,2:1", "(2 for 2:1)"),
        ("KO,2020-01-02,split,1_0", "'1_0' is not a number"),
        ('KO,2020-01-02,split,"1,5"', "'1,5' is not a number"),
        (" ,2020-01-02,split,2", "'' is not a symbol"),
        ("KO,2020-01-02,split", "3 values where 4 belong"),
        ("KO,2020-01-02,split,2,3", "5 values where 4 belong"),
        ("AA,2019-01-02,split,2", "AA has a split on 2019-01-02 in facts.csv line 2 already"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    workbench: Workbench, tmp_path: Path, row: str, says: str
) -> None:
    file = tmp_path / "facts.csv"
    file.write_text(f"{HEAD}AA,2019-01-02,split,3\n{row}\nZ,x,y,z\n")
    with pytest.raises(InputError) as caught:
        workbench.record_actions(file)
    message = str(caught.value)
    assert message.startswith("facts.csv line 3: ")
    assert says in message
    assert message.endswith("(wrong rows: 2); nothing was written")
    assert told(workbench) == []
    assert workbench.runs().empty


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (
            b"",
            InputError,
            "facts.csv has the columns (none); needed, and no other: symbol, ex_date",
        ),
        (b"symbol,ex_date,kind,value,note\n", InputError, "value, note; needed"),
        (b"symbol,ex_date,kind,kind\n", InputError, "kind, kind; needed"),
        (HEAD.encode() + b"K\xff,2020-01-02,split,2\n", SourceError, "as CSV in UTF-8"),
        (HEAD.encode() + b'"KO,2020-01-02,split,2\n', SourceError, "unexpected end of data"),
    ],
)
def test_what_is_no_such_file_is_one_clear_line(
    workbench: Workbench, tmp_path: Path, content: bytes, error: type[Exception], says: str
) -> None:
    file = tmp_path / "facts.csv"
    file.write_bytes(content)
    with pytest.raises(error, match=r"facts\.csv") as caught:
        workbench.record_actions(file)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_bad_table_are_refused(workbench: Workbench) -> None:
    with pytest.raises(SourceError, match=r"cannot read nowhere\.csv: No such file"):
        workbench.record_actions("nowhere.csv")
    row = {"symbol": "KO", "ex_date": pd.Timestamp("2020-01-02 10:00"), "kind": "split"}
    with pytest.raises(InputError, match=r"^row 0: Timestamp.* is not a date"):
        workbench.record_actions(pd.DataFrame([row | {"value": 2}]))
    row["ex_date"] = pd.Timestamp("2020-01-02")
    for value in (True, None, np.nan, "two"):
        with pytest.raises(InputError, match="is not a number above zero"):
            workbench.record_actions(pd.DataFrame([row | {"value": value}]))
    with pytest.raises(InputError, match="the table has the columns symbol, ex_date, kind; needed"):
        workbench.record_actions(pd.DataFrame([row]))


def test_unknown_symbols_and_moments_are_refused(workbench: Workbench) -> None:
    workbench.record_actions(SAMPLE)
    with pytest.raises(UnknownNameError, match="did you mean 'AAPL'"):
        workbench.actions("APPL")
    with pytest.raises(RangeError, match="is not a time"):
        workbench.actions(as_of="yesterday-ish")
    assert workbench.actions([]).empty


def run(database_url: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        cwd=cwd,
        env=os.environ | {"WORKBENCH_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_records_and_lists(database_url: str, tmp_path: Path) -> None:
    recorded = run(database_url, "actions", "record", "data/actions/sample.csv", cwd=tmp_path)
    assert recorded.stdout.startswith("3 new and 0 changed facts; 0 were known already; no bars")
    (row,) = json.loads(run(database_url, "actions", "--symbols=MSFT", "--json", cwd=ROOT).stdout)
    assert (row["symbol"], row["ex_date"][:10], row["value"]) == ("MSFT", "2003-02-18", 2.0)
    listed = run(database_url, "actions", "--as-of", "2000", cwd=tmp_path)
    assert listed.stdout == "no splits or dividends\n"
    refused = run(database_url, "actions", "record", "nowhere.csv", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("workbench: cannot read nowhere.csv")
