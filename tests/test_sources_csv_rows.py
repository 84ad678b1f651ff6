"""Every row of a CSV file is a page's or a reject's, bit by bit and line by line.

The oracle reads the same bytes by the plainest means: one line after the other, Python's csv
module for quotes, float() for numbers, datetime for times.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.sessions import Window
from workbench.shape import FIELDS, flaws
from workbench.sources.csv import CsvSource
from workbench.sources.csv_rows import number
from workbench.sources.protocol import Series

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = ("symbol", "timestamp", "open", "high", "low", "close", "volume")
floats = st.floats(width=64, allow_nan=False)
moments = st.integers(-2_208_988_800, 7_258_118_400).map(
    lambda seconds: (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
)
bars = st.lists(
    st.tuples(st.sampled_from(["AAPL", "IBM", "Ö 1"]), moments, *[floats] * 5),
    min_size=1,
    max_size=30,
)


def read(path, window=None, wanted=None, **options):
    """Pages and rejects of a file, with the arguments that tiny files cannot tell."""
    source = CsvSource(path, **({"timeframe": "1m"} | options))
    rejects = []
    wanted = source.series() if wanted is None else wanted
    return list(source.pages(wanted, window or Window(), rejects.append)), rejects


def rows_by_line(pages):
    return {
        line: (page.series.symbol, time, *column)
        for page in pages
        for line, time, column in zip(
            page.lines.tolist(), page.timestamps.tolist(), page.block.T.tolist(), strict=True
        )
    }


def micros(when):
    return (when.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@settings(max_examples=60, deadline=None)
@given(
    bars,
    st.permutations(HEADER),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S"]),
    st.booleans(),
    st.integers(1, 40),
    st.booleans(),
)
def test_bars_come_back_to_the_bit(rows, order, mark, end, quoting, stamp, packed, chunk_rows, bom):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=mark, lineterminator=end, quoting=quoting)
    writer.writerow(order)
    for symbol, when, *values in rows:
        cells = dict(zip(HEADER, (symbol, when.strftime(stamp), *values), strict=True))
        writer.writerow([cells[name] for name in order])
    content = text.getvalue().encode("utf-8-sig" if bom else "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        path.write_bytes(gzip.compress(content) if packed else content)
        pages, rejects = read(path, chunk_rows=chunk_rows)
    assert rejects == []
    expected = {i + 2: (s, micros(when), *values) for i, (s, when, *values) in enumerate(rows)}
    found = rows_by_line(pages)
    assert found == expected
    for line, row in found.items():
        assert np.array(row[2:]).tobytes() == np.array(expected[line][2:]).tobytes()


def oracle(line: bytes, width: int):
    """The fields of one line, None for a blank one, "bad" for one that cannot be read."""
    body = line.removesuffix(b"\n").removesuffix(b"\r")
    if b"\r" in body or b"\0" in body:
        return "bad"
    try:
        text = body.decode()
        if not text.strip():
            return None
        (cells,) = csv.reader(io.StringIO(text), strict=True, skipinitialspace=True)
        if len(cells) != width:
            return "bad"
        symbol, stamp, *values = cells
        datetime.strptime(stamp.strip(), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        # strptime takes any white space, and digits of any script, for what the pattern says.
        if not re.fullmatch(r"[0-9:-]{10} [0-9:-]{8}", stamp.strip()):
            return "bad"
        if not symbol.strip() or any("_" in v for v in values):
            return "bad"
        if not all(v.isascii() for v in values):
            return "bad"
        return (symbol.strip(), stamp.strip(), *map(float, values))
    except (ValueError, csv.Error):
        return "bad"


GOOD = b"AAPL,2020-01-02 09:30:00,1.5,2.5,1,2,100"
damaged = st.one_of(
    st.sampled_from(
        [
            b"", b"   ", b",,,,,,", b"#", GOOD + b",1", GOOD[:-4], b'"AAPL' + GOOD[4:],
            b'"AAPL"' + GOOD[4:], b'AAPL,"2020-01-02 09:30:00",1,"2",1,2,"3"', b'"A,B"' + GOOD[4:],
            GOOD.replace(b"1.5", b"N/A"), GOOD.replace(b"1.5", b""), GOOD.replace(b"1.5", b"1_0"),
            GOOD.replace(b"1.5", b"inf"), GOOD.replace(b"1.5", b"nan"), b"IBM" + GOOD[4:],
            GOOD.replace(b"1.5", b"True"), GOOD.replace(b"1.5", b" 1.5 "), b" " + GOOD[4:],
            GOOD.replace(b"1.5", b'"1,000.5"'), GOOD.replace(b"1.5", b"1\x000"), GOOD + b"\r",
            GOOD.replace(b"1.5", b"1\r5"), b"\xff\xfe" + GOOD, b"caf\xc3\xa9" + GOOD[4:],
            GOOD.replace(b"2020-01-02", b"now"), GOOD.replace(b"2020-01-02", b"2020-02-30"),
            GOOD.replace(b"1.5", b"\xd9\xa1"), GOOD.replace(b"1.5", b"0x10"),
            GOOD.replace(b"09:30:00", b"09:30:00  "), GOOD.replace(b"AAPL", b"AAPL "),
            GOOD.replace(b"1.5", b"1e400"), b'AAPL,2020-01-02 09:30:00,1,2,1,2,"3" ',
        ]
    ),
    st.binary(max_size=30).map(lambda junk: junk.replace(b"\n", b" ")),
    st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=2)).map(
        lambda cut: (GOOD[: cut[0]] + cut[1] + GOOD[cut[0] + 1 :]).replace(b"\n", b" ")
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.just(GOOD), damaged), max_size=25),
    st.integers(1, 30),
    st.booleans(),
)
def test_each_line_is_a_row_or_a_reject_or_blank(lines, chunk_rows, final_newline):
    content = b"\n".join([",".join(HEADER).encode(), GOOD, *lines]) + b"\n" * final_newline
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        path.write_bytes(content)
        pages, rejects = read(path, chunk_rows=chunk_rows)
    found, refused = rows_by_line(pages), {reject.line: reject for reject in rejects}
    assert len(refused) == len(rejects)
    for number_, line in enumerate(content.split(b"\n")[1:], start=2):
        verdict = oracle(line + b"\n", len(HEADER))
        assert (number_ in found) == isinstance(verdict, tuple), line
        assert (number_ in refused) == (verdict == "bad"), line
        if isinstance(verdict, tuple):
            symbol, stamp, *values = verdict
            when = datetime.fromisoformat(stamp)
            assert found[number_][:2] == (symbol, micros(when))
            assert np.array_equal(found[number_][2:], values, equal_nan=True)
        if verdict == "bad":
            text = line.removesuffix(b"\r").decode("utf-8", "backslashreplace")
            assert refused[number_].raw.rstrip("\r") == text.rstrip("\r").replace("\0", "\\x00")
            assert refused[number_].reason
    raws = {
        line: text
        for page in pages
        for line, text in zip(
            page.lines.tolist(), page.raw(np.arange(len(page.lines))), strict=True
        )
    }
    for line, text in raws.items():
        assert text == content.split(b"\n")[line - 1].decode().rstrip("\r")


@settings(max_examples=300, deadline=None)
@given(st.one_of(floats.map(repr), st.text("0123456789+-.eEinfaNx_ T", max_size=9)))
def test_the_fast_and_the_exact_reading_of_a_number_agree(token):
    """A cell pandas reads in C has the value Python reads; one neither reads is a reject."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        path.write_text(f"{','.join(HEADER)}\nA,2020-01-02 00:00:00,{token},1,1,1,1\n")
        pages, rejects = read(path)
    expected = number(token)
    if expected is None:
        assert (pages, len(rejects)) == ([], 1)
    else:
        assert np.array_equal(pages[0].block[0], [expected], equal_nan=True)


def test_reasons_name_the_column_and_show_the_cell(tmp_path):
    path = tmp_path / "X_1d.csv"
    path.write_bytes(
        b"Date,Open,High,Low,Close,Volume\n"
        b"2020-01-02,1,2,1,2,3\n"
        b'2020-01-03,"1,000",2,1,N/A,3\n'
        b"\n"
        b"2020-01-06,1,2,1\n"
        b'2020-01-07,"1,2,1,2,3\n'
        b"2020-01-08,1,2,1,2,\xff\n"
        b"2020-01-32,1,2,1,2,3\n"
        b"2020-01-10,1,2,1,2,3,4\r\n"
    )
    pages, rejects = read(path)
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (3, "open is not a number: '1,000'; close is not a number: 'N/A'"),
        (5, "4 fields where the header has 6"),
        (6, "quotes are not closed, or text follows a closing quote"),
        (7, "not UTF-8 text"),
        (8, "time is not written as %Y-%m-%d: '2020-01-32'"),
        (9, "7 fields where the header has 6"),
    ]
    assert {reject.origin for reject in rejects} == {str(path)}
    assert {reject.series for reject in rejects} == {Series("X", "1m")}
    assert rejects[4].raw == "2020-01-32,1,2,1,2,3"
    assert rejects[3].raw == "2020-01-08,1,2,1,2,\\xff"
    assert rows_by_line(pages).keys() == {2}


def test_values_that_are_not_finite_reach_the_check(tmp_path):
    path = tmp_path / "X_1d.csv"
    path.write_text("Date,Open,High,Low,Close,Volume\n2020-01-02,inf,nan,-inf,1e999,NaN\n")
    (page,), rejects = read(path)
    assert rejects == []
    assert set(flaws(page.block)) >= {"price missing or not finite", "volume missing or not finite"}


@settings(max_examples=40, deadline=None)
@given(st.data(), bars)
def test_rows_in_are_rows_out_for_any_window_and_choice_of_series(data, rows):
    lines = [f"{s},{when:%Y-%m-%d %H:%M:%S},{','.join(map(repr, v))}" for s, when, *v in rows]
    broken = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    for position in broken:
        lines[position] = lines[position].rsplit(",", 1)[0] + ",x"
    start, end = sorted((data.draw(moments), data.draw(moments)))
    window = Window.of(start, end + timedelta(seconds=1))
    wanted = data.draw(st.sets(st.sampled_from(["AAPL", "IBM", "Ö 1"])))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        path.write_text(",".join(HEADER) + "\n" + "\n".join(lines), encoding="utf-8")
        pages, rejects = read(path, window, [Series(s, "1m") for s in wanted], chunk_rows=7)
    asked = {
        i + 2
        for i, (symbol, when, *_) in enumerate(rows)
        if symbol in wanted and start <= when <= end
    }
    bad = {position + 2 for position in broken}
    assert rows_by_line(pages).keys() == asked - bad
    assert {reject.line for reject in rejects} == asked & bad
    assert all(reject.series.symbol == rows[reject.line - 2][0] for reject in rejects)


def test_a_file_of_another_timeframe_or_symbol_is_not_even_opened(tmp_path):
    for name in ("A_1d.csv", "B_1d.csv"):
        (tmp_path / name).write_text("Date,O,H,L,C\n2020-01-02,1,2,1,2\n2020-01-03,x,2,1,2\n")
    source = CsvSource(tmp_path)
    rejects = []
    pages = list(source.pages([Series("A", "1d"), Series("B", "1h")], Window(), rejects.append))
    assert [page.series for page in pages] == [("A", "1d")]
    assert [reject.series for reject in rejects] == [("A", "1d")]


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_gzip_gives_no_row_and_leaves_other_files_be(tmp_path, damage):
    rng = np.random.default_rng(1)
    rows = "".join(
        f"{np.datetime64('2000-01-01') + i},{','.join(map(repr, rng.random(4).tolist()))},1\n"
        for i in range(5000)
    )
    packed = bytearray(gzip.compress(("Date,O,H,L,C,V\n" + rows).encode()))
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[len(packed) * 3 // 4] ^= 0xFF
    (tmp_path / "A_1d.csv.gz").write_bytes(packed)
    (tmp_path / "B_1d.csv").write_text("Date,O,H,L,C,V\n2020-01-02,1,2,1,2,3\n")
    pages, source = [], CsvSource(tmp_path)
    wanted = source.series()
    assert wanted == [("A", "1d"), ("B", "1d")]
    with pytest.raises(SourceError, match=r"A_1d\.csv\.gz: the gzip data are damaged"):
        pages.extend(source.pages(wanted, Window(), pytest.fail))
    assert [page.series.symbol for page in pages] == ["B"]


def test_a_gzip_damaged_in_its_head_is_a_source_error(tmp_path):
    path = tmp_path / "A_1d.csv.gz"
    path.write_bytes(gzip.compress(b"Date,O,H,L,C,V\n2020-01-02,1,2,1,2,3\n")[:20])
    with pytest.raises(SourceError, match="damaged"):
        CsvSource(path).series()


def test_a_line_without_end_is_a_source_error_before_it_fills_memory(tmp_path):
    path = tmp_path / "A_1d.csv"
    path.write_bytes(b"Date,O,H,L,C,V\n2020-01-02,1,2,1,2,3\n" + b"9" * 3_000_000)
    with pytest.raises(SourceError, match="line 3 is longer than 1 MiB"):
        CsvSource(path).series()


MEMORY_PROBE = """
import resource, sys
from workbench.sessions import Window
from workbench.sources.csv import CsvSource
source = CsvSource(sys.argv[1], chunk_rows=5000)
def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
first = rows = 0
for page in source.pages(source.series(), Window(), print):
    rows += len(page.timestamps)
    first = first or peak_kb()
print(rows, peak_kb() - first)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "panel_1m.csv"
    count = 400_000
    times = np.datetime64("2020-01-01T00:00:00") + np.arange(count // 2)
    with path.open("w") as stream:
        stream.write("time,symbol,open,high,low,close,volume\n")
        for time in times.astype(str):
            stream.write(f"{time},A,1.25,2.5,1.125,2.0625,100\n{time},B,1.5,2.5,1.25,2.75,7\n")
    size_kb = path.stat().st_size // 1024
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_PROBE, str(path)], capture_output=True, text=True, check=True
    )
    rows, growth_kb = map(int, done.stdout.split())
    assert rows == count
    assert growth_kb < size_kb / 3, f"{growth_kb} kB more for a file of {size_kb} kB"


def test_fields_of_pages_are_in_the_order_of_bars(tmp_path):
    path = tmp_path / "X_1d.csv"
    path.write_text("Volume,Close,Low,High,Open,Date\n5,4,1,9,2,2020-01-02\n")
    (page,), _ = read(path, timeframe="1d")
    assert dict(zip(FIELDS, page.block[:, 0].tolist(), strict=True)) == {
        "open": 2, "high": 9, "low": 1, "close": 4, "volume": 5,
    }  # fmt: skip
    assert page.block.flags.c_contiguous
    assert (page.block.dtype, page.timestamps.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize("word", ["True", "TRUE", "true", "False", "FALSE", "false"])
def test_a_column_of_truth_values_is_no_column_of_numbers(tmp_path, word):
    path = tmp_path / "X_1d.csv"
    path.write_text(f"Date,O,H,L,C,V\n2020-01-02,1,2,1,2,{word}\n2020-01-03,1,2,1,2,{word}\n")
    pages, rejects = read(path)
    assert pages == []
    assert {reject.reason for reject in rejects} == {f"volume is not a number: {word!r}"}


def test_quoted_numbers_after_a_space(tmp_path):
    path = tmp_path / "X_1d.csv"
    path.write_text('Date, O, H, L, C, V\n2020-01-02, "1", "2", "1", "2", "3"\n')
    (page,), rejects = read(path)
    assert (page.block[:, 0].tolist(), rejects) == ([1, 2, 1, 2, 3], [])
