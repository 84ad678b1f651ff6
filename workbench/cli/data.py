"""The verbs of the data: ingest, actions, sql."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.shown import listed, pairs, records, table
from workbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@click.command()
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
            symbols=listed(symbols),
            timeframe=timeframe,
            start=start,
            end=end,
            dry_run=dry_run,
            progress=sys.stderr.isatty(),
        )
    click.echo(f"{table(report.series)}\n\n{report}")
    if len(report.rejects):
        shown = report.rejects[["origin", "line", "reason"]].head(10)
        click.echo(f"\nkept aside, the first {len(shown)}:\n{table(shown)}")


@click.group(invoke_without_command=True)
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

    names = listed(symbols)
    with Workbench() as workbench:
        found = workbench.actions(names, as_of)
    if as_json:
        click.echo(json.dumps(records(found), indent=2))
    else:
        click.echo(table(found) if len(found) else "no splits or dividends")


@actions.command()
@click.argument("file", type=click.Path(path_type=Path))
def record(file: Path) -> None:
    """Store the splits and dividends of FILE, with columns symbol,ex_date,kind,value."""
    from workbench.api import Workbench

    with Workbench() as workbench:
        click.echo(str(workbench.record_actions(file)))


@click.command()
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
    values = {name: _bound(name, value) for name, value in pairs(given).items()}
    if clash := sorted({"max_rows", "timeout_s"} & set(values)):
        raise click.UsageError(f"a parameter cannot be called {clash[0]!r}; use another name")
    with Workbench() as workbench:
        found = workbench.sql(text, max_rows=max_rows, timeout_s=timeout_s, **values)
    if form == "csv":
        click.echo(found.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(json.dumps(_exact_records(found), default=str, ensure_ascii=False))
    else:
        click.echo(table(found) if len(found) else f"no rows of {', '.join(found.columns)}")


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
