"""The command line as users and programs meet it: real processes, exit codes, what is printed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

ROOT = Path(__file__).parent.parent
WORKBENCH = [sys.executable, "-m", "workbench"]


def workbench(*arguments: str, **environment: object) -> subprocess.CompletedProcess[str]:
    settings = {f"WORKBENCH_{name.upper()}": str(value) for name, value in environment.items()}
    return subprocess.run(
        [*WORKBENCH, *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A state folder that the account of root's server can reach; its server is stopped."""
    folder = Path("/var/tmp") / f"workbench-cli-{os.getpid()}-{tmp_path.stat().st_ino}"
    yield folder
    workbench("down", state_dir=folder)
    subprocess.run(["rm", "-rf", folder], check=True)


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = ["pandas", "numpy", "plotly", "sqlalchemy", "psycopg2", "papermill", "nbformat"]
    code = f"import sys, workbench.cli; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_help_names_every_verb_and_version_is_the_packages() -> None:
    shown = workbench("--help")
    assert shown.returncode == 0
    for verb in ("up", "down", "status", "run", "ingest", "lab", "serve"):
        assert re.search(rf"^  {verb} ", shown.stdout, re.MULTILINE), verb
        assert workbench(verb, "--help").returncode == 0
    from workbench import __version__

    assert workbench("--version").stdout == f"workbench {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--nonsense"],
        ["run", "ingest_bars", "-p", "symbols"],
        ["run", "ingest_bars", "-p", "start=1", "-p", "start=2"],
        ["ingest", "csv", "surplus"],
    ],
)
def test_a_wrong_command_line_is_usage_and_exits_2(arguments: list[str]) -> None:
    shown = workbench(*arguments)
    assert shown.returncode == 2
    assert "Usage:" in shown.stderr
    assert "Traceback" not in shown.stderr


NOWHERE = "postgresql://ann:pa55word@127.0.0.1:9/none"


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["run", "ingest_bar"], {}, "did you mean 'ingest_bars'"),
        (["run", "ingest_bars", "-p", "symbol=AAPL"], {}, "did you mean 'symbols'"),
        (["run", "ingest_bars", "-p", "dry_run=perhaps"], {}, "dry_run takes bool"),
        (["run", "ingest_bars", "--report", "x.html"], {}, "ends in .ipynb"),
        (["ingest", "cvs"], {}, "did you mean 'csv'"),
        (["serve", "nonsense"], {}, "unknown dashboard 'nonsense'"),
        (["status"], {"pool_size": "many"}, "WORKBENCH_POOL_SIZE='many'"),
        (["status"], {"pool_sise": "1"}, "WORKBENCH_POOL_SIZE"),
        (["status"], {"database_url": NOWHERE}, "check WORKBENCH_DATABASE_URL"),
        (["status"], {"database_url": "mysql://localhost/x"}, "not PostgreSQL"),
        (["down"], {"database_url": NOWHERE}, "not ours to stop"),
        (["lab", "--", "--ip=0.0.0.0"], {}, "ssh tunnel"),
        (["lab", "--", "--IdentityProvider.token="], {}, "ssh tunnel"),
        (["lab", "--", "--ServerApp.password", "x"], {}, "ssh tunnel"),
    ],
)
def test_an_error_of_ours_is_one_line_and_exits_1(
    arguments: list[str], environment: dict[str, str], says: str, tmp_path: Path
) -> None:
    shown = workbench(*arguments, **{"state_dir": tmp_path / "state", **environment})
    assert shown.returncode == 1
    lines = [line for line in shown.stderr.splitlines() if not line.startswith("running ")]
    assert len(lines) == 1
    assert lines[0].startswith("workbench: ")
    assert says in lines[0]
    assert "pa55word" not in shown.stderr + shown.stdout


def test_run_without_a_name_lists_notebooks_and_help_describes_one() -> None:
    listed, described = workbench("run"), workbench("run", "ingest_bars", "--help")
    assert listed.returncode == described.returncode == 0
    assert described.stdout in listed.stdout
    assert re.search(r"-p symbols=None +AAPL,MSFT .*\(list\[str\] \| str \| None\)", listed.stdout)
    assert "-p source=csv " in listed.stdout


def test_a_broken_notebook_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "broken.ipynb").write_text("{")
    (tmp_path / "notebooks" / "whole.ipynb").write_text('{"cells": []}')
    shown = workbench("run", project_dir=tmp_path)
    assert shown.returncode == 0
    assert "broken: cannot run; " in shown.stdout
    assert shown.stdout.endswith("whole\n")


def test_up_status_down_on_an_embedded_server(state_dir: Path) -> None:
    never = json.loads(workbench("status", "--json", state_dir=state_dir).stdout)
    assert never["server"]["state"] == "never started"
    assert not state_dir.exists()

    up = workbench("up", state_dir=state_dir)
    assert up.returncode == 0, up.stderr
    url = re.search(r"psql '(.*)'", up.stdout)
    assert url
    with psycopg2.connect(url[1]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM data_ingestion.market_data")
        assert cursor.fetchone() == (0,)
    connection.close()

    running = json.loads(workbench("status", "--json", state_dir=state_dir).stdout)
    assert set(running) == {"server", "project_dir", "series", "runs"}
    server = running["server"]
    assert (server["kind"], server["state"], server["kept"]) == ("embedded", "running", True)
    assert runs(server["pid"])
    assert server["url"] == url[1]
    assert server["size_bytes"] > 1_000_000

    assert workbench("down", state_dir=state_dir).stdout == "PostgreSQL stopped\n"
    assert not runs(server["pid"])
    assert workbench("down", state_dir=state_dir).stdout == "PostgreSQL was not running\n"
    shown = workbench("status", state_dir=state_dir).stdout
    assert "stopped; starts when needed" in shown
    assert "workbench run ingest_bars" in shown


def runs(pid: int) -> bool:
    """Whether a process lives; an ended one that nobody has waited for has no command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def test_ingest_and_status_on_a_server_of_ones_own(empty_database_url: str, tmp_path: Path) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text(
        "symbol,date,open,high,low,close,volume\n"
        "ACME,2020-01-02,1,2,1,2,10\n"
        "ACME,2020-01-03,2,1,1,2,10\n"
        "ACME,2020-01-06,2,3,2,3,10\n"
    )
    settings = {"database_url": empty_database_url}
    assert "schema up to date" in workbench("up", **settings).stdout
    first = workbench("ingest", f"csv:{bars}", "--timeframe", "1d", **settings)
    assert first.returncode == 0, first.stderr
    assert "wrote 2 new and 0 changed rows" in first.stdout
    assert re.search(r"bars\.csv +3 +high below", first.stdout)
    again = workbench("ingest", f"csv:{bars}", "--symbols", "ACME", "--dry-run", **settings)
    assert "nothing new" in again.stdout

    found = json.loads(workbench("status", "--json", **settings).stdout)
    (series,) = found["series"]
    assert (series["symbol"], series["rows"]) == ("ACME", 2)
    assert series["version"] > 10**15
    assert series["first"].startswith("2020-01-02T00:00:00")
    assert [run["status"] for run in found["runs"]] == ["succeeded"]
    shown = workbench("status", **settings).stdout
    assert re.search(r"ACME +1d +2 +2020-01-02 +2020-01-06 +\d{4}-", shown)

    listed = workbench("store", "partitions", **settings).stdout
    assert re.search(r"1d +market_data_1d_2000 +2000-01-01 +2025-01-01", listed)
    retain = ("store", "retain", "--timeframe", "1d", "--before", "2020-01-06")
    counted = workbench(*retain, "--dry-run", **settings)
    assert counted.stdout == "1 1d bars are older than 2020-01-06\n"
    removed = workbench(*retain, "--yes", **settings)
    assert removed.stdout == "1 1d bars removed\n", removed.stderr
    ordered = workbench("store", "reorder", "--timeframe", "1d", **settings).stdout
    assert "market_data_1d_2000" in ordered
    refused = workbench("store", "retain", "--timeframe", "7d", "--before", "2020", **settings)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_lab_is_for_this_machine_with_a_token_and_ends_on_interrupt(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "mine.ipynb").write_text('{"cells": []}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*WORKBENCH, "lab", "--", "--no-browser", f"--port={port}", "--port-retries=0"],
            env={**os.environ, "WORKBENCH_PROJECT_DIR": str(tmp_path), "HOME": str(tmp_path)},
            stdout=output,
            stderr=output,
        )
    try:
        while not (
            found := re.search(rf"http://127\.0\.0\.1:{port}/\S+token=(\w+)", log.read_text())
        ):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        address = f"http://127.0.0.1:{port}/api/contents/notebooks"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address)
        with urllib.request.urlopen(f"{address}?token={found[1]}") as answer:
            assert [entry["name"] for entry in json.load(answer)["content"]] == ["mine.ipynb"]
        assert listening(port) == {"127.0.0.1"}
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert listening(port) == set()


def listening(port: int) -> set[str]:
    """The addresses that some process listens on at `port`, as the kernel's table says."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    local = [row[1].split(":") for row in rows if row[3] == "0A"]
    ours = [address for address, hexadecimal in local if int(hexadecimal, 16) == port]
    return {socket.inet_ntoa(bytes.fromhex(a)[::-1]) if len(a) == 8 else a for a in ours}
