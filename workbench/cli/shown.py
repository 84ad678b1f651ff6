"""What verbs share: tables, records, NAME=VALUE pairs and lines on stderr."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd


def say(text: str) -> None:
    """One line on stderr."""
    click.echo(text, err=True)


def listed(text: str | None) -> list[str] | None:
    """The items of a comma-separated option; None where it was left out.

    >>> listed("AAPL, IBM")
    ['AAPL', 'IBM']
    """
    return None if text is None else [item.strip() for item in text.split(",")]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: ISO times, null where something is missing."""
    text = frame.to_json(orient="records", date_format="iso", date_unit="s")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def table(frame: pd.DataFrame) -> str:
    """Rows as people read them."""
    from workbench.ingestion.report import readable

    return readable(frame).to_string(index=False, na_rep="")


def pairs(given: Sequence[str]) -> dict[str, str]:
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
