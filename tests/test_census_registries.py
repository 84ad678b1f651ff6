"""Whatever is registered or public is documented, and some test names it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb
from tests.oracles import ORACLES
from tests.test_census_doctests import modules
from workbench import errors
from workbench.cli import cli
from workbench.indicators import INDICATORS
from workbench.sessions import TIMEFRAMES
from workbench.settings import PREFIX, Settings
from workbench.sources import SOURCES

ROOT = Path(__file__).parent.parent
ERRORS = [
    name for name, thing in vars(errors).items() if inspect.isclass(thing) and "Error" in name
]
SETTINGS = [field.name for field in dataclasses.fields(Settings)]
REGISTERED = {
    "api": sorted(wb.__all__),
    "cli": sorted(cli.commands),
    "errors": ERRORS,
    "indicators": sorted(INDICATORS),
    "settings": [PREFIX + name.upper() for name in SETTINGS],
    "sources": sorted(SOURCES),
    "timeframes": list(TIMEFRAMES),
}
EVERYTHING = [(page, name) for page, names in REGISTERED.items() for name in names]
HERE = {Path(__file__).name, "test_census_doctests.py", "test_docs_pages.py"}


def words(paths: list[Path]) -> set[str]:
    return {word for path in paths for word in re.findall(r"\w+", path.read_text())}


TESTED = words([path for path in (ROOT / "tests").rglob("*.py") if path.name not in HERE])
TESTED |= set(ORACLES)


@pytest.mark.parametrize(("page", "name"), EVERYTHING)
def test_it_is_in_the_reference(page: str, name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "reference" / f"{page}.md").read_text())


@pytest.mark.parametrize(
    "name", [name for page, name in EVERYTHING if page not in ("settings", "timeframes")]
)
def test_a_test_names_it(name: str) -> None:
    assert name in TESTED


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_read_from_its_variable(name: str) -> None:
    (field,) = (field for field in dataclasses.fields(Settings) if field.name == name)
    kind = str(field.type).partition(" ")[0]
    text, value = {
        "bool": ("no" if field.default else "yes", not field.default),
        "float": ("1.5", 1.5),
        "int": ("7", 7),
        "Path": ("some/where", Path("some/where")),
        "str": ("postgresql://ann@db/x", "postgresql://ann@db/x"),
    }[kind]
    read = Settings.from_environment({PREFIX + name.upper(): text})
    assert read == dataclasses.replace(Settings(), **{name: value})


def test_every_timeframe_can_be_stored_and_read(workbench: wb.Workbench, tmp_path: Path) -> None:
    for name in TIMEFRAMES:
        file = tmp_path / f"ACME_{name}.csv"
        file.write_text("timestamp,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,2,1,2,5\n")
        workbench.ingest(f"csv:{file}", timeframe=name, progress=False)
        assert workbench.bars("ACME", timeframe=name)["close"].tolist() == [2.0]
    assert set(workbench.series()["timeframe"]) == set(TIMEFRAMES)


def test_all_public_names_exist_and_nothing_else_is_listed() -> None:
    assert sorted(wb.__all__) == wb.__all__
    assert set(dir(wb)) == {*wb.__all__, "__version__"}
    for name in wb.__all__:
        assert getattr(wb.Workbench, name, None) or getattr(wb, name)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_used_and_explained(name: str) -> None:
    (field,) = (field for field in dataclasses.fields(Settings) if field.name == name)
    assert field.metadata["help"]
    code = [path for path in (ROOT / "workbench").rglob("*.py") if path.name != "settings.py"]
    derived = {
        "state_dir": "state_path",
        "project_dir": "project_path",
        "cache_dir": "cache_path",
    }
    assert any(f"settings.{derived.get(name, name)}" in path.read_text() for path in code)


@pytest.mark.parametrize("name", modules(wb))
def test_every_public_function_and_class_says_what_it_does(name: str) -> None:
    module = importlib.import_module(name)
    assert inspect.getdoc(module)
    for attribute, thing in vars(module).items():
        here = getattr(thing, "__module__", None) == name
        if (
            here
            and not attribute.startswith("_")
            and (inspect.isfunction(thing) or inspect.isclass(thing))
        ):
            assert thing.__doc__, f"{name}.{attribute} has no docstring"


def test_importing_costs_nothing() -> None:
    """No heavy package is loaded, no variable of the environment is looked at."""
    code = (
        "import os, sys; os.environ = None; import workbench;"
        "print(*{'pandas', 'numpy', 'sqlalchemy', 'psycopg2', 'plotly', 'numba', 'socket'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
