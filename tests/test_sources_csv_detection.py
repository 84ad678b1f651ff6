"""What the CSV source tells from files by itself, and what it refuses to guess."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import numpy as np
import pytest

from workbench.errors import InputError, SourceError, UnknownNameError
from workbench.sessions import TIMEFRAMES, Window
from workbench.sources import SOURCES, open_source
from workbench.sources.csv import CsvSource
from workbench.sources.protocol import Series

DAILY = "Date,Open,High,Low,Close,Volume\n2020-01-02,1,4,0.5,2,10\n2020-01-03,2,5,1.5,3,20\n"


def us(text: str) -> int:
    stamp = datetime.fromisoformat(text)
    return round(stamp.replace(tzinfo=stamp.tzinfo or UTC).timestamp()) * 1_000_000


def write(folder, text, name="AAPL_1d.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(source):
    rejects = []
    pages = list(source.pages(source.series(), Window(), rejects.append))
    return pages, rejects


def times_in(folder, stamps, name="X_1h.csv", **options):
    rows = "".join(f'"{stamp}",1,2,1,2,5\n' for stamp in stamps)
    source = CsvSource(write(folder, f"Time,O,H,L,C,V\n{rows}", name), **options)
    pages, rejects = read(source)
    return [t for page in pages for t in page.timestamps.tolist()], rejects


def refused(folder, text, name="AAPL_1d.csv", **options):
    with pytest.raises(SourceError) as caught:
        CsvSource(write(folder, text, name), **options).series()
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_dialects(tmp_path, mark, end, packed, bom):
    content = bom + DAILY.replace(",", mark).replace("\n", end).encode()
    path = write(tmp_path, gzip.compress(content) if packed else content)
    (page,), rejects = read(CsvSource(path))
    assert rejects == []
    assert page.block.tolist() == [[1, 2], [4, 5], [0.5, 1.5], [2, 3], [10, 20]]
    assert page.timestamps.tolist() == [us("2020-01-02"), us("2020-01-03")]


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,open,high,low,close,volume",
        "Gmt time, OPEN, HIGH, LOW, CLOSE, VOLUME",
        "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        "t,o,h,l,c,v",
        "timestamp,1. open,2. high,3. low,4. close,5. volume",
        "Datetime,Open,High,Low,Last,Volume",
        '"Open time","Open","High","Low","Close","Volume"',
    ],
)
def test_headers(tmp_path, header):
    path = write(tmp_path, header + DAILY[DAILY.index("\n") :])
    (page,), rejects = read(CsvSource(path))
    assert rejects == []
    assert page.block[:, 0].tolist() == [1, 4, 0.5, 2, 10]


def test_adjusted_close_is_never_the_close_and_last_only_without_one(tmp_path):
    text = "Adj Close,Last,Date,Open,High,Low,Close,Volume\n9,8,2020-01-02,1,4,0.5,2,10\n"
    (page,), _ = read(CsvSource(write(tmp_path, text)))
    assert page.block[3, 0] == 2


def test_mapping_wins_and_names_must_exist(tmp_path):
    text = DAILY.replace("Close", "Settle").replace("Volume", "Contracts")
    columns = {"close": "Settle", "volume": "Contracts"}
    (page,), _ = read(CsvSource(write(tmp_path, text), columns=columns))
    assert page.block[3:, 0].tolist() == [2, 10]
    message = refused(tmp_path, text, columns={"close": "settle"})
    assert "'settle'" in message
    assert "Date, Open, High, Low, Settle, Contracts" in message
    with pytest.raises(UnknownNameError, match="unknown field 'closing'"):
        CsvSource("x.csv", columns={"closing": "Settle"})
    with pytest.raises(InputError, match="names a column twice"):
        CsvSource("x.csv", columns={"close": "A", "open": "A"})
    with pytest.raises(InputError, match="map both"):
        CsvSource("x.csv", columns={"time": "A"})


def test_missing_column_says_what_was_found_and_how_to_map(tmp_path):
    message = refused(tmp_path, "Date,Open,High,Low,Price\n2020-01-02,1,4,0.5,2\n")
    assert "no column for close among Date, Open, High, Low, Price" in message
    assert "columns={'close': 'its column name'}" in message


@pytest.mark.parametrize(
    ("header", "rivals"),
    [
        ("unix,date,open,high,low,close,volume", "'unix', 'date' may each be the timestamp"),
        ("date,open,high,low,close,close,volume", "'close', 'close' may each be the close"),
        ("date,open,high,low,close,vol,volume", "'vol', 'volume' may each be the volume"),
    ],
)
def test_ambiguous_columns_are_refused(tmp_path, header, rivals):
    assert rivals in refused(tmp_path, f"{header}\n1,2,3,4,5,6,7\n")


def test_no_volume_column_reads_as_zero(tmp_path):
    text = "Date,Open,High,Low,Close\n2020-01-02,1,4,0.5,2\n"
    (page,), _ = read(CsvSource(write(tmp_path, text)))
    assert page.block[4].tolist() == [0.0]


def test_files_without_header_need_names(tmp_path):
    text = DAILY[DAILY.index("\n") + 1 :]
    assert "header=" in refused(tmp_path, text)
    names = ["date", "open", "high", "low", "close", "volume"]
    (page,), rejects = read(CsvSource(write(tmp_path, text), header=names))
    assert (page.lines.tolist(), rejects) == ([1, 2], [])
    assert "names 2 columns, the file has 6" in refused(tmp_path, text, header=["date", "open"])


def test_files_that_are_no_tables(tmp_path):
    assert "empty" in refused(tmp_path, "")
    assert "empty" in refused(tmp_path, "\n\n")
    assert "delimiter" in refused(tmp_path, "hello\nworld\n")
    assert "UTF-16" in refused(tmp_path, DAILY.encode("utf-16"))
    assert "delimiter" in refused(tmp_path, b"\xff\x00\x01,a,b\n")
    assert "header: not UTF-8" in refused(
        tmp_path, b"\xff\x00,a,b\n".replace(b"\0", b""), delimiter=","
    )
    assert "header" in refused(tmp_path, DAILY.replace("\n", "\r"), delimiter=",")
    assert "no row" in refused(tmp_path, DAILY[: DAILY.index("\n") + 1])


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("AAPL_1d.csv.gz", {}, ("AAPL", "1d")),
        ("AAPL.csv", {}, ("AAPL", "1d")),
        ("brk.b-1D.csv", {}, ("brk.b", "1d")),
        ("EUR_USD.csv", {}, ("EUR_USD", "1d")),
        ("AAPL_1M.csv", {}, ("AAPL_1M", "1d")),
        ("AAPL_1d.csv", {"symbol": "APPLE"}, ("APPLE", "1d")),
        ("AAPL_1d.csv", {"timeframe": "1w"}, ("AAPL", "1w")),
    ],
)
def test_series_by_argument_name_or_spacing(tmp_path, name, options, expected):
    assert CsvSource(write(tmp_path, DAILY, name), **options).series() == [Series(*expected)]


@pytest.mark.parametrize("timeframe", sorted(TIMEFRAMES))
def test_timeframe_is_the_commonest_spacing(tmp_path, timeframe):
    step = TIMEFRAMES[timeframe].seconds
    ticks = [i * step for i in (0, 1, 2, 3, 9, 10, 11, 40)]
    stamps = np.array(ticks[::-1], "datetime64[s]").astype(str)
    rows = "".join(f"{stamp},1,2,1,2,5\n" for stamp in stamps)
    source = CsvSource(write(tmp_path, f"Time,O,H,L,C,V\n{rows}", "X.csv"))
    assert source.series() == [("X", timeframe)]


def test_timeframes_that_cannot_be_told(tmp_path):
    one = DAILY[: DAILY.index("2020-01-03")]
    assert "too few rows" in refused(tmp_path, one, "AAPL.csv")
    assert "259200 s apart" in refused(tmp_path, DAILY.replace("01-03", "01-05"), "AAPL.csv")
    with pytest.raises(UnknownNameError, match="unknown timeframe '2d'"):
        CsvSource("x.csv", timeframe="2d")


@pytest.mark.parametrize(
    "stamps",
    [
        ["2020-01-13 09:30:00", "2020-01-13 10:30:00"],
        ["2020-01-13T09:30", "2020-01-13T10:30"],
        ["2020-01-13T09:30:00Z", "2020-01-13T10:30:00Z"],
        ["2020-01-13 09:30:00+00:00", "2020-01-13 12:30:00+0200"],
        ["2020-01-13 09:30:00.000", "2020-01-13 10:30:00"],
        ["2020-01-13 09:30:00 UTC", "2020-01-13 10:30:00 UTC"],
        ["2020/01/13 09:30", "2020/01/13 10:30"],
        ["2020.01.13 09:30", "2020.01.13 10:30"],
        ["20200113 093000", "20200113 103000"],
        ["20200113093000", "20200113103000"],
        ["202001130930", "202001131030"],
        ["13.01.2020 09:30:00.000", "13.01.2020 10:30:00.000"],
        ["13/01/2020 9:30", "13/01/2020 10:30"],
        ["01/13/2020 9:30 AM", "01/13/2020 10:30 AM"],
        ["1-13-2020 09:30:00", "1-13-2020 10:30:00"],
        ["13 Jan 2020 09:30", "13 Jan 2020 10:30"],
        ["13-Jan-2020 09:30", "13-Jan-2020 10:30"],
        ["Jan 13, 2020 09:30", "Jan 13, 2020 10:30"],
        ["1578907800", "1578911400"],
        ["1578907800.0", "1578911400.0"],
        ["1578907800000", "1578911400000"],
        ["1578907800000000", "1578911400000000"],
        ["1578907800000000000", "1578911400000000000"],
    ],
)
def test_ways_of_writing_times(tmp_path, stamps):
    expected = [us("2020-01-13T09:30"), us("2020-01-13T10:30")]
    assert times_in(tmp_path, stamps) == (expected, [])


@pytest.mark.parametrize("date", ["2020-01-13", "20200113", "13.01.2020", "1/13/2020"])
@pytest.mark.parametrize("clock", ["09:30", "09:30:00", "093000", "9:30 AM"])
def test_date_and_time_in_two_columns(tmp_path, date, clock):
    text = f"Date,Time,Open,High,Low,Close\n{date},{clock},1,2,1,2\n"
    (page,), rejects = read(CsvSource(write(tmp_path, text, "X_1h.csv")))
    assert rejects == []
    assert page.timestamps.tolist() == [us("2020-01-13T09:30")]


def test_order_of_day_and_month_is_told_by_the_whole_file_or_not_at_all(tmp_path):
    undecided = [f"0{1 + i % 9}/0{1 + i // 9 % 9}/2{i // 81:03d}" for i in range(1500)]
    header, row = "Date,Open,High,Low,Close\n", ",1,2,1,2\n"

    def content(dates):
        return header + "".join(date + row for date in dates)

    message = refused(tmp_path, content(undecided))
    assert "%d/%m/%Y or %m/%d/%Y" in message
    assert "time_format=" in message
    for late, month in (("25/02/2020", "2000-01-02"), ("02/25/2020", "2000-02-01")):
        path = write(tmp_path, content(["02/01/2000", *undecided, late]))
        (page,), rejects = read(CsvSource(path))
        assert rejects == []
        assert page.timestamps[0] == us(month)
        assert page.timestamps[-1] == us("2020-02-25")
    mixed = content(["25/02/2020", "02/25/2020", *undecided])
    assert "some dates are day/month and some month/day" in refused(tmp_path, mixed)
    (page,), _ = read(CsvSource(write(tmp_path, content(undecided[1:2])), time_format="%d/%m/%Y"))
    assert page.timestamps.tolist() == [us("2000-01-02")]


def test_unreadable_times_and_formats(tmp_path):
    text = "Date,Open,High,Low,Close\nyesterday,1,2,1,2\n"
    assert "'yesterday' cannot be read" in refused(tmp_path, text)
    assert "'01/02/20'" in refused(tmp_path, text.replace("yesterday", "01/02/20"))
    with pytest.raises(SourceError, match="time_format '%d/%m/%y'"):
        CsvSource("x.csv", time_format="%d/%m/%y")


@pytest.mark.parametrize(
    "stamp",
    [
        "now",
        "today",
        "NaT",
        "",
        "2020-13-01 00:00:00",
        "2020-02-30 00:00:00",
        "2020-01-02",
        "2020-01-02 10:00:60",
        "2020-01-02 25:00:00",
        "02/01/2020 10:00:00",
        "99999-01-01 00:00:00",
        "2020-01-02 10:00:00.123456789",
        "2020-01-02 10:00:00Z",
    ],
)
def test_times_that_are_not_in_the_format_of_the_file_are_rejected(tmp_path, stamp):
    good = ["2020-01-01 00:00:00", "2020-01-01 01:00:00", "2020-01-01 02:00:00"]
    times, rejects = times_in(tmp_path, [*good, stamp])
    assert times == [us(text) for text in good]
    (reject,) = rejects
    assert (reject.line, reject.series) == (5, ("X", "1h"))
    assert reject.reason == f"time is not written as %Y-%m-%d %H:%M:%S: {stamp!r}"


def test_epochs_of_another_size_or_finer_than_a_microsecond_are_rejected(tmp_path):
    stamps = ["1578907800", "1578911400", "1578907800000", "1578907800.0000005", "x"]
    times, rejects = times_in(tmp_path, stamps)
    assert len(times) == 2
    assert [reject.line for reject in rejects] == [4, 5, 6]


def test_intraday_times_are_in_tz_and_clock_changes_are_rejected(tmp_path):
    stamps = [
        "2017-03-25 23:00:00",
        "2017-03-26 01:30:00",
        "2017-03-26 02:30:00",
        "2017-10-29 02:30:00",
        "2017-10-29 03:30:00",
    ]
    times, rejects = times_in(tmp_path, stamps, tz="Europe/Berlin")
    assert times == [us("2017-03-25T22:00"), us("2017-03-26T00:30"), us("2017-10-29T02:30")]
    assert [reject.line for reject in rejects] == [4, 5]
    assert all("happens twice or never" in reject.reason for reject in rejects)
    aware, rejects = times_in(tmp_path, ["2017-10-29T02:30:00+0100"], tz="Europe/Berlin")
    assert (aware, rejects) == ([us("2017-10-29T01:30")], [])
    with pytest.raises(UnknownNameError, match="unknown time zone 'Europe/Berlim'"):
        CsvSource("x.csv", tz="Europe/Berlim")


@pytest.mark.parametrize(
    ("stamp", "date"),
    [
        ("2020-01-02", "2020-01-02"),
        ("2020-01-02 16:00:00", "2020-01-02"),
        ("2020-01-02 00:00:00-05:00", "2020-01-02"),
        ("2020-01-02 00:00:00+09:00", "2020-01-02"),
        ("2020-01-02T05:00:00Z", "2020-01-02"),
        ("1577941200", "2020-01-02"),
        ("1577941200000", "2020-01-02"),
    ],
)
@pytest.mark.parametrize("tz", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("timeframe", ["1d", "1w"])
def test_daily_bars_have_the_date_that_the_file_prints(tmp_path, stamp, date, tz, timeframe):
    assert times_in(tmp_path, [stamp], f"X_{timeframe}.csv", tz=tz) == ([us(date)], [])


def test_folders_globs_and_hidden_files(tmp_path):
    for name in ("B_1d.csv", "A_1d.CSV", "C_1d.tsv", "._D_1d.csv", "README.txt", "E_1d.csv.bak"):
        write(tmp_path, DAILY, name)
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "deeper", DAILY, "F_1d.csv")

    def symbols(path):
        return [series.symbol for series in CsvSource(path).series()]

    assert symbols(tmp_path) == ["A", "B", "C"]
    assert symbols(tmp_path / "*.csv") == ["B"]
    assert symbols(tmp_path / "**" / "*_1d.csv") == ["B", "F"]
    assert symbols(tmp_path / "E_1d.csv.bak") == ["E_1d.csv.bak"]
    for absent, why in (("none.csv", "no such file"), ("*.parquet", "matches no file")):
        with pytest.raises(SourceError, match=why):
            symbols(tmp_path / absent)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no file in this folder ends with"):
        symbols(tmp_path / "empty")


def test_open_source(tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    (second / "data").mkdir(parents=True)
    write(second / "data", DAILY, "B_1d.csv")
    bases = [first, second]
    for spec in ("csv", "csv:data", "csv:data/*.csv", "csv:data/B_1d.csv"):
        source = open_source(spec, "data/*.csv" if spec == "csv" else "none", bases)
        assert source.series() == [("B", "1d")], spec
    (first / "data").mkdir()
    write(first / "data", DAILY, "A_1d.csv")
    assert open_source("csv", "data", bases).series() == [("A", "1d")]
    assert open_source(f"csv:{second}/data", base_dirs=bases).series() == [("B", "1d")]
    monkeypatch.chdir(second)
    assert open_source("csv", "data", timeframe="1w").series() == [("B", "1w")]
    with pytest.raises(SourceError) as caught:
        open_source("csv:nowhere.csv", base_dirs=bases)
    assert str(first / "nowhere.csv") in str(caught.value)
    assert str(second / "nowhere.csv") in str(caught.value)
    with pytest.raises(UnknownNameError, match=r"unknown source 'yahoo'.*Known: csv"):
        open_source("yahoo:AAPL")
    with pytest.raises(InputError, match="timezone"):
        open_source("csv", "data", timezone="UTC")


def test_every_source_has_a_line_of_help_and_its_name():
    assert list(SOURCES) == [CsvSource.name]
    for entry in SOURCES.values():
        assert entry.help
        assert "\n" not in entry.help


def test_arguments_that_cannot_be_right():
    for wrong in ({"chunk_rows": 0}, {"delimiter": ""}, {"delimiter": ",,"}, {"delimiter": '"'}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            CsvSource("x.csv", **wrong)
