"""One chunk of a CSV file, told apart into pages, rejects and rows that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.sessions import Timeframe, Window
from workbench.shape import FIELDS, Times
from workbench.sources import csv_times
from workbench.sources.csv_layout import Layout
from workbench.sources.csv_lines import Lines, Sifted, fields_of, sift
from workbench.sources.csv_rows import Mask, Table, parse
from workbench.sources.csv_times import NO_TIME, Texts, TimeFormat, texts_of
from workbench.sources.protocol import Page, Reject, Series


@dataclass(frozen=True)
class File:
    """One file and how to read it; `symbol` is None when a column says it row by row."""

    path: Path
    layout: Layout
    times: TimeFormat
    timeframe: Timeframe
    symbol: str | None

    def series(self, symbol: str) -> Series:
        """The series of `symbol` in this file."""
        return Series(symbol, self.timeframe.name)

    def may_hold(self, wanted: frozenset[Series]) -> bool:
        """Whether a row of this file can belong to one of the `wanted` series."""
        if self.symbol is None:
            return any(series.timeframe == self.timeframe.name for series in wanted)
        return self.series(self.symbol) in wanted


@dataclass(frozen=True)
class Chunk:
    """Parsed lines. Arrays run over the rows, that is, over `sifted.rows`; `codes` point into
    `symbols`; `asked` are rows of wanted series; `times` is NO_TIME where not asked or unreadable;
    `shifted` are local times that happen twice or never; `inside` are asked rows in the window.
    """

    file: File
    lines: Lines
    sifted: Sifted
    table: Table
    symbols: list[str]
    codes: NDArray[np.intp]
    asked: Mask
    times: Times
    shifted: Mask
    inside: Mask

    @classmethod
    def of(
        cls, file: File, lines: Lines, wanted: frozenset[Series], window: Window, tz: str
    ) -> Chunk:
        """The chunk of some lines of a file."""
        sifted = sift(lines, file.layout.delimiter, len(file.layout.names))
        table = parse(lines, sifted.rows, file.layout)
        symbols, codes = coded(table, file.symbol)
        asked = np.array([file.series(name) in wanted for name in symbols], dtype=bool)[codes]
        times, shifted = times_of(table, asked, file, tz)
        inside = asked & (times >= window.start_us) & (times < window.end_us)
        return cls(file, lines, sifted, table, symbols, codes, asked, times, shifted, inside)

    def pages(self) -> Iterator[Page]:
        """A page for each series, its rows in the order of the file."""
        kept = np.flatnonzero(self.inside & self.table.readable.all(axis=0))
        codes = self.codes[kept]
        order = np.argsort(codes, kind="stable")
        edges = np.flatnonzero(np.diff(codes[order])) + 1
        for part in np.split(kept[order], edges):
            if len(part):
                yield self._page(part)

    def _page(self, rows: NDArray[np.intp]) -> Page:
        positions = self.sifted.rows[rows]
        lines = self.lines

        def raw(chosen: NDArray[np.intp]) -> list[str]:
            return [lines.text(position) for position in positions[chosen].tolist()]

        return Page(
            series=self.file.series(self.symbols[int(self.codes[rows[0]])]),
            origin=str(self.file.path),
            timestamps=self.times[rows],
            block=np.ascontiguousarray(self.table.block[:, rows]),
            lines=(positions + lines.first).astype(np.int64),
            raw=raw,
        )

    def rejects(self) -> list[Reject]:
        """Every row that cannot be read, in the order of the file."""
        found = [self._reject(position, why, None) for position, why in self.sifted.refused.items()]
        unnamed = np.array([not name for name in self.symbols], dtype=bool)[self.codes]
        timeless = self.asked & (self.times == NO_TIME)
        odd = self.inside & ~self.table.readable.all(axis=0)
        for row in np.flatnonzero(unnamed | timeless | odd).tolist():
            position = int(self.sifted.rows[row])
            found.append(self._reject(position, self._reason(row), int(self.codes[row])))
        return sorted(found, key=lambda reject: reject.line)

    def _reject(self, position: int, reason: str, code: int | None) -> Reject:
        symbol = self.file.symbol if code is None else self.symbols[code]
        series = self.file.series(symbol) if symbol else None
        number = self.lines.first + position
        return Reject(str(self.file.path), number, reason, self.lines.text(position), series)

    def _reason(self, row: int) -> str:
        layout = self.file.layout
        cells = fields_of(self.lines.texts[int(self.sifted.rows[row])], layout.delimiter)
        texts = {field: cells[place].strip() for field, place in layout.columns.items()}
        if not self.symbols[int(self.codes[row])]:
            return "symbol is empty"
        if self.times[row] == NO_TIME:
            when = " ".join(texts[name] for name in ("timestamp", "time") if name in texts)
            if self.shifted[row]:
                return f"local time happens twice or never (clock change): {when!r}"
            return f"time is not written as {self.file.times}: {when!r}"
        bad = [
            field for field, ok in zip(FIELDS, self.table.readable[:, row], strict=True) if not ok
        ]
        return "; ".join(f"{field} is not a number: {texts[field]!r}" for field in bad)


def coded(table: Table, symbol: str | None) -> tuple[list[str], NDArray[np.intp]]:
    """The symbols of the rows, each once, and for each row which of them it has."""
    if symbol is not None:
        return [symbol], np.zeros(table.block.shape[1], dtype=np.intp)
    codes, written = pd.factorize(table.texts["symbol"])
    place: dict[str, int] = {}
    same = [place.setdefault(str(name).strip(), len(place)) for name in written]
    return list(place), np.array(same, dtype=np.intp)[codes]


def times_of(table: Table, asked: Mask, file: File, tz: str) -> tuple[Times, Mask]:
    """The time of each asked row in microseconds since 1970 UTC, NO_TIME where it cannot be read;
    and which of those are local times that happen twice or never.
    """
    times, shifted = np.full(len(asked), NO_TIME), np.zeros(len(asked), dtype=bool)
    texts = time_texts(table.texts)
    read = csv_times.read if file.timeframe.intraday else csv_times.session_dates
    times[asked] = read(texts if asked.all() else texts[asked], file.times)
    padded = asked & (times == NO_TIME)
    if padded.any():
        times[padded] = read(texts_of(map(str.strip, texts[padded])), file.times)
    if file.timeframe.intraday and not file.times.zoned:
        times, shifted = csv_times.localized(times, tz)
    return times, shifted


def time_texts(texts: Mapping[str, pd.Series]) -> Texts:
    """The text of each row's time; date and time of day in one where they are in two columns."""
    if "time" not in texts:
        return texts["timestamp"].to_numpy(dtype=object)
    pairs = zip(texts["timestamp"], texts["time"], strict=True)
    return texts_of(f"{date.strip()} {clock.strip()}" for date, clock in pairs)
