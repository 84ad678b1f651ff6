"""wb.ta.compute: equal to computing in memory, in shares of bounded memory, in a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest

import workbench as wb
from tests.batch_market import change, fill
from workbench.batches import Means, Plan, run
from workbench.batches.plan import calculations
from workbench.errors import InputError, NoBarsError, RangeError, UnknownNameError
from workbench.indicators import INDICATORS
from workbench.reads import recording
from workbench.sessions import Window
from workbench.settings import Settings
from workbench.shape import FIELDS

SYMBOLS, BARS = 21, 260
SOME: list[Any] = [wb.ta.rsi, "macd", ("sma", {"window": [5, 20]}), ("atr", {"dtype": "float32"})]
LABELS = (
    "rsi_14", "macd_12_26_9.macd", "macd_12_26_9.signal", "macd_12_26_9.histogram",
    "sma_5", "sma_20", "atr_14",
)  # fmt: skip


@pytest.fixture(scope="module")
def market_url(new_database: Any, template: str) -> str:
    url: str = new_database(template)
    fill(url, SYMBOLS, BARS)
    return url


@pytest.fixture(scope="module")
def market(market_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[wb.Workbench]:
    folder = tmp_path_factory.mktemp("cache")
    with wb.Workbench(Settings(database_url=market_url, cache_dir=folder)) as made:
        yield made


NAMES = [f"S{number:04}" for number in range(SYMBOLS)]


def quietly(market: wb.Workbench, *arguments: Any, **options: Any) -> Any:
    return market.compute(*arguments, **{"progress": False, **options})


def symbols_read(market: wb.Workbench, *arguments: Any, **options: Any) -> set[str]:
    """The symbols whose bars a call reads."""
    plan = Plan.of(*arguments, Window())
    with recording() as heard:
        run(market.database, plan, options["out"], Means(options["limit_bytes"], None, False))
    return {symbol for read in heard.reads for symbol in read.symbols}


def expected_of(market: wb.Workbench, wants: Any) -> dict[str, pd.DataFrame]:
    """What the indicators give over all bars at once, by label."""
    bars, found = market.bars(NAMES), {}
    for one in calculations(wants):
        made = one.record.compute(bars, dtype=one.dtype, **one.parameters)
        several = len(one.labels) > 1
        for label, output in zip(one.labels, one.record.outputs, strict=True):
            found[label] = made[output.name] if several else made
    return found


def test_every_indicator_is_to_the_bit_what_it_is_in_memory(
    market: wb.Workbench, tmp_path: Path
) -> None:
    """Fewer symbols at a time than a kernel takes side by side, and all at once."""
    every = [name for name, one in INDICATORS.items() if set(one.inputs) <= set(FIELDS)]
    result = quietly(market, NAMES, every, out=tmp_path / "out", limit_bytes=250_000)
    assert len(json.loads((tmp_path / "out" / "symbols.json").read_text())["parts"]) >= 6
    for label, wanted in expected_of(market, every).items():
        pd.testing.assert_frame_equal(result[label], wanted, check_exact=True)


@pytest.mark.parametrize("limit_bytes", [60_000, 200_000, 600_000, 2**30])
def test_however_large_the_shares_are(
    market: wb.Workbench, tmp_path: Path, limit_bytes: int
) -> None:
    result = quietly(market, NAMES, SOME, out=tmp_path / "out", limit_bytes=limit_bytes)
    frame = quietly(market, NAMES, SOME)
    for label, wanted in expected_of(market, SOME).items():
        pd.testing.assert_frame_equal(result[label], wanted, check_exact=True)
        pd.testing.assert_frame_equal(frame[label], wanted, check_exact=True)


def test_labels_name_the_parameters(market: wb.Workbench, tmp_path: Path) -> None:
    frame = quietly(market, NAMES[:9], SOME)
    assert tuple(frame.columns.get_level_values("output").unique()) == LABELS
    assert frame.columns.names == ["output", "symbol"]
    assert frame["sma_5"].columns.to_list() == NAMES[:9]
    assert (frame.index.name, str(frame.index.dtype)) == ("timestamp", "datetime64[us, UTC]")
    assert set(frame["atr_14"].dtypes) == {np.dtype("float32")}
    assert set(frame["sma_5"].dtypes) == {np.dtype("float64")}
    assert quietly(market, NAMES[0], "sma", out=tmp_path / "one").labels == ("sma_20",)
    bands = quietly(market, NAMES[:9], ("bbands", {"deviations": [1.5, 2]}))
    labels = list(dict.fromkeys(bands.columns.get_level_values("output")))
    assert labels[0::3] == ["bbands_20_1.5.upper", "bbands_20_2.upper"]


def test_what_is_asked_for_is_what_bars_gives(market: wb.Workbench) -> None:
    when = {"start": "2000-03", "end": "2000-07"}
    expected = wb.ta.rsi(market.bars(NAMES, *when.values()))
    pd.testing.assert_frame_equal(quietly(market, NAMES, "rsi", **when)["rsi_14"], expected)


def test_some_symbols_have_no_bars_in_the_range(market: wb.Workbench, tmp_path: Path) -> None:
    expected = wb.ta.sma(market.bars(NAMES, "2000-01-03", "2000-02-03"))
    assert expected.isna().all().any()
    result = quietly(
        market, NAMES, "sma", start="2000-01-03", end="2000-02-03",
        out=tmp_path / "out", limit_bytes=60_000,
    )  # fmt: skip
    pd.testing.assert_frame_equal(result["sma_20"], expected, check_exact=True)
    absent = expected.columns[expected.isna().all()].to_list()
    with pytest.raises(NoBarsError, match=r"no 1d bars of .* in "):
        quietly(market, absent, "sma", start="2000-01-03", end="2000-01-10")


def test_a_result_opens_as_little_as_is_asked_for(market: wb.Workbench, tmp_path: Path) -> None:
    made = quietly(market, NAMES, SOME, out=str(tmp_path / "deep" / "out"))
    result = wb.ta.Computed(tmp_path / "deep" / "out")
    assert (result.labels, list(result), len(result)) == (LABELS, list(LABELS), len(LABELS))
    assert result.symbols == made.symbols == tuple(NAMES)
    assert result.index.equals(made.index)
    rsi = wb.ta.rsi(market.bars(NAMES))
    pd.testing.assert_frame_equal(result["rsi_14"], rsi)
    part = result.frame("rsi_14", ["S0004", "S0001"], "2000-05", "2000-06")
    pd.testing.assert_frame_equal(part, rsi.loc["2000-05":"2000-05", ["S0004", "S0001"]])
    pd.testing.assert_frame_equal(result.frame("rsi_14", "S0004"), rsi[["S0004"]])
    changed = result["rsi_14"]
    changed.iloc[20] = 7.0
    pd.testing.assert_frame_equal(wb.ta.Computed(result.folder)["rsi_14"], rsi)
    for text in (repr(result), result._repr_html_()):
        assert "21 symbols" in text
        assert "260 times from 2000-01-03 to 2000-09-18" in text
    assert "<code>macd_12_26_9.signal</code>" in result._repr_html_()
    with pytest.raises(UnknownNameError, match="unknown label 'rsi_15'; did you mean 'rsi_14'"):
        result["rsi_15"]
    with pytest.raises(UnknownNameError, match="unknown symbol 'S9'"):
        result.frame("rsi_14", ["S9"])
    with pytest.raises(RangeError, match="reversed"):
        result.frame("rsi_14", None, "2001", "2000")


WRONG: list[tuple[Any, Any, dict[str, Any], str]] = [
    (["S0000", "S0000"], "rsi", {}, "S0000 more than once"),
    ([], "rsi", {}, "names nothing"),
    (["S000"], "rsi", {}, "unknown symbol at timeframe 1d 'S000'; did you mean 'S00"),
    (["S0000"], "rsj", {}, "unknown indicator 'rsj'; did you mean 'rsi'"),
    (["S0000"], "mavp", {}, "mavp needs close, periods, and Bars do not have"),
    (["S0000"], [], {}, r"indicators=\[\] names nothing"),
    (["S0000"], [max], {}, "is not an indicator; give wb.ta.rsi"),
    (["S0000"], [("rsi", 5)], {}, "is not an indicator and its parameters"),
    (["S0000"], [("rsi", {"window": 1})], {}, "window=1 is not allowed"),
    (["S0000"], [("rsi", {"window": []})], {}, "list of parameters is empty"),
    (["S0000"], [("rsi", {"widow": 5})], {}, "did you mean 'window'"),
    (["S0000"], [("rsi", {"nan": "propagate"})], {}, "nan= does not go with batches"),
    (["S0000"], [("rsi", {"dtype": "int8"})], {}, "dtype='int8' is not allowed"),
    (["S0000"], ["rsi", wb.ta.rsi], {}, "rsi_14 is asked for twice"),
    (["S0000"], "rsi", {"timeframe": "2d"}, "unknown timeframe '2d'"),
    (["S0000"], "rsi", {"timeframe": "1h"}, "timeframe for S0000"),
    (["S0000"], "rsi", {"adjusted": "all"}, "unknown adjusted="),
    (["S0000"], "rsi", {"start": "2001", "end": "2000"}, "reversed"),
    (["S0000"], "rsi", {"start": "2031"}, "no 1d bars of S0000 in"),
    (["S0000"], "rsi", {"limit_bytes": 1000}, "too little for one symbol; give .* or more"),
    (["S0000"], "rsi", {"limit_bytes": 1e9}, "is not a whole number of bytes"),
    (["S0000"], "rsi", {"client": "tcp://127.0.0.1:1"}, "is not a distributed.Client"),
    (NAMES, ["macd", "rsi"], {"limit_bytes": 100_000}, "the result takes about .* give out="),
]


@pytest.mark.parametrize(("symbols", "indicators", "options", "message"), WRONG)
def test_a_wrong_call_is_refused(
    market: wb.Workbench, symbols: Any, indicators: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        quietly(market, symbols, indicators, **options)


def test_a_folder_of_something_else_is_left_alone(market: wb.Workbench, tmp_path: Path) -> None:
    out = tmp_path / "out"
    quietly(market, NAMES, "rsi", out=out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    for other, what in (
        ({"indicators": "sma"}, "indicators"),
        ({"symbols": NAMES[:3]}, "symbols"),
        ({"start": "2000-02"}, "start"),
        ({"adjusted": True}, "adjusted"),
    ):
        given = {"symbols": NAMES, "indicators": "rsi", "out": out, **other}
        with pytest.raises(InputError, match=f"holds results for other {what}; give another"):
            quietly(market, given.pop("symbols"), given.pop("indicators"), **given)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="is a file; give a folder"):
        quietly(market, NAMES, "rsi", out=tmp_path / "file")
    with pytest.raises(InputError, match="is a file; give a folder"):
        quietly(market, NAMES, "rsi", out=tmp_path / "file" / "below")
    with pytest.raises(InputError, match="is not a folder of results"):
        quietly(market, NAMES, "rsi", out=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]
    (tmp_path / "empty").mkdir()
    assert quietly(market, NAMES, "rsi", out=tmp_path / "empty").labels == ("rsi_14",)


def test_a_second_call_computes_what_has_changed(
    new_database: Any, template: str, tmp_path: Path
) -> None:
    url, out = new_database(template), tmp_path / "out"
    names = fill(url, 12, 100)
    settings = Settings(database_url=url, cache_dir=tmp_path / "cache")

    def check(symbols: set[str]) -> None:
        found = symbols_read(market, names, ["sma", "atr"], out=out, limit_bytes=40_000)
        assert found & symbols == symbols
        assert len(found) <= 4 * len(symbols)
        bars = market.bars(names)
        pd.testing.assert_frame_equal(wb.ta.Computed(out)["sma_20"], wb.ta.sma(bars))

    with wb.Workbench(settings) as market:
        check(set(names))
        check(set())
        change(url, "S0007")
        check({"S0007"})
        owner = psycopg2.connect(url)
        with owner, owner.cursor() as cursor:  # a time that no other symbol has
            cursor.execute(
                "INSERT INTO data_ingestion.market_data (timestamp, open, high, low, close, volume,"
                " instrument_id, timeframe) SELECT '2001-05-05', 1, 1, 1, 1, 1, instrument_id, '1d'"
                " FROM data_ingestion.instrument WHERE symbol = 'S0003'"
            )
        check({"S0003"})
        assert wb.ta.Computed(out).index[-1].year == 2001
        with owner, owner.cursor() as cursor:
            cursor.execute("DELETE FROM data_ingestion.market_data WHERE timestamp = '2001-05-05'")
        owner.close()
        check({"S0003"})


def test_as_of_is_one_state_for_all_and_does_not_change(
    new_database: Any, template: str, tmp_path: Path
) -> None:
    url, out = new_database(template), tmp_path / "out"
    names = fill(url, 6, 80)
    with wb.Workbench(Settings(database_url=url, cache_dir=tmp_path / "cache")) as market:
        before = market.bars(names)
        then = before.attrs["freshness"].checked_at
        change(url, *names)
        result = quietly(market, names, "sma", as_of=then, out=out, limit_bytes=40_000)
        pd.testing.assert_frame_equal(result["sma_20"], wb.ta.sma(before))
        change(url, *names)
        again = quietly(market, names, "sma", as_of=then, out=out, limit_bytes=40_000)
        pd.testing.assert_frame_equal(again["sma_20"], wb.ta.sma(before))


def test_adjusted_prices(demo_workbench: wb.Workbench, tmp_path: Path) -> None:
    demo_workbench.record_actions("data/actions/sample.csv")
    names = ["AAPL", "IBM", "MSFT"]
    bars = demo_workbench.bars(names, adjusted=True)
    assert not bars.equals(demo_workbench.bars(names))
    result = quietly(demo_workbench, names, "sma", adjusted=True, out=tmp_path / "out")
    pd.testing.assert_frame_equal(result["sma_20"], wb.ta.sma(bars))


def test_memoized_functions_may_not_use_it(market: wb.Workbench) -> None:
    @market.memoize
    def computed() -> Any:
        return market.compute(NAMES, "rsi")

    with pytest.raises(InputError, match=r"wb\.ta\.compute cannot be used in a memoized function"):
        computed()


def test_the_namespace_has_every_indicator_and_completes() -> None:
    assert {*INDICATORS, "INDICATORS", "Computed", "compute"} <= set(dir(wb.ta))
    assert all(hasattr(wb.ta, name) for name in dir(wb.ta))
    assert dir(wb.ta) == sorted(wb.ta.__all__)
    with pytest.raises(AttributeError, match="no attribute 'rsj'"):
        wb.ta.rsj  # type: ignore[attr-defined]  # noqa: B018


def test_dask_is_imported_for_a_client_only() -> None:
    code = (
        "import sys, workbench as wb; from workbench.batches import workers; wb.ta.compute;"
        "print({'dask', 'distributed'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
