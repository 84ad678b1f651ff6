"""The verbs of the server and the cache: up, down, status, cache."""

from __future__ import annotations

import json
from typing import Any

import click

from workbench.cli.shown import records, table


@click.command()
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


@click.command()
def down() -> None:
    """Stop the embedded PostgreSQL, whoever uses it."""
    from workbench.api import Workbench

    stopped = Workbench().down()
    click.echo("PostgreSQL stopped" if stopped else "PostgreSQL was not running")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def status(as_json: bool) -> None:
    """Say what runs, where the data is and how fresh.

    A stopped server is started for the look and stops again; one that never ran stays unmade.
    """
    from workbench.api import Workbench

    with Workbench() as workbench:
        found = workbench.status()
    if as_json:
        tables = {name: records(found[name]) for name in ("series", "runs")}
        click.echo(json.dumps(found | tables, indent=2))
        return
    for title, text in _server_lines(found["server"]):
        click.echo(f"{title:<12}{text}")
    click.echo(f"{'Project':<12}{found['project_dir']}")
    if found["series"].empty:
        click.echo("\nno bars yet; `workbench run ingest_bars` brings in the sample")
    else:
        click.echo(f"\n{table(found['series'].drop(columns=['version']))}")
    if not found["runs"].empty:
        click.echo(f"\n{table(found['runs'].drop(columns=['report', 'error']))}")


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


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def cache(context: click.Context, as_json: bool) -> None:
    """Show what the cache holds and how often it had what was asked for; `clear` empties it."""
    if context.invoked_subcommand:
        return
    from workbench.api import Workbench

    report = Workbench().cached()
    if as_json:
        shown = {"path": str(report.path), "tiers": records(report.tiers)}
        click.echo(json.dumps(shown, indent=2))
        return
    click.echo(table(report.tiers) if len(report.tiers) else "no tier is in use")
    click.echo(f"files below {report.path}")


@cache.command()
@click.option("--tier", help="memory, disk or redis; all when left out.")
def clear(tier: str | None) -> None:
    """Empty the cache; what is stored stays, and running processes keep their memory."""
    from workbench.api import Workbench

    Workbench().forget(tier)
    click.echo(f"{tier or 'cache'} cleared")
