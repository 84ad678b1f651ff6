"""The command line: each verb a thin call of what Python offers.

Exit codes: 0 done, 1 an error that one line on stderr explains, 2 a wrong command line,
130 interrupted. Imports stand inside the verbs, so that `workbench --help` is quick.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from workbench import __version__
from workbench.cli import data, notebooks, server, upkeep
from workbench.cli.shown import say
from workbench.errors import WorkbenchError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; errors that are ours are one line and no traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(cli.main(arguments, prog_name="workbench", standalone_mode=False) or 0)
    except WorkbenchError as error:
        say(f"workbench: {error}")
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as abort:
        say(f"workbench: {str(abort.__cause__ or '') or 'interrupted'}")
        exec("")  # or CPython dies of SIGINT where the interrupt had passed through an exec of text
        sys.exit(INTERRUPTED)


def _interrupt(number: int, _frame: object) -> NoReturn:
    """SIGTERM ends a verb as Ctrl-C does, so that nothing is left behind."""
    raise KeyboardInterrupt(f"interrupted by {signal.Signals(number).name}")


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


for _verb in (
    server.up,
    server.down,
    server.status,
    server.cache,
    upkeep.store,
    upkeep.warm,
    notebooks.run,
    notebooks.serve,
    notebooks.lab,
    data.ingest,
    data.actions,
    data.sql,
):
    cli.add_command(_verb)
