"""The verbs of notebooks: run, serve, lab."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.shown import pairs, say, table
from workbench.errors import InputError, RunError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.running.parameters import Parameter
    from workbench.settings import Settings

CLOSED_TO_USERS = (
    "ip|token|password|hashed_password|allow_remote_access|allow_unauthenticated_access"
)


@click.command(add_help_option=False)
@click.argument("notebook", required=False)
@click.option(
    "-p",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter: NAME=VALUE; a list is AAPL,MSFT or JSON; none for nothing.",
)
@click.option("--report", type=click.Path(path_type=Path), help="File for the executed notebook.")
@click.option("-h", "--help", "help_", is_flag=True, help="Show this, or what NOTEBOOK takes.")
@click.pass_context
def run(
    context: click.Context,
    notebook: str | None,
    given: tuple[str, ...],
    report: Path | None,
    help_: bool,
) -> None:
    """Execute NOTEBOOK, a name in notebooks/ or a path; without one, list what there is.

    \b
    workbench run ingest_bars
    workbench run ingest_bars -p symbols=AAPL,MSFT -p start=2010 -p dry_run=yes
    workbench run ingest_bars --help
    """
    from workbench.running import notebooks
    from workbench.settings import Settings

    settings = Settings.from_environment()
    if help_ and notebook is None:
        click.echo(context.get_help())
    elif notebook is None:
        _list_notebooks(settings)
    elif help_:
        path = notebooks.find(notebook, settings.project_path)
        click.echo(_described(path.stem, notebooks.parameters(path), notebooks.summary(path)))
    else:
        _run(notebook, pairs(given), report, settings)


def _list_notebooks(settings: Settings) -> None:
    from workbench.running import notebooks

    found = notebooks.notebooks(settings.project_path)
    if not found:
        click.echo(f"no notebooks in {settings.project_path / notebooks.NOTEBOOKS}")
    for name, path in found.items():
        try:
            click.echo(_described(name, notebooks.parameters(path), notebooks.summary(path)))
        except RunError as error:
            click.echo(f"{name}: cannot run; {error}")


def _described(name: str, parameters: dict[str, Parameter], summary: str) -> str:
    heads = [
        f"  -p {p.name}={p.value if isinstance(p.value, str) else p.default}"
        for p in parameters.values()
    ]
    width = max(map(len, heads), default=0) + 2
    lines = [
        f"{head:<{width}}{parameter.help} ({parameter.type_name})"
        for head, parameter in zip(heads, parameters.values(), strict=True)
    ]
    return "\n".join([f"{name}: {summary}" if summary else name, *lines])


def _run(notebook: str, given: dict[str, str], report: Path | None, settings: Settings) -> None:
    from workbench.api import Workbench
    from workbench.running import execute, notebooks
    from workbench.running.parameters import from_text

    path = notebooks.find(notebook, settings.project_path)
    values = from_text(notebooks.parameters(path), given)
    if not sys.stderr.isatty():
        say(f"running {path.stem} …")
    with Workbench(settings) as workbench:
        result = execute.run(
            path, values, settings=settings, ledger=workbench.ledger, report=report
        )
    click.echo(_outcome(result.written))
    click.echo(f"run {result.run_id} {result.status} in {result.duration_s:.1f} s")
    click.echo(f"report: {_near(result.report)}")


def _outcome(written: pd.DataFrame) -> str:
    if written.empty:
        return "nothing was written"
    total = written[["new", "changed", "same", "rejected"]].sum()
    words = f"{total.new:,} new and {total.changed:,} changed rows"
    return (
        f"{table(written)}\n\n{words if total.new + total.changed else 'nothing new'}"
        f"; {total.same:,} were there already, {total.rejected:,} kept aside"
    )


def _near(path: Path) -> Path:
    """`path` as seen from here, when it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@click.command()
@click.argument("notebook", required=False)
@click.option("--port", default=8866, show_default=True, help="A free one when it is taken.")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
def serve(notebook: str | None, port: int, open_browser: bool) -> None:
    """Serve the dashboard NOTEBOOK, or all in notebooks/dashboards/, and print the address.

    For this machine only and with a token; Ctrl-C ends it.
    """
    from workbench.dashboards.server import serve as serve_dashboards

    serve_dashboards(notebook, port=port, open_browser=open_browser)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("jupyter_arguments", nargs=-1, type=click.UNPROCESSED)
def lab(jupyter_arguments: tuple[str, ...]) -> None:
    """Open JupyterLab on notebooks/, for this machine only and with a token.

    \b
    workbench lab
    workbench lab -- --no-browser --port 9999
    """
    from workbench.settings import Settings

    command = _lab_command(Settings.from_environment().project_path.absolute(), jupyter_arguments)
    sys.stdout.flush()
    os.execv(sys.executable, command)  # signals go straight to Jupyter


def _lab_command(project: Path, extra: Sequence[str]) -> list[str]:
    for argument in extra:
        if re.match(rf"-+(\w+\.)?({CLOSED_TO_USERS})\b", argument):
            raise InputError(
                f"{argument!r} would open JupyterLab, which executes code, to others; use an "
                "ssh tunnel to reach it from elsewhere"
            )
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "-y"]
    command += [f"--ServerApp.root_dir={project}"]
    command += [f"--FileContentsManager.preferred_dir={project / 'notebooks'}"]
    command += ["--LabApp.news_url=None"]  # no request leaves this machine unasked
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    return command + (["--allow-root"] if os.geteuid() == 0 else []) + list(extra)
