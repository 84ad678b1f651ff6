"""The code of the tutorial and of the README runs from top to bottom and prints what they say."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.compile(
    r"^```python\n(.*?)^```\n(?:\n^```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE
)
END = "--- end of block ---"
PROJECT = ("notebooks", "data")
FLAGS = doctest.ELLIPSIS


@pytest.mark.parametrize(("page", "least"), [("docs/tutorial.md", 9), ("README.md", 1)])
def test_a_page_prints_what_it_says(
    page: str, least: int, demo_database_url: str, tmp_path: Path
) -> None:
    for name in PROJECT:
        shutil.copytree(ROOT / name, tmp_path / name)
    blocks = BLOCKS.findall((ROOT / page).read_text())
    assert len(blocks) >= least
    script = tmp_path / "page.py"
    script.write_text("".join(f"{code}\nprint({END!r})\n" for code, _ in blocks))
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env=os.environ
        | {"WORKBENCH_DATABASE_URL": demo_database_url, "WORKBENCH_PROJECT_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *printed, rest = done.stdout.split(f"{END}\n")
    assert rest == ""
    for (code, said), got in zip(blocks, printed, strict=True):
        assert doctest.OutputChecker().check_output(said, got, FLAGS), f"{code}\n{got}"
    assert list((tmp_path / "reports").glob("*.ipynb"))
