"""pyproject.toml, constraints.txt, environment.yml and the hooks name one and the same set."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [
    Requirement(text)
    for texts in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for text in texts
]
PROMISED = {
    "ipywidgets",
    "jupyterlab",
    "memory-profiler",
    "numpy",
    "pandas",
    "papermill",
    "plotly",
    "psycopg2-binary",
    "sqlalchemy",
    "voila",
}


def pins() -> dict[str, str]:
    """The version of each package that constraints.txt names for this Python."""
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            (exact,) = pin.specifier
            assert exact.operator == "==", line
            if pin.marker is None or pin.marker.evaluate():
                assert canonicalize_name(pin.name) not in found, f"{pin.name} is pinned twice"
                found[canonicalize_name(pin.name)] = exact.version
    return found


PINS = pins()


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


def test_the_promised_packages_are_runtime_requirements() -> None:
    required = {Requirement(text).name for text in PROJECT["dependencies"]}
    assert required >= PROMISED


def test_this_environment_holds_the_pinned_versions() -> None:
    wrong = {}
    for name, pinned in PINS.items():
        if name == "pip":  # it installs the others; conda brings its own
            continue
        try:
            if version(name) != pinned:
                wrong[name] = version(name)
        except PackageNotFoundError:  # another Python or system needs it
            continue
    assert not wrong, "run `make setup-test`"


def test_the_pins_are_complete() -> None:
    """Whatever a pinned package needs here is pinned too, within the range that it asks for."""
    reached, todo = set[str](), [f"{r.name}[{','.join(r.extras)}]" for r in REQUIREMENTS]
    while todo:
        wanted = Requirement(todo.pop())
        if str(wanted) in reached:
            continue
        reached.add(str(wanted))
        for text in distribution(wanted.name).requires or []:
            needed = Requirement(text)
            extras = wanted.extras or {""}
            if needed.marker and not any(needed.marker.evaluate({"extra": e}) for e in extras):
                continue
            assert needed.specifier.contains(PINS[canonicalize_name(needed.name)]), text
            todo.append(f"{needed.name}[{','.join(needed.extras)}]")
    assert len(reached) > 100


def test_conda_users_get_the_same_environment() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    *plain, pip = conda["dependencies"]
    assert pip == {"pip": ["-c constraints.txt", "-e .[test]"]}
    assert plain[1:] == ["pip"]
    python = plain[0].removeprefix("python=")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python)


def test_the_makefile_installs_from_the_same_files() -> None:
    setup = (ROOT / "scripts" / "setup_venv.py").read_text()
    assert '"-c", "constraints.txt"' in setup
    assert "scripts/setup_venv.py --extra test" in (ROOT / "Makefile").read_text().replace(
        "$(SETUP)", "scripts/setup_venv.py"
    )


def test_hooks_run_the_pinned_tools() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    tools = {"python": "mypy"}
    for repo in config["repos"]:
        assert repo["repo"] == "local", "a hook from elsewhere has a version of its own"
        for hook in repo["hooks"]:
            wrapper, tool, *_ = hook["entry"].split()
            assert (ROOT / wrapper).is_file()
            assert tools.get(tool, tool) in PINS


def test_the_extras_of_the_tests_are_installed_here() -> None:
    for text in PROJECT["optional-dependencies"]["test"]:
        assert version(Requirement(text).name)


def test_this_python_is_allowed() -> None:
    running = ".".join(map(str, sys.version_info[:3]))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(running)
    assert re.fullmatch(r"\d+\.\d+\.\d+", PROJECT["version"])
