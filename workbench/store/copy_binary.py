"""PostgreSQL's binary COPY format to and from numpy columns, with no Python object per value.

Format: https://www.postgresql.org/docs/current/sql-copy.html, section "Binary Format". Every
column here is NOT NULL and of fixed width, so that a row is one numpy record.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, TextIO, cast

import numpy as np
import psycopg2
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.errors import StoreError
from workbench.shape import Times

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH_US = 946_684_800_000_000
"""PostgreSQL counts microseconds from 2000-01-01, we from 1970-01-01."""

GATHERED_BYTES = 1 << 18
"""Bytes that are gathered before they are decoded: few enough to be still in the CPU's cache."""
LEAST_ROWS = 4096
ENCODE_ROWS = 16_384
READ_BYTES = 1 << 18

NOT_AS_ASKED = (
    "the database's answer is not what was asked for: it holds a NULL or a column of another"
    " width, or it ended early"
)

Columns = Mapping[str, str]
"""Column name → big-endian numpy type, such as `>f8`, in the order of the COPY statement."""


def record_type(columns: Columns) -> np.dtype[np.void]:
    """The numpy record that one row of `columns` is on the wire.

    >>> record_type({"close": ">f8"}).itemsize
    14
    """
    parts: list[tuple[str, str]] = [("#fields", ">i2")]
    for name, kind in columns.items():
        parts += [(f"#{name}", ">i4"), (name, kind)]
    return np.dtype(parts)


class Decoder(io.RawIOBase):
    """What `COPY … TO STDOUT (FORMAT binary)` is written to; `columns()` gives what arrived.

    Hand `file` to the driver: it gathers the rows, one write each, without Python code per row.
    `capacity` is how many rows to expect, 0 for unknown. Columns in `into` are written to these
    arrays, as long as they are large enough.

    Raises StoreError at a NULL, a wrong width or a truncated stream.

    >>> decoder = Decoder({"close": ">f8"}, capacity=1)
    >>> sent = Encoder({"close": ">f8"}, {"close": np.array([2.5])})
    >>> decoder.file.write(b"".join(sent.chunks()))
    35
    >>> decoder.columns()["close"]
    array([2.5])
    """

    def __init__(
        self,
        columns: Columns,
        capacity: int = 0,
        into: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self.record = record_type(columns)
        given = into or {}
        self._columns = {
            name: given[name]
            if name in given
            else np.empty(max(capacity, LEAST_ROWS), np.dtype(kind).newbyteorder("="))
            for name, kind in columns.items()
        }
        self._rest, self._rows, self.begun = b"", 0, False
        self.file = io.BufferedWriter(self, GATHERED_BYTES)

    def writable(self) -> bool:
        """As `io` asks."""
        return True

    def write(self, gathered: Any, /) -> int:
        """Decode some bytes; returns how many they were, all of them."""
        self._decode(gathered)
        return len(gathered)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Every column as a native array of the rows that arrived."""
        self.file.detach()  # flushes, and undoes the circle of two that hold each other
        if self._rest != TRAILER:
            raise StoreError(NOT_AS_ASKED)
        return {name: column[: self._rows] for name, column in self._columns.items()}

    def _decode(self, gathered: Any) -> None:
        data: Any = self._rest + bytes(gathered) if self._rest or not self.begun else gathered
        skip = 0
        if not self.begun:
            if len(data) < len(SIGNATURE):
                self._rest = data
                return
            if not data.startswith(SIGNATURE[:11]):
                raise StoreError(NOT_AS_ASKED)
            skip, self.begun = len(SIGNATURE), True
        count = (len(data) - skip) // self.record.itemsize
        self._rest = bytes(data[skip + count * self.record.itemsize :])
        self.take(np.frombuffer(data, self.record, count, skip))

    def take(self, rows: NDArray[np.void], *, framed: bool = False) -> None:
        """Decode rows that are records already, with the fields of `record_type`.

        Of `framed` ones each is known to have the right length in all, which a NULL takes from it;
        what its columns are shows in the first.
        """
        self._check(rows[:1] if framed else rows)
        self._reserve(self._rows + len(rows))
        for name, column in self._columns.items():
            column[self._rows : self._rows + len(rows)] = rows[name]
        self._rows += len(rows)

    def _check(self, rows: NDArray[np.void]) -> None:
        wrong = (rows["#fields"] != len(self._columns)).any() or any(
            (rows[f"#{name}"] != self.record[name].itemsize).any() for name in self._columns
        )
        if wrong:
            raise StoreError(NOT_AS_ASKED)

    def _reserve(self, rows: int) -> None:
        for name, column in self._columns.items():
            if rows > len(column):
                larger = np.empty(max(rows, 2 * len(column)), column.dtype)
                larger[: self._rows] = column[: self._rows]
                self._columns[name] = larger


class Encoder:
    """A file that `COPY … FROM STDIN (FORMAT binary)` reads from: numpy columns, in blocks.

    A value that is not an array stands in every row.

    >>> len(b"".join(Encoder({"close": ">f8"}, {"close": np.zeros(2)}).chunks()))
    49
    """

    def __init__(self, columns: Columns, values: Mapping[str, Any]) -> None:
        self._type, self._values = record_type(columns), values
        self._count = max(len(v) for v in values.values() if isinstance(v, np.ndarray))
        self._chunks = self.chunks()
        self._rest = b""
        self.failure: BaseException | None = None

    def chunks(self) -> Iterator[bytes]:
        """The whole file, piece by piece."""
        yield SIGNATURE
        names = list(self._values)
        rows = np.empty(min(self._count, ENCODE_ROWS), self._type)
        rows["#fields"] = len(names)
        for name in names:
            rows[f"#{name}"] = self._type[name].itemsize
        for start in range(0, self._count, ENCODE_ROWS):
            part = rows[: self._count - start]
            for name, value in self._values.items():
                piece = value[start : start + len(part)] if isinstance(value, np.ndarray) else value
                part[name] = piece
            yield part.tobytes()
        yield TRAILER

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, all that is left for -1, and nothing at the end."""
        try:
            return self._next(size)
        except BaseException as error:
            self.failure = error
            raise

    def _next(self, size: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        cut = len(data) if size < 0 else size
        self._rest = data[cut:]
        return data[:cut]


def copy_in(cursor: Cursor, statement: str, encoder: Encoder) -> None:
    """Send `encoder` by the COPY `statement`.

    When reading from it fails, by Ctrl-C for one, psycopg2 raises QueryCanceled and keeps the cause
    to itself; it is raised here as what it was.
    """
    try:
        # psycopg2 calls `read` and nothing else, whatever the type hints ask for.
        cursor.copy_expert(statement, cast(TextIO, encoder), READ_BYTES)
    except psycopg2.errors.QueryCanceled as error:
        if "error in .read() call" in str(error):
            # A signal may strike before `read` could note it; nothing else can.
            raise encoder.failure or KeyboardInterrupt() from None
        raise


def to_wire(timestamps: Times) -> Times:
    """Microseconds since 1970 as PostgreSQL's microseconds since 2000.

    >>> int(to_wire(np.array([EPOCH_US]))[0])
    0
    """
    return timestamps - EPOCH_US
