"""Which CSV files a path means, and what their names say of their bars."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from workbench.errors import SourceError, listing
from workbench.sessions import TIMEFRAMES
from workbench.shape import Times

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
"""What a file in a folder must end with to be read; a file named outright may end as it likes."""


class Named(NamedTuple):
    """What a file name says: its symbol, and its timeframe if it ends with one."""

    symbol: str
    timeframe: str | None


def find_files(path: str) -> list[Path]:
    """The file, the CSV files directly in the folder, or what the glob matches, sorted by name.

    Hidden files are left out. Raises SourceError when there is none.
    """
    given = Path(path).expanduser()
    if given.is_file():
        return [given]
    if given.is_dir():
        found = [entry for entry in given.iterdir() if entry.name.lower().endswith(SUFFIXES)]
        files = sorted(entry for entry in found if is_visible_file(entry))
        if not files:
            raise SourceError(f"{path}: no file in this folder ends with {', '.join(SUFFIXES)}")
        return files
    matches = glob.glob(str(given), recursive=True)  # noqa: PTH207 - may be an absolute pattern
    files = sorted(filter(is_visible_file, map(Path, matches)))
    if not files:
        what = "matches no file" if glob.has_magic(path) else "no such file or folder"
        raise SourceError(f"{path}: {what}")
    return files


def is_visible_file(path: Path) -> bool:
    """Whether `path` is a file that is not hidden."""
    return path.is_file() and not path.name.startswith(".")


def located(where: str, base_dirs: Sequence[str | Path]) -> str:
    """`where` below the first base folder that has it; an absolute path as it is.

    Raises SourceError that names every place tried.
    """
    tried = [os.path.expanduser(where)]  # noqa: PTH111 - a glob is not a Path
    if not Path(tried[0]).is_absolute() and base_dirs:
        tried = [str(Path(base) / where) for base in base_dirs]
    for candidate in tried:
        if Path(candidate).exists() or glob.glob(candidate, recursive=True):  # noqa: PTH207
            return candidate
    raise SourceError(f"csv source {where!r}: nothing there; tried {listing(tried)}")


def named_series(path: Path) -> Named:
    """Symbol and timeframe of a file by its name.

    >>> named_series(Path("AAPL_1d.csv.gz")), named_series(Path("BRK.B.csv"))
    (Named(symbol='AAPL', timeframe='1d'), Named(symbol='BRK.B', timeframe=None))
    """
    stem = re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE)
    stem = re.sub(r"\.(csv|tsv|txt)$", "", stem, flags=re.IGNORECASE)
    symbol, mark, last = re.match(r"(.*?)(?:([_-])([^_-]*))?$", stem).groups()  # type: ignore[union-attr]
    # 1D and 1H are written too; 1M is left alone, for many mean a month by it.
    frame = last.lower() if last and not last.endswith("M") else last
    if symbol and mark and frame in TIMEFRAMES:
        return Named(symbol, frame)
    return Named(stem, None)


def prevailing_timeframe(times_us: Times, path: Path) -> str:
    """The timeframe whose length is the commonest spacing of the times.

    Raises SourceError when no two times differ or no timeframe is that long.
    """
    advice = f"give timeframe= one of {', '.join(TIMEFRAMES)}, or name the file SYMBOL_1d.csv"
    gaps = np.diff(np.unique(times_us[times_us > np.iinfo(np.int64).min]))
    if not len(gaps):
        raise SourceError(f"{path}: too few rows to tell the timeframe; {advice}")
    lengths, counts = np.unique(gaps, return_counts=True)
    seconds = int(lengths[counts.argmax()]) / 1_000_000
    for known in TIMEFRAMES.values():
        if known.seconds == seconds:
            return known.name
    raise SourceError(f"{path}: rows are {seconds:g} s apart, which is no timeframe; {advice}")
