"""Execute one notebook as a run: a ledger row, a kernel of its own, a report that lands whole.

The kernel runs on the interpreter that runs us, in the project's folder, and learns our settings
and the number of its run from its environment. The report appears under its name only when it is
complete, and says what happened also when a cell failed, the kernel died or we were interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError, RunError
from workbench.running import notebooks
from workbench.running.parameters import validated
from workbench.settings import PREFIX, Settings

if TYPE_CHECKING:
    import pandas as pd

    from workbench.store.ledger import Ledger


@dataclass(frozen=True)
class RunResult:
    """What a run did: its number and status, where the report is, and rows written per series."""

    run_id: int
    status: str
    report: Path
    written: pd.DataFrame
    duration_s: float
    parameters: dict[str, Any]

    def __str__(self) -> str:
        return f"run {self.run_id} {self.status} in {self.duration_s:.1f} s; report {self.report}"


def run(
    notebook: str | Path,
    given: Mapping[str, Any],
    *,
    settings: Settings,
    ledger: Ledger,
    report: str | Path | None = None,
    progress: bool = True,
) -> RunResult:
    """Execute `notebook` with the parameters `given` and return what it did.

    The executed notebook lands at `report`, by default in the project's `reports/`. Raises
    UnknownNameError and InputError before a kernel starts, RunError when the notebook fails, and
    KeyboardInterrupt on Ctrl-C, SIGTERM or SIGHUP; the ledger and the report tell in each case.
    """
    source = notebooks.find(notebook, settings.project_path)
    declared = notebooks.parameters(source)
    values = validated(declared, given)
    effective = {name: parameter.value for name, parameter in declared.items()} | values
    target = report_path(report)
    folder = report_folder(target.parent if target else settings.project_path / "reports")
    started = time.monotonic()
    run_id = ledger.start(source.stem, effective)
    path = target or folder / report_name(source.stem, run_id)
    with interruptible(), told(ledger, run_id, path):
        execute(source, path, values, replace(settings, run_id=run_id), progress)
    duration_s = time.monotonic() - started
    return RunResult(run_id, "succeeded", path, ledger.written(run_id), duration_s, effective)


def report_path(given: str | Path | None) -> Path | None:
    """Where the caller wants the report; InputError when it is not the name of a notebook.

    >>> report_path("out/bars.ipynb").name
    'bars.ipynb'
    """
    if given is None:
        return None
    path = Path(given).absolute()
    if path.suffix != ".ipynb" or path.is_dir():
        raise InputError(f"report {str(given)!r} is not a file name that ends in .ipynb")
    return path


def report_folder(folder: Path) -> Path:
    """`folder`, made when it is missing; InputError when that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot keep reports in {folder}: {error.strerror}") from None
    return folder.absolute()


def report_name(notebook: str, run_id: int) -> str:
    """The file name of a report: notebook, start in UTC, run.

    >>> report_name("ingest_bars", 7).endswith("-run7.ipynb")
    True
    """
    return f"{notebook}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-run{run_id}.ipynb"


@contextmanager
def told(ledger: Ledger, run_id: int, report: Path) -> Iterator[None]:
    """Close the run in the ledger as what happened inside, with its report when that exists."""
    status, message = "succeeded", None
    try:
        yield
    except KeyboardInterrupt as error:
        status, message = "interrupted", f"interrupted by {error or 'SIGINT'}"
        where = f"; report {report}" if report.exists() else ""
        raise KeyboardInterrupt(f"run {run_id} {message}{where}") from None
    except BaseException as error:
        status, message = "failed", str(error)
        raise
    finally:
        ledger.finish(run_id, status, message, str(report) if report.exists() else None)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, the first SIGINT, SIGTERM or SIGHUP raises KeyboardInterrupt; more are ignored.

    So a run has the time to save its report. A signal that is ignored already (nohup) stays so.
    Only the main thread can do this; in others nothing changes.
    """
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.getsignal(s) for s in signals if signal.getsignal(s) != signal.SIG_IGN}

    def interrupt(number: int, _frame: object) -> None:
        for caught in before:
            signal.signal(caught, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    for caught in before:
        signal.signal(caught, interrupt)
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler or signal.SIG_DFL)


def execute(
    source: Path, report: Path, values: Mapping[str, Any], settings: Settings, progress: bool
) -> None:
    """Execute `source` through Papermill; the report lands in one move, whatever happens."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from workbench.running.engine import NAME, register

    register()
    bar = {"desc": source.stem, "disable": None, "leave": False}
    try:
        with landing(report) as partial:
            papermill.execute_notebook(
                braced(source),
                braced(partial),
                dict(values),
                engine_name=NAME,
                kernel_name="python3",
                language="python",
                request_save_on_cell_execute=False,
                progress_bar=bar if progress else False,
                partial=partial,
                report=report,
                directory=settings.project_path,
                environment=kernel_environment(settings),
            )
    except PapermillExecutionError as error:
        raise RunError(failure(source.stem, error, report)) from None
    except OSError as error:
        raise RunError(f"cannot save the report {report}: {error.strerror or error}") from error


@contextmanager
def landing(report: Path) -> Iterator[Path]:
    """A path beside `report` to write to, which is moved there when it holds a whole notebook."""
    partial = report.with_name(f".{report.name}")
    try:
        yield partial
    finally:
        if partial.exists():
            try:
                json.loads(partial.read_bytes())
                partial.replace(report)
            except ValueError:  # cut off by a full disk or an interruption
                partial.unlink()


def braced(path: Path) -> str:
    """`path` as Papermill takes it, which fills in `{…}`.

    >>> braced(Path("a{b}"))
    'a{{b}}'
    """
    return str(path).replace("{", "{{").replace("}", "}}")


def failure(notebook: str, error: Any, report: Path) -> str:
    """One line that says which cell failed, how, and where to look."""
    message = str(error.evalue).strip().splitlines()
    reason = f"{error.ename}: {message[0]}" if message else str(error.ename)
    cell = f"cell [{error.exec_count}]" if error.exec_count else f"cell {error.cell_index + 1}"
    return f"{notebook} failed in {cell}: {reason}; see {report}"


def kernel_environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with `settings` in place of its own `WORKBENCH_*` variables.

    >>> kernel_environment(Settings(run_id=7))["WORKBENCH_RUN_ID"]
    '7'
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    given = {f.name: getattr(settings, f.name) for f in fields(settings)}
    ours = {
        PREFIX + name.upper(): text(value) for name, value in given.items() if value is not None
    }
    return kept | ours


def text(value: Any) -> str:
    """A setting as its environment variable says it; a path so that it means the same elsewhere.

    >>> text(True), text(0.5)
    ('1', '0.5')
    """
    if isinstance(value, Path):
        return str(value.absolute())
    return str(int(value)) if isinstance(value, bool) else str(value)
