"""Rows of a CSV chunk as arrays: pandas parses in C, and what it cannot is told apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.shape import FIELDS, Floats
from workbench.sources.csv_layout import Layout
from workbench.sources.csv_lines import Lines

TEXTS = ("timestamp", "time", "symbol")
BOOLEANS = (b"True", b"TRUE", b"true", b"False", b"FALSE", b"false")
"""Words that pandas would read as the numbers 1 and 0."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """Rows in columns: texts as they stand, numbers as a (5, n) block, NaN and False in
    `readable` where a cell is no number. A field without a column is 0.0 (volume alone may be).
    """

    texts: dict[str, pd.Series]
    block: Floats
    readable: Mask


def parse(lines: Lines, rows: NDArray[np.intp], layout: Layout) -> Table:
    """The table of the lines at positions `rows`, which all have as many fields as the header."""
    present = [field for field in FIELDS if field in layout.columns]
    content = joined(lines, rows)
    block, readable = np.zeros((5, len(rows))), np.ones((5, len(rows)), dtype=bool)
    frame = None if has_booleans(content) else fast(content, layout, present)
    texts = frame if frame is not None else as_texts(content, layout, (*TEXTS, *present))
    for field in present:
        place = FIELDS.index(field)
        if frame is not None:
            block[place] = frame[field].to_numpy()
        else:
            block[place], readable[place] = numbers(texts[field])
    return Table({name: texts[name] for name in TEXTS if name in texts}, block, readable)


def has_booleans(content: bytes) -> bool:
    """Whether one of BOOLEANS stands anywhere; single letters first, which is many times faster.

    >>> has_booleans(b"1,True"), has_booleans(b"1,2")
    (True, False)
    """
    letters = any(letter in content for letter in (b"u", b"U", b"s", b"S"))
    return letters and any(word in content for word in BOOLEANS)


def joined(lines: Lines, rows: NDArray[np.intp]) -> bytes:
    """The bytes of the lines at positions `rows`."""
    if len(rows) == len(lines.texts):
        return b"".join(lines.texts)
    return b"".join([lines.texts[row] for row in rows.tolist()])


def fast(content: bytes, layout: Layout, present: Sequence[str]) -> pd.DataFrame | None:
    """All columns in one pass in C, numbers correctly rounded; None if a cell is no number."""
    try:
        return frame_of(content, layout, [*TEXTS, *present], numeric=present)
    except ValueError:
        return None


def as_texts(content: bytes, layout: Layout, fields: Sequence[str]) -> pd.DataFrame:
    """The columns of `fields` that the file has, as they are written."""
    return frame_of(content, layout, fields, numeric=())


def frame_of(
    content: bytes, layout: Layout, fields: Sequence[str], numeric: Sequence[str]
) -> pd.DataFrame:
    """The columns of `fields` that the file has: float64 for `numeric`, text for the others."""
    wanted = {layout.columns[field]: field for field in fields if field in layout.columns}
    if not content:
        return pd.DataFrame({field: pd.Series(dtype=str) for field in wanted.values()})
    frame = pd.read_csv(
        io.BytesIO(content),
        sep=layout.delimiter,
        header=None,
        names=range(len(layout.names)),
        index_col=False,
        usecols=list(wanted),
        dtype={place: "float64" if field in numeric else "str" for place, field in wanted.items()},
        na_filter=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        quoting=csv.QUOTE_MINIMAL if b'"' in content else csv.QUOTE_NONE,
        encoding="utf-8",
        engine="c",
        low_memory=False,
    )
    return frame.rename(columns=wanted)


def numbers(texts: pd.Series) -> tuple[Floats, Mask]:
    """Each text as a float, and whether it is one; NaN where it is not.

    >>> numbers(pd.Series(["1.5", "1,000", ""]))
    (array([1.5, nan, nan]), array([ True, False, False]))
    """
    values = [number(text) for text in texts]
    readable = np.array([value is not None for value in values], dtype=bool)
    return np.array([np.nan if value is None else value for value in values]), readable


def number(text: str) -> float | None:
    """A plain decimal number, `inf` or `nan`; None for all else, digit groups included.

    >>> number(" 1e3 "), number("1_000"), number("N/A")
    (1000.0, None, None)
    """
    if "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None
