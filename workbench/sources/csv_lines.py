"""Physical lines of a CSV file: read in bounded chunks, sifted into rows and rejects.

One line is one row, always: a quote that is not closed on its line spoils that line and no other.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from workbench.errors import SourceError

LINE_LIMIT_BYTES, READ_BYTES = 1 << 20, 1 << 16
UTF8_BOM, UTF16_BOMS, GZIP_MAGIC = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff"), b"\x1f\x8b"
DAMAGE = (gzip.BadGzipFile, zlib.error, EOFError)


@dataclass(frozen=True)
class Lines:
    """Consecutive lines of a file; `first` is the 1-based number of the first of them."""

    first: int
    texts: list[bytes]

    def text(self, position: int) -> str:
        """What the line says, without its line end; bytes that are no text are escaped.

        >>> Lines(1, [b"a,b\\n"]).text(0)
        'a,b'
        """
        return readable(self.texts[position])


@dataclass(frozen=True)
class Sifted:
    """Positions of the lines with the right number of fields, and why the others have not."""

    rows: NDArray[np.intp]
    refused: dict[int, str]


def readable(line: bytes) -> str:
    """A line as text that every store accepts: no line end, odd bytes as `\\xNN`.

    >>> readable(b"caf\\xe9,\\x00\\r\\n")
    'caf\\\\xe9,\\\\x00'
    """
    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00")


class Unpacked(gzip.GzipFile):
    """A gzip file whose damage is told as a SourceError."""

    def readinto(self, buffer: Any) -> int:
        try:
            return super().readinto(buffer)
        except DAMAGE as error:
            raise SourceError(
                f"{self.name}: the gzip data are damaged ({error}); get the file again"
            ) from None


def open_lines(path: Path) -> io.BufferedReader:
    """The file's bytes, unpacked if they are gzip (whatever its name) and after a UTF-8 mark.

    Raises SourceError for a file that cannot be opened or is UTF-16.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    if stream.peek(2)[:2] == GZIP_MAGIC:
        stream.close()
        # BufferedReader reads lines in C; GzipFile itself is far slower at it.
        stream = io.BufferedReader(cast(io.RawIOBase, Unpacked(path)), READ_BYTES)
    start = stream.peek(3)[:3]
    if start.startswith(UTF16_BOMS):
        stream.close()
        raise SourceError(f"{path}: is UTF-16 text; save it as UTF-8")
    if start == UTF8_BOM:
        stream.read(3)
    return stream


def check_gzip(path: Path) -> None:
    """Unpack a gzip file to its end once; SourceError when it is cut or its checksum is wrong.

    Damaged data can unpack to plausible, wrong figures before the checksum at the end tells, so
    nothing of a damaged file may be used.
    """
    with open_lines(path) as stream:
        if isinstance(stream.raw, Unpacked):
            while stream.read(READ_BYTES):
                pass


def chunks(path: Path, chunk_rows: int, skip: int = 0) -> Iterator[Lines]:
    """The file's lines after the first `skip`, at most `chunk_rows` at a time.

    Raises SourceError for a line longer than 1 MiB, after the lines of earlier chunks.
    """
    with open_lines(path) as stream:
        lines = iter(partial(stream.readline, LINE_LIMIT_BYTES), b"")
        first = 1 + sum(1 for _ in islice(lines, skip))
        while texts := list(islice(lines, chunk_rows)):
            if max(map(len, texts)) >= LINE_LIMIT_BYTES:
                long = next(i for i, text in enumerate(texts) if len(text) >= LINE_LIMIT_BYTES)
                raise SourceError(
                    f"{path}: line {first + long} is longer than 1 MiB; is this a CSV file?"
                )
            yield Lines(first, texts)
            first += len(texts)


def fields_of(line: bytes, delimiter: str) -> list[str]:
    """The fields of one line; ValueError that says why it has none.

    >>> fields_of(b'1,"2,5",3', ",")
    ['1', '2,5', '3']
    """
    body = line.rstrip(b"\n").removesuffix(b"\r")
    if b"\0" in body:
        raise ValueError("NUL byte inside the row")
    if b"\r" in body:
        raise ValueError("carriage return inside the row")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    if not text.strip():
        return []
    reader = csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        return next(reader)
    except csv.Error:
        raise ValueError("quotes are not closed, or text follows a closing quote") from None


def sift(lines: Lines, delimiter: str, width: int) -> Sifted:
    """Tell rows of `width` fields from others; blank lines are neither.

    >>> sift(Lines(1, [b"1,2\\n", b"\\n", b"3\\n"]), ",", 2)
    Sifted(rows=array([0]), refused={2: '1 field where the header has 2'})
    """
    byte = delimiter.encode()
    counts = np.fromiter(map(bytes.count, lines.texts, repeat(byte)), np.int64, len(lines.texts))
    suspects = counts != width - 1
    joined = b"".join(lines.texts)
    if is_odd(joined):
        suspects[:] = True
    elif b'"' in joined:
        suspects |= np.fromiter((b'"' in text for text in lines.texts), bool, len(lines.texts))
    good, refused = ~suspects, {}
    for position in np.flatnonzero(suspects).tolist():
        try:
            found = len(fields_of(lines.texts[position], delimiter))
        except ValueError as error:
            refused[position] = str(error)
            continue
        good[position] = found == width
        if found not in (0, width):
            noun = "field" if found == 1 else "fields"
            refused[position] = f"{found} {noun} where the header has {width}"
    return Sifted(np.flatnonzero(good), refused)


def is_odd(joined: bytes) -> bool:
    """Whether some line holds a NUL, a stray carriage return or bytes that are not UTF-8.

    >>> is_odd(b"1,2\\r\\n"), is_odd(b"1\\r2\\n")
    (False, True)
    """
    if b"\0" in joined or joined.count(b"\r") != joined.count(b"\r\n"):
        return True
    if joined.isascii():
        return False
    try:
        joined.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False
