"""The pages: generated ones are up to date, links lead somewhere, commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import draw_indicators, make_reference
from workbench.cli import cli
from workbench.indicators import INDICATORS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")


def committed() -> dict[str, str]:
    return {path.name: path.read_text() for path in make_reference.REFERENCE.glob("*.md")}


def test_the_reference_is_what_the_code_says() -> None:
    assert committed() == make_reference.pages(), "run `make docs`"


def test_the_reference_is_the_same_in_another_process(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_reference.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, env={"PYTHONHASHSEED": "7"})
    assert {path.name: path.read_text() for path in tmp_path.glob("*.md")} == committed()


def test_every_indicator_is_drawn(tmp_path: Path) -> None:
    draw_indicators.main(tmp_path)
    plots = draw_indicators.FOLDER
    assert {path.name for path in plots.iterdir()} == {path.name for path in tmp_path.iterdir()}
    for name in INDICATORS:
        picture = (tmp_path / f"{name}.svg").read_text()
        assert picture.count("<path") >= 3, f"{name}: nothing is drawn"
        assert len((plots / f"{name}.svg").read_text()) > 0.9 * len(picture), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        aim = (page.parent / target).resolve() if target else page
        assert aim.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor[1:] in anchors(aim), f"{page.name} links to {target}{anchor}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in headings}


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    reached = {(ROOT / "docs" / target).resolve() for target, _ in LINK.findall(index)}
    missing = {
        page
        for page in (ROOT / "docs").rglob("*.md")
        if page.name != "index.md" and not {page, page.parent} & reached
    }
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_named_in_a_page_exist(page: Path) -> None:
    text = page.read_text()
    verbs = set(re.findall(r"(?:`|^|bin/|&& )workbench ([a-z]+)", text, re.MULTILINE))
    assert verbs <= set(cli.commands)
    targets = set(re.findall(r"(?:`|^|&& )make ([a-z-]+)", text, re.MULTILINE))
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets <= known


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in pages]
    assert len(set(numbers)) == len(numbers) > 0
    for path in pages:
        assert re.match(rf"# 0*{int(path.name[:4])}[.:] ", path.read_text()), path.name
