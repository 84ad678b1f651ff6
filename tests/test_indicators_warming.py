"""Compiled kernels: kept on disk, found again, and done without where no disk is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import InputError, UnknownNameError
from workbench.indicators import warming

ROOT = Path(__file__).parent.parent
SUM = "import numpy as np, workbench.indicators as ta; print(ta.sma(np.arange(4.0), window=2))"
COUNT = """
import numba.core.event as events
from numba.core.event import install_recorder
with install_recorder("numba:compile") as recorder:
    from workbench.indicators import warming
    warming.once("sma"); warming.once("macd")
print(len(recorder.buffer))
"""


POWERLESS = ["setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override"]
"""Root that the modes of files bind like everybody else."""


def run(code: str, package: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PYTHONPATH": str(package), **environment}
    command = [*(POWERLESS if os.geteuid() == 0 else []), sys.executable, "-c", code]
    return subprocess.run(command, env=known, capture_output=True, text=True, cwd=package)


def test_what_was_warmed_is_not_compiled_again(tmp_path: Path) -> None:
    place = {"NUMBA_CACHE_DIR": str(tmp_path / "code")}
    assert int(run(COUNT, **place).stdout) > 0
    assert int(run(COUNT, **place).stdout) == 0


def test_code_in_a_folder_that_may_only_be_read_serves_as_well(tmp_path: Path) -> None:
    code = tmp_path / "code"
    run(COUNT, NUMBA_CACHE_DIR=str(code))
    code.chmod(0o555)
    before = sorted(code.iterdir())
    assert int(run(COUNT, NUMBA_CACHE_DIR=str(code)).stdout) == 0
    other = run(SUM.replace("sma", "ema"), NUMBA_CACHE_DIR=str(code))  # which is not there
    assert "[nan 0.5 1.5 2.5]" in other.stdout, other.stderr
    assert sorted(code.iterdir()) == before


def test_where_no_folder_can_be_written_kernels_compile_and_say_so(tmp_path: Path) -> None:
    package = tmp_path / "site"
    shutil.copytree(ROOT / "workbench", package / "workbench")
    shutil.rmtree(package / "workbench" / "indicators" / "__pycache__", ignore_errors=True)
    (package / "workbench" / "indicators").chmod(0o555)
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir(mode=0o555)
    result = run(SUM, package, XDG_CACHE_HOME=str(nowhere), NUMBA_CACHE_DIR=str(nowhere / "code"))
    assert "[nan 0.5 1.5 2.5]" in result.stdout, result.stderr
    assert result.stderr.count("set NUMBA_CACHE_DIR to a directory that can be written") == 1


def test_names_and_processes_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="indicator 'smaa'"):
        warming.warm(["smaa"])
    with pytest.raises(InputError, match="processes=0"):
        warming.warm(["sma"], processes=0)


def test_two_processes_share_the_work() -> None:
    done = warming.warm(["sma", "ema"], processes=2)
    assert done.indicators == 2
    assert "2 indicators ready" in str(done)
