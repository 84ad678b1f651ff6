"""Every example in every docstring gives what it says."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import benchmarks
import workbench

ROOT = Path(__file__).parent.parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def modules(package: ModuleType) -> list[str]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [package.__name__, *sorted(m.name for m in found if not m.name.endswith("__main__"))]


SCRIPTS = [f"scripts.{path.stem}" for path in sorted((ROOT / "scripts").glob("*.py"))]
# A peer's program runs in an environment of its own, which the file beside it lists.
BENCHMARKS = [
    name
    for name in modules(benchmarks)
    if not (ROOT / name.replace(".", "/")).with_suffix(".txt").exists()
]
MODULES = [*modules(workbench), *BENCHMARKS, *SCRIPTS]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert result.failed == 0


RUN_ALL = f"""
import doctest, sys
from workbench import api

runner = doctest.DocTestRunner(optionflags={FLAGS})
for test in doctest.DocTestFinder().find(api):
    for example in test.examples:
        example.options.pop(doctest.SKIP, None)
    runner.run(test)
sys.exit(runner.summarize(verbose=False).failed)
"""


def test_examples_that_need_a_store(demo_database_url: str, tmp_path: Path) -> None:
    """Those of the front door, which are left out above, on a store with the sample."""
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    variables = {
        "WORKBENCH_DATABASE_URL": demo_database_url,
        "WORKBENCH_PROJECT_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        cwd=tmp_path,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
