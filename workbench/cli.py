"""The command line: each verb a thin call of what Python offers.

Exit codes: 0 done, 1 an error that one line on stderr explains, 2 a wrong command line,
130 interrupted. Imports stand inside the verbs, so that `workbench --help` is quick.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from workbench import __version__
from workbench.errors import InputError, RunError, WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.running.parameters import Parameter
    from workbench.settings import Settings

INTERRUPTED = 130
CLOSED_TO_USERS = (
    "ip|token|password|hashed_password|allow_remote_access|allow_unauthenticated_access"
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; errors that are ours are one line and no traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(cli.main(arguments, prog_name="workbench", standalone_mode=False) or 0)
    except WorkbenchError as error:
        _say(f"workbench: {error}")
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as abort:
        _say(f"workbench: {str(abort.__cause__ or '') or 'interrupted'}")
        exec("")  # or CPython dies of SIGINT where the interrupt had passed through an exec of text
        sys.exit(INTERRUPTED)


def _interrupt(number: int, _frame: object) -> NoReturn:
    """SIGTERM ends a verb as Ctrl-C does, so that nothing is left behind."""
    raise KeyboardInterrupt(f"interrupted by {signal.Signals(number).name}")


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="workbench %(version)s")
def cli() -> None:
    """The market-data research workbench: PostgreSQL bars, notebooks and dashboards.

    \b
    workbench run                                   which notebooks there are
    workbench run ingest_bars -p symbols=AAPL,MSFT  bring bars in; the report lands in reports/
    workbench status                                what runs, where the data is, how fresh
    workbench lab                                   JupyterLab on notebooks/
    workbench serve                                 the dashboard in the browser

    Settings are environment variables; WORKBENCH_DATABASE_URL names a PostgreSQL of your own
    instead of the embedded one.
    """


@cli.command()
def up() -> None:
    """Start the embedded PostgreSQL, keep it running, and bring the schema up to date."""
    from workbench.api import Workbench

    with Workbench() as workbench:
        status = workbench.up()
        if status is None:
            click.echo(f"schema up to date at {workbench.psql_url()}")
            return
        click.echo(f"PostgreSQL {status.version} runs (pid {status.pid}) on {status.data_dir}")
        click.echo(f"look at it:  psql '{workbench.psql_url()}'")
        click.echo("stop it:     workbench down")


@cli.command()
def down() -> None:
    """Stop the embedded PostgreSQL, whoever uses it."""
    from workbench.api import Workbench

    stopped = Workbench().down()
    click.echo("PostgreSQL stopped" if stopped else "PostgreSQL was not running")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def status(as_json: bool) -> None:
    """Say what runs, where the data is and how fresh.

    A stopped server is started for the look and stops again; one that never ran stays unmade.
    """
    from workbench.api import Workbench

    with Workbench() as workbench:
        found = workbench.status()
    if as_json:
        tables = {name: _records(found[name]) for name in ("series", "runs")}
        click.echo(json.dumps(found | tables, indent=2))
        return
    for title, text in _server_lines(found["server"]):
        click.echo(f"{title:<12}{text}")
    click.echo(f"{'Project':<12}{found['project_dir']}")
    if found["series"].empty:
        click.echo("\nno bars yet; `workbench run ingest_bars` brings in the sample")
    else:
        click.echo(f"\n{_table(found['series'].drop(columns=['version']))}")
    if not found["runs"].empty:
        click.echo(f"\n{_table(found['runs'].drop(columns=['report', 'error']))}")


def _server_lines(server: dict[str, Any]) -> list[tuple[str, str]]:
    if server["kind"] == "external":
        return [("PostgreSQL", f"your own, {server['url']}")]
    state = server["state"]
    if state == "stopped":
        state = "stopped; starts when needed"
    if state == "running":
        kept = ", kept until `workbench down`" if server["kept"] else ""
        state = f"running (pid {server['pid']}, {server['users']} users{kept})"
    version = f"{server['version']} " if server["version"] else ""
    lines = [("PostgreSQL", f"{version}embedded, {state}")]
    lines += [("Data", f"{server['data_dir']} ({server['size_bytes'] / 1e6:.1f} MB)")]
    return lines + ([("psql", f"psql '{server['url']}'")] if server["url"] else [])


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: ISO times, null where something is missing."""
    text = frame.to_json(orient="records", date_format="iso", date_unit="s")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def _table(frame: pd.DataFrame) -> str:
    from workbench.ingestion.report import readable

    return readable(frame).to_string(index=False, na_rep="")


@cli.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def cache(context: click.Context, as_json: bool) -> None:
    """Show what the cache holds and how often it had what was asked for; `clear` empties it."""
    if context.invoked_subcommand:
        return
    from workbench.api import Workbench

    report = Workbench().cached()
    if as_json:
        shown = {"path": str(report.path), "tiers": _records(report.tiers)}
        click.echo(json.dumps(shown, indent=2))
        return
    click.echo(_table(report.tiers) if len(report.tiers) else "no tier is in use")
    click.echo(f"files below {report.path}")


@cache.command()
@click.option("--tier", help="memory, disk or redis; all when left out.")
def clear(tier: str | None) -> None:
    """Empty the cache; what is stored stays, and running processes keep their memory."""
    from workbench.api import Workbench

    Workbench().forget(tier)
    click.echo(f"{tier or 'cache'} cleared")


@cli.command(add_help_option=False)
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
        _run(notebook, _pairs(given), report, settings)


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


def _pairs(given: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE texts as a dict; a wrong one or a repeated name is an error of usage."""
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-p {text!r} is not NAME=VALUE")
        if name in pairs:
            raise click.UsageError(f"-p {name} is given twice; a list is -p {name}=A,B")
        pairs[name] = value
    return pairs


def _run(notebook: str, given: dict[str, str], report: Path | None, settings: Settings) -> None:
    from workbench.api import Workbench
    from workbench.running import execute, notebooks
    from workbench.running.parameters import from_text

    path = notebooks.find(notebook, settings.project_path)
    values = from_text(notebooks.parameters(path), given)
    if not sys.stderr.isatty():
        _say(f"running {path.stem} …")
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
        f"{_table(written)}\n\n{words if total.new + total.changed else 'nothing new'}"
        f"; {total.same:,} were there already, {total.rejected:,} kept aside"
    )


def _near(path: Path) -> Path:
    """`path` as seen from here, when it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@cli.command()
@click.argument("source", default="csv")
@click.option("--symbols", help="Comma-separated; all that the source has when left out.")
@click.option("--timeframe", help="Such as 1d or 1h; all when left out.")
@click.option("--start", help="First moment wanted, such as 2015 or 2015-03-02.")
@click.option("--end", help="First moment no longer wanted.")
@click.option("--dry-run", is_flag=True, help="Compare with the store and write nothing.")
def ingest(
    source: str,
    symbols: str | None,
    timeframe: str | None,
    start: str | None,
    end: str | None,
    dry_run: bool,
) -> None:
    """Bring bars of SOURCE into the store, without a notebook.

    SOURCE is a name, or a name and a place. The same rows a second time write nothing.

    \b
    workbench ingest csv                     what WORKBENCH_CSV_PATH names, the sample by default
    workbench ingest 'csv:prices/*.csv.gz'   files of your own
    workbench ingest csv --symbols AAPL,MSFT --start 2010 --dry-run
    """
    from workbench.api import Workbench

    with Workbench() as workbench:
        report = workbench.ingest(
            source,
            symbols=None if symbols is None else [s.strip() for s in symbols.split(",")],
            timeframe=timeframe,
            start=start,
            end=end,
            dry_run=dry_run,
            progress=sys.stderr.isatty(),
        )
    click.echo(f"{_table(report.series)}\n\n{report}")
    if len(report.rejects):
        shown = report.rejects[["origin", "line", "reason"]].head(10)
        click.echo(f"\nkept aside, the first {len(shown)}:\n{_table(shown)}")


@cli.group(invoke_without_command=True)
@click.option("--symbols", help="Comma-separated; all when left out.")
@click.option("--as-of", help="What was known at this moment, such as 2015-03-02; now if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def actions(context: click.Context, symbols: str | None, as_of: str | None, as_json: bool) -> None:
    """List splits and dividends; `record FILE` stores those of a CSV file.

    \b
    workbench actions --symbols AAPL,MSFT
    workbench actions record data/actions/sample.csv
    """
    if context.invoked_subcommand:
        return
    from workbench.api import Workbench

    names = None if symbols is None else [s.strip() for s in symbols.split(",")]
    with Workbench() as workbench:
        found = workbench.actions(names, as_of)
    if as_json:
        click.echo(json.dumps(_records(found), indent=2))
    else:
        click.echo(_table(found) if len(found) else "no splits or dividends")


@actions.command()
@click.argument("file", type=click.Path(path_type=Path))
def record(file: Path) -> None:
    """Store the splits and dividends of FILE, with columns symbol,ex_date,kind,value."""
    from workbench.api import Workbench

    with Workbench() as workbench:
        click.echo(str(workbench.record_actions(file)))


@cli.command()
@click.argument("query")
@click.option(
    "-p",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help='What :NAME in the query stands for; a list is JSON: NAME=\'["A","B"]\'.',
)
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--json", "form", flag_value="json", help="Print JSON, for programs.")
@click.option("--max-rows", type=int, help="Refuse results of more rows than this.")
@click.option("--timeout", "timeout_s", type=float, help="Seconds after which the server gives up.")
def sql(
    query: str,
    given: tuple[str, ...],
    form: str | None,
    max_rows: int | None,
    timeout_s: float | None,
) -> None:
    """Print what the reading SQL QUERY gives; - reads it from stdin.

    \b
    workbench sql "SELECT * FROM data_ingestion.bars WHERE symbol = :s LIMIT 5" -p s=AAPL
    workbench sql "SELECT * FROM data_ingestion.run" --csv > runs.csv
    """
    from workbench.api import Workbench

    text = sys.stdin.read() if query == "-" else query
    values = {name: _bound(name, value) for name, value in _pairs(given).items()}
    if clash := sorted({"max_rows", "timeout_s"} & set(values)):
        raise click.UsageError(f"a parameter cannot be called {clash[0]!r}; use another name")
    with Workbench() as workbench:
        found = workbench.sql(text, max_rows=max_rows, timeout_s=timeout_s, **values)
    if form == "csv":
        click.echo(found.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(json.dumps(_exact_records(found), default=str, ensure_ascii=False))
    else:
        click.echo(_table(found) if len(found) else f"no rows of {', '.join(found.columns)}")


def _bound(name: str, value: str) -> str | list[Any]:
    if not value.startswith("["):
        return value
    try:
        items: list[Any] = json.loads(value)
    except ValueError as error:
        raise click.UsageError(f"-p {name}={value} is not a JSON list: {error}") from None
    return items


def _exact_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    if not frame.columns.is_unique:
        raise InputError("several columns have one name; name them apart with AS for JSON")
    rows: list[dict[str, Any]] = (
        frame.astype("object").where(frame.notna(), None).to_dict("records")  # type: ignore
    )
    return rows


@cli.command()
@click.argument("notebook", required=False)
@click.option("--port", default=8866, show_default=True, help="A free one when it is taken.")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
def serve(notebook: str | None, port: int, open_browser: bool) -> None:
    """Serve the dashboard NOTEBOOK, or all in notebooks/dashboards/, and print the address.

    For this machine only and with a token; Ctrl-C ends it.
    """
    from workbench.dashboards.server import serve as serve_dashboards

    serve_dashboards(notebook, port=port, open_browser=open_browser)


@cli.command(context_settings={"ignore_unknown_options": True})
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
