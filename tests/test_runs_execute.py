"""Runs of real notebooks in real kernels: what lands in the report and in the ledger."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from workbench.api import Workbench
from workbench.errors import InputError, RunError, UnknownNameError
from workbench.running import execute
from workbench.running.execute import RunResult
from workbench.settings import Settings

TELL = """
import json, os, sys
told = {
    "executable": sys.executable,
    "directory": os.getcwd(),
    "pid": os.getpid(),
    "settings": {k: v for k, v in os.environ.items() if k.startswith("WORKBENCH_")},
    "text": text,
    "names": names,
}
print(json.dumps(told))
"""
PARAMETERS = 'text: str = "default"\nnames: list[str] = []'
WAIT = (
    "import os, pathlib, time\npathlib.Path('kernel').write_text(str(os.getpid()))\ntime.sleep(600)"
)
AWKWARD = 'quote " backslash \\ newline \n brace {x} 0005 ü \\'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with braces and a space in its name."""
    folder = tmp_path / "my {project}"
    (folder / "notebooks").mkdir(parents=True)
    return folder


def write(project: Path, name: str, *cells: str) -> None:
    tagged = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    notebook = new_notebook(cells=[tagged, *map(new_code_cell, cells)])
    nbformat.write(notebook, project / "notebooks" / f"{name}.ipynb")


Runner = Callable[..., RunResult]


@pytest.fixture
def run(project: Path, database_url: str, workbench: Workbench) -> Runner:
    """Execute a notebook of `project` with the ledger of this test's own database."""

    def run(name: str, folder: Path = project, **parameters: Any) -> RunResult:
        settings = Settings(database_url=database_url, project_dir=folder)
        return execute.run(
            name, parameters, settings=settings, ledger=workbench.ledger, progress=False
        )

    return run


def statuses(report: Path) -> list[str]:
    notebook = nbformat.read(report, as_version=4)
    return [cell.metadata.papermill.status for cell in notebook.cells if cell.cell_type == "code"]


def printed(report: Path) -> str:
    outputs = [o for c in json.loads(report.read_text())["cells"] for o in c.get("outputs", [])]
    return "".join("".join(o.get("text", [])) for o in outputs)


def test_the_kernel_is_this_interpreter_in_the_project_and_knows_its_run(
    project: Path,
    run: Runner,
    workbench: Workbench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoy = tmp_path / "jupyter" / "kernels" / "python3"
    decoy.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "x", "language": "python"}
    (decoy / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    environment, directory = dict(os.environ), Path.cwd()
    write(project, "tell", TELL)

    result = run("tell", text=AWKWARD, names=["NO", "0005", AWKWARD])

    told = json.loads(printed(result.report))
    assert told["executable"] == sys.executable
    assert told["directory"] == str(project)
    assert (told["text"], told["names"]) == (AWKWARD, ["NO", "0005", AWKWARD])
    assert told["settings"]["WORKBENCH_RUN_ID"] == str(result.run_id)
    assert Settings.from_environment(told["settings"]) == Settings(
        database_url=workbench.settings.database_url, project_dir=project, run_id=result.run_id
    )
    assert not lives(told["pid"])
    assert (dict(os.environ), Path.cwd()) == (environment, directory)
    assert [path.name for path in (project / "reports").iterdir()] == [result.report.name]
    assert result.report.name.startswith("tell-20")
    assert result.report.name.endswith(f"-run{result.run_id}.ipynb")
    assert statuses(result.report) == ["completed"] * 3
    row = workbench.runs().set_index("run_id").loc[result.run_id]
    assert (row["notebook"], row["status"], row["error"]) == ("tell", "succeeded", None)
    assert row["report"] == str(result.report)
    assert row["finished_at"] >= row["started_at"]
    assert result.written.empty
    assert result.parameters == {"text": AWKWARD, "names": ["NO", "0005", AWKWARD]}


def test_a_failed_cell_is_named_and_the_report_shows_it(
    project: Path, run: Runner, workbench: Workbench
) -> None:
    write(project, "fail", "print('before')", "1 / 0", "print('after')")
    with pytest.raises(RunError, match=r"fail failed in cell \[3\]: ZeroDivisionError: div") as met:
        run("fail")
    row = workbench.runs().iloc[0]
    report = Path(row["report"])
    assert (row["status"], row["error"]) == ("failed", str(met.value))
    assert str(report) in str(met.value)
    assert "\n" not in str(met.value)
    assert printed(report) == "before\n"
    assert statuses(report) == ["completed", "completed", "failed", "pending"]


def test_a_dead_kernel_is_a_failure_of_the_cell_that_ran(
    project: Path, run: Runner, workbench: Workbench
) -> None:
    write(project, "die", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "1")
    with pytest.raises(RunError, match="DeadKernelError"):
        run("die")
    row = workbench.runs().iloc[0]
    assert row["status"] == "failed"
    assert statuses(Path(row["report"])) == ["completed", "failed", "pending"]


def test_threads_run_each_in_its_own_project(project: Path, run: Runner, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "notebooks").mkdir(parents=True)
    folders = [project, other]
    for folder in folders:
        write(folder, "tell", TELL)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda folder: run("tell", folder), folders))
    told = [json.loads(printed(result.report)) for result in results]
    assert [t["directory"] for t in told] == [str(folder) for folder in folders]
    assert [t["settings"]["WORKBENCH_RUN_ID"] for t in told] == [str(r.run_id) for r in results]


def test_what_is_wrong_is_refused_before_anything_starts(
    project: Path, run: Runner, workbench: Workbench
) -> None:
    write(project, "tell", TELL)
    with pytest.raises(UnknownNameError, match="did you mean 'tell'"):
        run("tel")
    with pytest.raises(UnknownNameError, match="unknown parameter 'txt'"):
        run("tell", txt="x")
    with pytest.raises(InputError, match=r"names='AAPL' does not fit; names takes list\[str\]"):
        run("tell", names="AAPL")
    settings = Settings(project_dir=project)
    for wrong in ("report.html", project):
        with pytest.raises(InputError, match=r"ends in \.ipynb"):
            execute.run("tell", {}, settings=settings, ledger=workbench.ledger, report=wrong)
    (project / "file").touch()
    with pytest.raises(InputError, match="cannot keep reports"):
        execute.run(
            "tell",
            {},
            settings=settings,
            ledger=workbench.ledger,
            report=project / "file" / "report.ipynb",
        )
    assert workbench.runs().empty
    assert not (project / "reports").exists()


def command_line(
    project: Path, database_url: str, *arguments: str, **options: Any
) -> subprocess.Popen[str]:
    ours: Mapping[str, str] = {
        "WORKBENCH_DATABASE_URL": database_url,
        "WORKBENCH_PROJECT_DIR": str(project),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "workbench", "run", *arguments],
        env={**os.environ, **ours},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def lives(pid: int | str) -> bool:
    """Whether a process runs; one that has ended has no command line, even before it is reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_says_so_and_leaves_no_kernel(
    project: Path, database_url: str, workbench: Workbench, number: signal.Signals
) -> None:
    write(project, "wait", "print('before')", WAIT, "print('after')")
    process = command_line(project, database_url, "wait")
    kernel = project / "kernel"
    while not (kernel.exists() and kernel.read_text()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    row = workbench.runs().iloc[0]
    assert (row["status"], row["error"]) == ("interrupted", f"interrupted by {number.name}")
    report = Path(row["report"])
    assert printed(report) == "before\n"
    assert statuses(report) == ["completed", "completed", "failed", "pending"]
    assert not lives(kernel.read_text())
    assert errors.splitlines()[1:] == [
        "",
        f"workbench: run {row['run_id']} interrupted by {number.name}; report {report}",
    ]


def test_a_report_that_does_not_fit_on_the_disk_leaves_no_half(
    project: Path, database_url: str, workbench: Workbench
) -> None:
    write(project, "big", "print('x' * 300_000)")
    process = command_line(
        project,
        database_url,
        "big",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot save the report" in errors
    assert "File too large" in errors
    assert list((project / "reports").iterdir()) == []
    row = workbench.runs().iloc[0]
    assert (row["status"], row["report"]) == ("failed", None)


def test_a_notebook_may_run_another_one(project: Path, run: Runner, workbench: Workbench) -> None:
    write(project, "inner", "print('inner')")
    write(project, "outer", "import workbench as wb\nprint(wb.run('inner', text='x').report)")
    outer = run("outer")
    inner = Path(printed(outer.report).splitlines()[-1])
    assert printed(inner) == "inner\n"
    assert workbench.runs()["notebook"].tolist() == ["inner", "outer"]
    assert workbench.runs()["status"].tolist() == ["succeeded", "succeeded"]


def test_a_terminal_shows_a_progress_bar(project: Path, database_url: str) -> None:
    write(project, "quick", "1")
    ours, theirs = os.openpty()
    termios.tcsetwinsize(ours, (40, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "run", "quick"],
        env={
            **os.environ,
            "WORKBENCH_DATABASE_URL": database_url,
            "WORKBENCH_PROJECT_DIR": str(project),
        },
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    process.communicate(timeout=60)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert process.returncode == 0, shown
    assert re.search(r"quick: +0%\| +\| 0/2 ", shown)
