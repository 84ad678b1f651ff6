"""Where bars come from: the registry of sources, and one opened by what a user writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import InputError, UnknownNameError
from workbench.sources.csv import CsvSource
from workbench.sources.csv_files import located
from workbench.sources.protocol import Source


@dataclass(frozen=True)
class Entry:
    """A source in the registry: one line of help, and what opens it.

    `open(where, base_dirs, options)` gets what follows the colon of the spec.
    """

    help: str
    open: Callable[[str, Sequence[str | Path], dict[str, Any]], Source]


def open_csv(where: str, base_dirs: Sequence[str | Path], options: dict[str, Any]) -> Source:
    """CSV files at `where`, a relative path being looked for below each of `base_dirs` in turn."""
    try:
        return CsvSource(located(where, base_dirs), **options)
    except TypeError as error:
        raise InputError(f"csv source: {error}") from None


SOURCES: dict[str, Entry] = {
    "csv": Entry("CSV files: csv (the sample data), csv:FILE, csv:FOLDER or csv:GLOB", open_csv),
}


def open_source(
    spec: str,
    default_csv_path: str = "data/sample",
    base_dirs: Sequence[str | Path] = (),
    **options: Any,
) -> Source:
    """The source that `spec` names: `NAME` or `NAME:WHERE`, such as `csv:prices/*.csv.gz`.

    `options` are the source's own arguments (`tz=`, `columns=`, … of CsvSource). Raises
    UnknownNameError for a name that is not in SOURCES, SourceError where there is nothing.

    >>> open_source("cvs")
    Traceback (most recent call last):
    ...
    workbench.errors.UnknownNameError: unknown source 'cvs'; did you mean 'csv'? Known: csv
    """
    name, _, where = spec.partition(":")
    if name not in SOURCES:
        raise UnknownNameError("source", name, SOURCES)
    return SOURCES[name].open(where or default_csv_path, base_dirs, options)
