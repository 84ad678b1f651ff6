"""Bars out of CSV files: a file, a folder or a glob, plain or gzip, larger than memory too."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from workbench.errors import InputError, SourceError, UnknownNameError
from workbench.sessions import Window
from workbench.sessions import timeframe as known_timeframe
from workbench.sources import csv_layout, csv_times
from workbench.sources.csv_chunk import Chunk, File, time_texts
from workbench.sources.csv_files import find_files, named_series, prevailing_timeframe
from workbench.sources.csv_lines import Lines, check_gzip, chunks, sift
from workbench.sources.csv_rows import as_texts, joined
from workbench.sources.csv_times import Texts, texts_of
from workbench.sources.protocol import Page, Reject, Series

HEAD_ROWS = 1000
"""Rows by which the time format and the timeframe of a file are told."""

ADVICE = "give time_format=, such as '%d/%m/%Y' or 'ms'"


class CsvSource:
    """CSV files as a source: `path` is a file, a folder (the CSV files in it) or a glob.

    Each argument overrides what is detected: `columns` maps fields (timestamp, time, open, high,
    low, close, volume, symbol) to column names; `header` names the columns of files that have no
    header line; `symbol` and `timeframe` hold for every file without a symbol column;
    `time_format` is a strptime format or an epoch unit (s, ms, us, ns); `tz` is the zone of
    intraday times that name none; `chunk_rows` bounds memory.

    Every row comes out in a Page or as a Reject, unless its time is outside the window or its
    series was not asked for. Volume is 0.0 where a file has no volume column. Daily and weekly
    bars are labelled with the date that the file prints, at 00:00 UTC.

    Raises InputError for arguments that cannot be right; methods raise SourceError for files that
    cannot be read.

    >>> CsvSource("prices/*.csv", tz="America/New_York")
    CsvSource('prices/*.csv')
    """

    name = "csv"

    def __init__(
        self,
        path: str | Path,
        *,
        columns: Mapping[str, str] | None = None,
        header: Sequence[str] | None = None,
        symbol: str | None = None,
        timeframe: str | None = None,
        time_format: str | None = None,
        tz: str = "UTC",
        delimiter: str | None = None,
        chunk_rows: int = 200_000,
    ) -> None:
        self.path = str(path)
        self.columns = csv_layout.checked_columns(columns)
        self.header, self.symbol, self.delimiter = header, symbol, delimiter
        self.timeframe = known_timeframe(timeframe).name if timeframe else None
        self.time_format = csv_times.given(time_format) if time_format else None
        self.tz, self.chunk_rows = tz, chunk_rows
        if tz != "UTC" and tz not in zoneinfo.available_timezones():
            raise UnknownNameError("time zone", tz, zoneinfo.available_timezones())
        if chunk_rows < 1:
            raise InputError(f"chunk_rows={chunk_rows} must be at least 1")
        if delimiter is not None and (len(delimiter.encode()) != 1 or delimiter in '"\r\n \0'):
            raise InputError(
                f"delimiter={delimiter!r} must be one ASCII mark, not a quote or space"
            )

    def __repr__(self) -> str:
        return f"CsvSource({self.path!r})"

    def files(self) -> list[File]:
        """Each file with how it is to be read, which is told by its head."""
        return [self._file(path) for path in find_files(self.path)]

    def series(self) -> list[Series]:
        """The series of all files, sorted; a file with a symbol column is read through for them."""
        found: set[Series] = set()
        for file in self.files():
            symbols = self._symbols(file) if file.symbol is None else {file.symbol}
            found.update(map(file.series, symbols))
        return sorted(found)

    def pages(
        self, wanted: Sequence[Series], window: Window, reject: Callable[[Reject], None]
    ) -> Iterator[Page]:
        """Rows of the `wanted` series inside `window`, in the order of the files; see the class.

        A damaged file does not keep the others from being read: its SourceError comes at the end.
        """
        names, broken = frozenset(wanted), list[str]()
        for file in self.files():
            if not file.may_hold(names):
                continue
            try:
                check_gzip(file.path)
                for lines in self._chunks(file):
                    chunk = Chunk.of(file, lines, names, window, self.tz)
                    for refusal in chunk.rejects():
                        reject(refusal)
                    yield from chunk.pages()
            except SourceError as error:
                broken.append(str(error))
        if broken:
            raise SourceError("; ".join(broken))

    def _file(self, path: Path) -> File:
        layout = csv_layout.detect(path, self.columns, self.delimiter, self.header)
        named = named_series(path)
        times = self.time_format or csv_times.detect(self._samples(path, layout), str(path), ADVICE)
        frame = self.timeframe or named.timeframe
        if frame is None:
            head = next(self._samples(path, layout), texts_of([]))
            frame = prevailing_timeframe(csv_times.read(head, times), path)
        symbol = None if "symbol" in layout.columns else self.symbol or named.symbol
        return File(path, layout, times, known_timeframe(frame), symbol)

    def _samples(self, path: Path, layout: csv_layout.Layout) -> Iterator[Texts]:
        """The times of a file as texts: those of its head, then the others chunk by chunk."""
        skip = layout.header_lines
        for lines in chunks(path, HEAD_ROWS, skip):
            yield sample(lines, layout)
            break
        for lines in chunks(path, self.chunk_rows, skip + HEAD_ROWS):
            yield sample(lines, layout)

    def _symbols(self, file: File) -> set[str]:
        found: set[str] = set()
        for lines in self._chunks(file):
            rows = sift(lines, file.layout.delimiter, len(file.layout.names)).rows
            content = joined(lines, rows)
            found.update(as_texts(content, file.layout, ["symbol"])["symbol"].unique().tolist())
        return {symbol.strip() for symbol in found} - {""}

    def _chunks(self, file: File) -> Iterator[Lines]:
        return chunks(file.path, self.chunk_rows, file.layout.header_lines)


def sample(lines: Lines, layout: csv_layout.Layout) -> Texts:
    """The times of some lines as texts, without blanks around."""
    rows = sift(lines, layout.delimiter, len(layout.names)).rows
    texts = as_texts(joined(lines, np.asarray(rows)), layout, ["timestamp", "time"])
    return texts_of(map(str.strip, time_texts({str(name): texts[name] for name in texts})))
