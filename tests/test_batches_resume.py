"""wb.ta.compute(out=...): killed at any moment it goes on where it was; memory stays bounded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import workbench as wb
from tests.batch_market import change, fill
from workbench.batches import Means, Plan, run
from workbench.batches.place import Place, making
from workbench.errors import InputError
from workbench.reads import recording
from workbench.sessions import Window
from workbench.settings import Settings

ROOT = Path(__file__).parent.parent
SYMBOLS, BARS = 64, 400
ONE_AT_A_TIME_BYTES = 60_000
RUN = """
import sys, workbench as wb
names = [f"S{number:04}" for number in range(int(sys.argv[2]))]
wb.ta.compute(names, ["rsi", "macd"], out=sys.argv[1], limit_bytes=int(sys.argv[3]))
"""


@pytest.fixture
def url(new_database: Any, template: str) -> str:
    made: str = new_database(template)
    fill(made, SYMBOLS, BARS)
    return made


@pytest.fixture
def market(url: str, tmp_path: Path) -> Iterator[wb.Workbench]:
    with wb.Workbench(Settings(database_url=url, cache_dir=tmp_path / "cache")) as made:
        yield made


NAMES = [f"S{number:04}" for number in range(SYMBOLS)]


def started(url: str, tmp_path: Path, out: Path) -> subprocess.Popen[str]:
    """Another process that computes into `out`, one symbol at a time."""
    variables = {"WORKBENCH_DATABASE_URL": url, "WORKBENCH_CACHE_DIR": str(tmp_path / "cache")}
    arguments = [sys.executable, "-c", RUN, str(out), str(SYMBOLS), str(ONE_AT_A_TIME_BYTES)]
    return subprocess.Popen(
        arguments, env=os.environ | variables, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


def parts_of(out: Path) -> list[Path]:
    return [head.parent for head in making(out).glob("*/[!.]*/symbols.json")]


def stopped_midway(url: str, tmp_path: Path, out: Path) -> subprocess.Popen[str]:
    """Such a process, stopped when it has made some parts."""
    process = started(url, tmp_path, out)
    while len(parts_of(out)) < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.send_signal(signal.SIGSTOP)
    return process


def resumed(market: wb.Workbench, out: Path) -> set[str]:
    """Compute what is left; the symbols whose bars were read for it."""
    means = Means(ONE_AT_A_TIME_BYTES, None, False)
    with recording() as heard:
        run(market.database, Plan.of(NAMES, ["rsi", "macd"], Window()), out, means)
    return {symbol for read in heard.reads for symbol in read.symbols}


def check(market: wb.Workbench, out: Path) -> None:
    bars, result = market.bars(NAMES), wb.ta.Computed(out)
    pd.testing.assert_frame_equal(result["rsi_14"], wb.ta.rsi(bars), check_exact=True)
    signals = wb.ta.macd(bars)["signal"]
    pd.testing.assert_frame_equal(result["macd_12_26_9.signal"], signals, check_exact=True)
    assert not making(out).exists()


def test_a_killed_run_goes_on_where_it_was(market: wb.Workbench, url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = stopped_midway(url, tmp_path, out)
    with pytest.raises(InputError, match="is being computed by another process; wait for it"):
        market.compute(NAMES, ["rsi", "macd"], out=out, progress=False)
    with pytest.raises(InputError, match="holds no finished result"):
        wb.ta.Computed(out)
    process.kill()
    process.communicate()
    kept = [json.loads((part / "symbols.json").read_text())["symbols"] for part in parts_of(out)]
    done = {symbol for symbols in kept for symbol in symbols}
    assert 5 <= len(done) < SYMBOLS
    with pytest.raises(InputError, match=r"\.out\.making holds results for other indicators"):
        market.compute(NAMES, ["rsi"], out=out, progress=False)
    moved = min(done)
    change(url, moved)
    assert resumed(market, out) == {*NAMES} - done | {moved}
    check(market, out)


def test_an_interrupted_run_says_so_and_goes_on(
    market: wb.Workbench, url: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = stopped_midway(url, tmp_path, out)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate()
    assert process.returncode
    assert "KeyboardInterrupt" in said
    assert "/64" in said  # the progress bar
    assert not list(making(out).glob("*/.*"))
    assert len(resumed(market, out)) < SYMBOLS
    check(market, out)


def test_killed_between_the_two_last_steps(market: wb.Workbench, tmp_path: Path) -> None:
    """The old result is a part already, and the new one has not yet its place."""
    out = tmp_path / "out"
    assert resumed(market, out) == {*NAMES}
    arguments = json.loads((out / "arguments.json").read_text())
    left = Place(out, arguments)
    left.parts_folder.mkdir(parents=True)
    (left.making / "arguments.json").write_text((out / "arguments.json").read_text())
    out.rename(left.parts_folder / "old")
    (left.making / "final").mkdir()
    (left.parts_folder / ".half-written").mkdir()
    assert resumed(market, out) == set()
    check(market, out)
    assert resumed(market, out) == set()


MEASURE = """
import sys, workbench as wb
names = [f"S{number:04}" for number in range(int(sys.argv[2]))]
def peak_bytes():
    (line,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
wants = ["sma", "ema", "rsi", "macd", "bbands", "atr"]
wb.Workbench().compute(names[:8], wants, limit_bytes=2**30, progress=False)
before = peak_bytes()
wb.ta.compute(names, wants, out=sys.argv[1], limit_bytes=int(sys.argv[3]), progress=False)
print(peak_bytes() - before)
"""


def test_memory_is_bounded_by_the_limit(new_database: Any, template: str, tmp_path: Path) -> None:
    url = new_database(template)
    symbols, bars = len(fill(url, 120, 1500)), 1500
    variables = os.environ | {"WORKBENCH_DATABASE_URL": url}

    def grown_bytes(limit_bytes: int) -> int:
        place = tmp_path / str(limit_bytes)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(place / "out"), str(symbols), str(limit_bytes)],
            env=variables | {"WORKBENCH_CACHE_DIR": str(place / "cache")},
            capture_output=True, text=True, cwd=ROOT, check=True,
        )  # fmt: skip
        return int(done.stdout)

    inputs_bytes, limit_bytes = symbols * bars * 8 * 4, 3_000_000
    assert grown_bytes(limit_bytes) < limit_bytes
    assert grown_bytes(2**30) > inputs_bytes > limit_bytes
