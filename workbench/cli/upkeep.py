"""The verbs of upkeep: store partitions, store retain, store reorder; warm."""

from __future__ import annotations

import sys

import click

from workbench.cli.shown import table


@click.group()
def store() -> None:
    """Look after the table of bars: its partitions, its age, its order.

    \b
    workbench store partitions
    workbench store retain --timeframe 1m --before 2020 --dry-run
    workbench store reorder --timeframe 1m
    """


@store.command()
def partitions() -> None:
    """List the partitions with their ranges, rows (estimated) and sizes."""
    from workbench.api import Workbench

    with Workbench() as workbench:
        click.echo(table(workbench.partitions()))


@store.command()
@click.option("--timeframe", required=True, help="Such as 1m.")
@click.option("--before", required=True, help="The first moment to keep, such as 2020.")
@click.option("--dry-run", is_flag=True, help="Only say how many bars it would be.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retain(timeframe: str, before: str, dry_run: bool, yes: bool) -> None:
    """Let bars older than a moment go for good, with what they said before."""
    from workbench.api import Workbench

    with Workbench() as workbench:
        count = workbench.retain(timeframe, before, dry_run=True)
        if dry_run or not count:
            click.echo(f"{count:,} {timeframe} bars are older than {before}")
            return
        if not yes:
            click.confirm(f"Remove {count:,} {timeframe} bars for good?", abort=True)
        click.echo(f"{workbench.retain(timeframe, before):,} {timeframe} bars removed")


@store.command()
@click.option("--timeframe", help="Such as 1m; all when left out.")
def reorder(timeframe: str | None) -> None:
    """Store bars in the order of symbol and time; readers of a partition wait meanwhile."""
    from workbench.api import Workbench

    with Workbench() as workbench:
        click.echo(table(workbench.reorder(timeframe, progress=sys.stderr.isatty())))


@click.command()
@click.argument("indicators", nargs=-1)
@click.option("--processes", type=int, help="How many compile at a time; all processors.")
def warm(indicators: tuple[str, ...], processes: int | None) -> None:
    """Compile the indicators' kernels now, so that nobody waits for it later."""
    from workbench.indicators.warming import warm as warmed

    progress = sys.stderr.isatty()
    click.echo(str(warmed(indicators or None, processes, progress)))
