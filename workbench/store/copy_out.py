"""COPY … TO STDOUT straight from the socket: many rows at a time, none of them a Python object.

The driver hands over row by row, which costs more than all the rest. On a unix socket nothing lies
between the server and us, so that its messages can be read as they are: every row is one of the
same length, and a buffer of them is an array of records. Everywhere else the driver does it.
Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

import numpy as np
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS as IN_TRANSACTION
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.store.copy_binary import Decoder

BUFFER_BYTES = 1 << 20
HEAD = struct.Struct("!ci")
"""Every message begins with its type and its length, which counts itself."""


def copy_out(cursor: Cursor, query: sql.Composable, decoder: Decoder) -> None:
    """Run the COPY `query`, in a transaction or without, and give its rows to `decoder`.

    Raises the driver's exceptions, by whichever way the rows come.
    """
    if is_plain(cursor.connection):
        _copy_plain(cursor.connection, query.as_string(cursor), decoder)
    else:
        cursor.copy_expert(query, decoder.file)


def is_plain(connection: Connection) -> bool:
    """Whether the server's messages arrive as they are and nobody else is reading them."""
    return (
        connection.info.host.startswith("/")
        and connection.encoding == "UTF8"
        and not connection.async_
        and (connection.autocommit or connection.info.transaction_status == IN_TRANSACTION)
    )


def _copy_plain(connection: Connection, query: str, decoder: Decoder) -> None:
    text = query.encode() + b"\0"
    with socket.socket(fileno=os.dup(connection.fileno())) as plain:
        try:
            plain.setblocking(True)  # the flag belongs to both descriptors
            plain.sendall(HEAD.pack(b"Q", len(text) + 4) + text)
            failure = _receive(plain, decoder)
            plain.setblocking(False)
        except OSError as error:  # such as a reset by a server that was killed
            connection.close()
            raise psycopg2.OperationalError(f"connection to server was lost: {error}") from error
        except BaseException:  # what has not been read would be taken for the next answer
            connection.close()
            raise
    if failure is not None:
        raise failure


def _receive(plain: socket.socket, decoder: Decoder) -> psycopg2.Error | None:
    """Read to the end of the answer; the server's error, if that is what it was."""
    failure = None
    for kind, body in _messages(plain, decoder):
        if kind == b"d":
            decoder.write(body)
        elif kind == b"E":
            failure = _error(bytes(body))
        elif kind == b"Z":
            break
    return failure


def _messages(plain: socket.socket, decoder: Decoder) -> Iterator[tuple[bytes, memoryview]]:
    """All messages but those that hold one whole row, which go to the decoder at once."""
    row = np.dtype([("#kind", "S1"), ("#size", ">i4"), *decoder.record.descr])
    buffer = bytearray(BUFFER_BYTES)
    start = end = 0
    while True:
        start += _take_rows(buffer, start, end, row, decoder)
        if end - start >= HEAD.size:
            kind, size = HEAD.unpack_from(buffer, start)
            if end - start > size:
                yield kind, memoryview(buffer)[start + HEAD.size : start + 1 + size]
                start += 1 + size
                continue
            needed = 1 + size
        else:
            needed = HEAD.size
        rest = buffer[start:end]
        if needed > len(buffer):
            buffer = bytearray(needed)
        buffer[: len(rest)] = rest
        start, end = 0, len(rest)
        count = plain.recv_into(memoryview(buffer)[end:])
        if not count:
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        end += count


def _take_rows(
    buffer: bytearray, start: int, end: int, row: np.dtype[np.void], decoder: Decoder
) -> int:
    """Decode the rows that stand at `start`, one after the other; how many bytes they are."""
    count = (end - start) // row.itemsize
    if not count or buffer[start] != ord("d"):
        return 0
    records = np.frombuffer(buffer, row, count, start)
    whole = (records["#kind"] == b"d") & (records["#size"] == row.itemsize - 1)
    if not whole.all():
        records = records[: int(whole.argmin())]
    if len(records) and not decoder.begun:
        return 0  # the first message has the head of the format before its row
    decoder.take(records, framed=True)
    return len(records) * row.itemsize


def _error(body: bytes) -> psycopg2.Error:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    try:
        kind = psycopg2.errors.lookup(fields.get(b"C", ""))
    except KeyError:
        kind = psycopg2.DatabaseError
    failure: psycopg2.Error = kind(fields.get(b"M", "the server gives no reason"))
    return failure
