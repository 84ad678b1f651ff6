"""Binary COPY: what goes in comes out bit by bit, and what is not whole is refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.store.copy_binary import SIGNATURE, TRAILER, Decoder, Encoder, copy_in
from workbench.store.database import Database, Role

COLUMNS = {"timestamp": ">i8", "close": ">f8", "run_id": ">i4"}
ROW = struct.pack("!hiqidii", 3, 8, 5, 8, 2.5, 4, 7)


def decoded(*pieces: bytes) -> dict[str, np.ndarray]:
    decoder = Decoder(COLUMNS)
    for piece in pieces:
        decoder.write(piece)
    return decoder.columns()


def test_one_row_by_hand() -> None:
    values = {"timestamp": np.array([5]), "close": np.array([2.5]), "run_id": 7}
    assert b"".join(Encoder(COLUMNS, values).chunks()) == SIGNATURE + ROW + TRAILER
    columns = decoded(SIGNATURE + ROW, TRAILER)
    assert {name: column.tolist() for name, column in columns.items()} == {
        "timestamp": [5],
        "close": [2.5],
        "run_id": [7],
    }


@given(
    arrays(np.float64, st.integers(0, 40), elements=st.floats(width=64, allow_nan=True)),
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
)
def test_any_cut_of_the_stream_gives_the_same_bits(close: np.ndarray, sizes: list[int]) -> None:
    values = {"timestamp": np.arange(len(close)), "close": close, "run_id": 1}
    encoder, stream, turn = Encoder(COLUMNS, values), b"", 0
    while piece := encoder.read(sizes[turn % len(sizes)]):
        stream, turn = stream + piece, turn + 1
    assert stream == b"".join(Encoder(COLUMNS, values).chunks())
    cut = sizes[0]
    columns = decoded(*(stream[i : i + cut] for i in range(0, len(stream), cut)))
    assert columns["close"].tobytes() == close.tobytes()
    assert columns["timestamp"].tolist() == list(range(len(close)))


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (SIGNATURE + ROW, "ended early"),
        (SIGNATURE + ROW[:-1] + TRAILER, "ended early"),
        (b"", "not what was asked"),
        (b"id,close\n1,2\n" + bytes(30), "not what was asked"),
        (SIGNATURE + struct.pack("!hiqiiid", 3, 8, 5, -1, 4, 7, 0) + TRAILER, "NULL"),
        (SIGNATURE + struct.pack("!hiqidii", 4, 8, 5, 8, 2.5, 4, 7) + TRAILER, "NULL"),
    ],
)
def test_what_is_not_whole_is_refused(stream: bytes, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        decoded(stream)


@pytest.mark.parametrize("failure", [KeyboardInterrupt("Ctrl-C"), ValueError("bad")])
def test_what_stops_the_sending_comes_out_as_it_was(
    database_url: str, failure: BaseException
) -> None:
    class Failing(Encoder):
        def chunks(self) -> Iterator[bytes]:
            yield next(super().chunks())
            raise failure

    encoder = Failing({"value": ">f8"}, {"value": np.zeros(3)})
    database = Database(Settings(database_url=database_url))
    with database.transaction(Role.OWNER) as cursor:
        cursor.execute("CREATE TABLE t (value float8)")
    with pytest.raises(type(failure)) as caught, database.transaction(Role.OWNER) as cursor:
        copy_in(cursor, "COPY t FROM STDIN (FORMAT binary)", encoder)
    assert caught.value is failure
    with database.transaction(Role.OWNER) as cursor:
        cursor.execute("SELECT 1")
    database.close()


def test_many_rows_through_a_real_server(database_url: str) -> None:
    count = 50_000
    values = np.random.default_rng(3).standard_normal(count) * 10.0 ** np.arange(count).clip(0, 300)
    values[:4] = [np.nan, np.inf, -np.inf, -0.0]
    columns = {"number": ">i4", "value": ">f8"}
    database = Database(Settings(database_url=database_url))
    with database.transaction(Role.OWNER) as cursor:
        cursor.execute("CREATE TEMP TABLE t (number integer NOT NULL, value float8)")
        data = {"number": np.arange(count), "value": values}
        cursor.copy_expert("COPY t FROM STDIN (FORMAT binary)", Encoder(columns, data))
        decoder = Decoder(columns)
        cursor.copy_expert("COPY t TO STDOUT (FORMAT binary)", decoder)
        assert decoder.columns()["value"].tobytes() == values.tobytes()
        cursor.execute("INSERT INTO t VALUES (1, NULL)")
        holed = Decoder(columns)
        cursor.copy_expert("COPY t TO STDOUT (FORMAT binary)", holed)
        with pytest.raises(StoreError, match="NULL"):
            holed.columns()
    database.close()
