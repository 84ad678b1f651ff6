"""The look-ahead detector: every seeded leak is found and pinned down, causal functions pass."""

from __future__ import annotations

import functools
import html.parser
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench.indicators as ta
from tests.indicator_data import inputs_of, walk
from workbench.errors import InputError
from workbench.indicators import INDICATORS
from workbench.indicators.causality import Causality, check_causal
from workbench.shape import FIELDS, panel

BARS = 120
RNG = np.random.default_rng(5)
INDEX = pd.date_range("2020-01-01", periods=BARS, tz="UTC", name="timestamp", unit="us")
PRICES = 100 * np.exp(np.cumsum(RNG.normal(0, 0.02, (BARS, 4)), axis=0))
CLOSE = pd.Series(PRICES[:, 0], index=INDEX, name="close")
GAPPY = CLOSE.where(~CLOSE.index.isin(INDEX[40:43]))
WIDE = pd.DataFrame(PRICES, index=INDEX, columns=list("ABCD"))
FLAT = pd.DataFrame(
    {
        "open": CLOSE * RNG.uniform(0.99, 1.01, BARS),
        "high": CLOSE * 1.02,
        "low": CLOSE * 0.98,
        "close": CLOSE,
        "volume": RNG.uniform(1e3, 1e6, BARS),
    }
)
HOURS = pd.date_range("2020-01-06", periods=120, freq="h", tz="UTC")
HOURLY = pd.Series(RNG.uniform(90, 110, 120), index=HOURS)


def with_gaps(bars: int, symbols: int) -> dict[str, np.ndarray]:
    """Every input that some indicator takes: symbols with gaps, the last one listed late."""
    absent = np.random.default_rng(9).random((bars, symbols)) < 0.03
    absent[:20, -1] = True
    return {
        name: np.where(absent, np.nan, values) for name, values in walk(bars, 9, symbols).items()
    }


def bars_of(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    blocks = {field: columns[field] for field in FIELDS}
    return panel(np.arange(len(blocks["close"])) * 86_400_000_000, blocks, ["S0", "S1", "S2"])


def reported(function: Callable[..., Any], *bars: Any, **options: Any) -> Causality:
    report = check_causal(function, *bars, **options)
    assert bool(report) == report.causal == (report.leak is None) == (report.first is None)
    return report


class Bands(NamedTuple):
    upper: pd.Series
    lower: pd.Series


def last_month_mean(close: pd.Series) -> pd.Series:
    return close.groupby([close.index.year, close.index.month]).transform("mean")


def filled_week(close: pd.Series, label: str) -> pd.Series:
    weekly = close.resample("W-SUN", label=label).last()
    return weekly.reindex(close.index, method="ffill")


def fitted_line(close: pd.Series) -> pd.Series:
    time = np.arange(len(close))
    centred = time - time.mean()
    return close.mean() + centred * (centred @ (close - close.mean())) / (centred @ centred)


def scaled_to_unit(close: pd.Series) -> pd.Series:
    return (close - close.min()) / (close.max() - close.min())


END = BARS - 1
LEAKS: dict[str, tuple[Callable[[Any], Any], Any, int, int]] = {
    "shift": (lambda close: close.shift(-1), CLOSE, 0, 1),
    "shift by 7": (lambda close: close.shift(-7), CLOSE, 0, 7),
    "next return": (lambda close: close.pct_change().shift(-1), CLOSE, 0, 1),
    "sign of the next return": (lambda close: close.shift(-1) > close, CLOSE, 0, 1),
    "words": (lambda close: close.diff(-3).lt(0).map({True: "buy", False: "sell"}), CLOSE, 0, 3),
    "centred mean": (lambda close: close.rolling(5, center=True).mean(), CLOSE, 2, 2),
    "reversed maximum": (lambda close: close[::-1].rolling(10).max()[::-1], CLOSE, 0, 9),
    "z-score": (lambda close: (close - close.mean()) / close.std(), CLOSE, 0, END),
    "rank": (lambda close: close.rank(pct=True), CLOSE, 0, END),
    "scaler": (scaled_to_unit, CLOSE, 0, END),
    "fitted line": (fitted_line, CLOSE, 0, END),
    "share of the length": (
        lambda close: close * np.arange(len(close)) / len(close),
        CLOSE,
        1,
        118,
    ),
    "last value": (lambda close: close / close.iloc[-1], CLOSE, 0, END),
    "back-fill of a gap": (lambda close: close.bfill(), GAPPY, 40, 3),
    "interpolated gap": (lambda close: close.interpolate(), GAPPY, 40, 3),
    "back-fill, no gap": (lambda close: close.bfill(limit=2), CLOSE, 0, 2),
    "interpolation, no gap": (lambda close: close.interpolate(), CLOSE, 1, END - 1),
    "mean of the month": (last_month_mean, CLOSE, 0, 30),
    "filled left labels": (lambda close: filled_week(close, "left"), CLOSE, 0, 4),
    "rows that vanish": (lambda close: close[close.shift(-2) > 0], CLOSE, 0, 2),
    "one column of many": (lambda wide: wide.assign(C=wide["C"].shift(-2)), WIDE, 0, 2),
    "ranks over time": (lambda wide: wide.rank(pct=True), WIDE, 0, END),
    "shape of the next bar": (lambda bars: (bars["close"] / bars["open"]).shift(-1), FLAT, 0, 1),
    "volume": (lambda bars: bars["volume"].shift(-4), FLAT, 0, 4),
    "array": (lambda close: np.append(close[2:], [np.nan, np.nan]), PRICES[:, 0], 0, 2),
    "whole numbers": (lambda count: count.shift(-3), pd.Series(RNG.integers(0, 9999, 99)), 0, 3),
    "flags": (lambda up: up[::-1].cummax()[::-1], pd.Series(np.arange(30) % 7 == 6), 0, 6),
}


@pytest.mark.parametrize("case", LEAKS)
def test_a_leak_is_found_and_pinned_down(case: str) -> None:
    function, bars, first, ahead = LEAKS[case]
    report = reported(function, bars)
    index = bars.index if hasattr(bars, "index") else pd.RangeIndex(len(bars))
    assert report.leak is not None
    assert (report.first, report.leak.ahead) == (index[first], ahead)
    assert report.leak.perturbed_from == index[first + ahead]
    assert report.calls < 130


@pytest.mark.parametrize(
    ("rule", "first"),
    [("D", "2020-01-06"), ("W-MON", "2020-01-06"), ("ME", None), ("6h", "2020-01-06")],
)
def test_resampled_labels_that_come_before_their_bars(rule: str, first: str | None) -> None:
    """A day is labelled by its midnight, a month by its last: 23 bars later are in it too."""
    report = reported(
        lambda close: close.resample(rule, label="left", closed="left").mean(), HOURLY
    )
    if first:
        assert report.first == pd.Timestamp(first, tz="UTC")
        assert report.leak.ahead == {"D": 23, "W-MON": 119, "6h": 5}[rule]
    else:
        assert report.first == pd.Timestamp("2019-12-31", tz="UTC")


CAUSAL: dict[str, tuple[Callable[..., Any], Any]] = {
    "shift": (lambda close: close.shift(1), CLOSE),
    "rolling": (lambda close: close.rolling(5).agg(["mean", "std", "max"]), CLOSE),
    "ewm": (lambda wide: wide.ewm(span=9).mean(), WIDE),
    "expanding": (lambda close: close.expanding().mean(), CLOSE),
    "expanding z": (lambda c: (c - c.expanding().mean()) / c.expanding().std(), CLOSE),
    "expanding rank": (lambda close: close.expanding().rank(pct=True), CLOSE),
    "ffill": (lambda close: close.ffill(), GAPPY),
    "gaps dropped": (lambda close: close.dropna().rolling(3).mean(), GAPPY),
    "cummax": (lambda close: close / close.cummax() - 1, CLOSE),
    "cumsum": (np.cumsum, PRICES[:, 1]),
    "words": (lambda close: close.diff().lt(0).map({True: "sell", False: "buy"}), CLOSE),
    "rank across symbols": (lambda wide: wide.rank(axis=1, pct=True), WIDE),
    "less the market": (lambda wide: wide.sub(wide.mean(axis=1), axis=0), WIDE),
    "weighted sum": (lambda values: values @ np.array([1.0, -1.0, 1.0, -1.0]), PRICES),
    "weeks at their end": (lambda close: close.resample("W-SUN").last(), CLOSE),
    "days at their end": (
        lambda close: close.resample("D", label="right", closed="right").last(),
        HOURLY,
    ),
    "weeks, then the one before": (lambda close: filled_week(close, "right"), CLOSE),
    "days, shifted": (
        lambda close: close.resample("D").mean().shift(1).reindex(close.index, method="ffill"),
        HOURLY,
    ),
    "several tables": (lambda close: Bands(close.rolling(4).max(), close.rolling(4).min()), CLOSE),
    "by name": (lambda bars: {"typical": (bars["high"] + bars["low"]) / 2}, FLAT),
    "times": (lambda close: pd.Series(close.index, index=close.index).shift(1), CLOSE),
}


@pytest.mark.parametrize("case", CAUSAL)
def test_causal_functions_pass(case: str) -> None:
    function, bars = CAUSAL[case]
    report = reported(function, bars)
    assert report.causal, report
    assert not report.changes_input
    assert 8 <= report.cuts <= 11
    assert report.reacts == (case != "times")


@pytest.mark.parametrize("name", INDICATORS)
def test_indicators_are_causal_unless_they_say_that_they_repaint(name: str) -> None:
    record = INDICATORS[name]
    inputs = inputs_of(name, with_gaps(bars=100 + 2 * record.lookback(), symbols=10))
    report = reported(record.compute, *inputs, cuts=3)
    assert report.causal != record.repaints, report
    assert report.reacts
    assert not report.failures
    assert not report.changes_input


def test_several_tables_go_in_together() -> None:
    high, low, close = (FLAT[field] for field in ("high", "low", "close"))
    assert reported(ta.atr, high, low, close)
    late = reported(lambda high, low: high.shift(-2) - low, high, low)
    assert late.leak is not None
    assert late.leak.ahead == 2


@given(distance=st.integers(1, 60), seed=st.integers(0, 2**16), start=st.integers(0, 20))
@settings(max_examples=15, deadline=None)
def test_any_distance_from_any_bar(distance: int, seed: int, start: int) -> None:
    close = pd.Series(np.random.default_rng(seed).lognormal(size=90))

    def late(close: pd.Series) -> pd.Series:
        return close.shift(-distance).where(np.arange(len(close)) >= start)

    leak = reported(late, close, seed=seed).leak
    assert leak is not None
    assert (leak.first, leak.perturbed_from, leak.ahead) == (start, start + distance, distance)
    assert leak.before == close[start + distance]


@given(window=st.integers(1, 30), seed=st.integers(0, 2**16))
@settings(max_examples=8, deadline=None)
def test_no_false_alarm_for_a_window_of_the_past(window: int, seed: int) -> None:
    close = pd.Series(np.random.default_rng(seed).normal(size=60))
    assert reported(lambda close: close.rolling(window).std(), close, seed=seed, cuts=4)


def test_the_report_names_column_values_and_bars() -> None:
    def late(bars: pd.DataFrame) -> Bands:
        late = bars["close"].assign(S1=bars["close"]["S1"].shift(-3))
        return Bands(bars["high"], late)

    bars = bars_of(with_gaps(80, 3))
    report = reported(late, bars)
    leak = report.leak
    assert leak is not None
    assert (leak.column, leak.ahead) == ("lower S1", 3)
    row = bars.index.get_loc(leak.first)
    np.testing.assert_equal(leak.before, bars["close"]["S1"].iloc[row + 3])
    assert str(report).startswith("late: looks at least 3 bars ahead: the value of 1970-01-0")
    assert "(column lower S1) changed from " in str(report)
    assert repr(report) == str(report)
    assert pickle.loads(pickle.dumps(report)) == report


def test_times_within_the_day_are_shown() -> None:
    report = reported(lambda close: close.shift(-1), HOURLY.iloc[5:])
    assert "the value of 2020-01-06 05:00 changed" in str(report)
    assert "from 2020-01-06 06:00 on were raised" in str(report)


def test_a_row_that_did_not_exist_is_no_value() -> None:
    report = reported(lambda close: close[close.index < close.index[-1]], CLOSE)
    assert report.leak is not None
    assert report.leak.after is None
    assert "to no row when the bars from 2020-01-02 on were cut off" in str(report)


class Tags(html.parser.HTMLParser):
    """The open tags of a text, to see that all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("periods", [-1, 1])
def test_the_notebook_shows_it_in_the_colours_of_the_page(periods: int) -> None:
    def shifted(close: pd.Series) -> pd.Series:
        return close.shift(periods)

    shifted.__name__ = "<shifted>"
    text = reported(shifted, CLOSE)._repr_html_()
    assert not Tags(text).open
    assert "&lt;shifted&gt;" in text
    assert "color" not in text
    assert ("bars ahead, at least" in text) == (periods == -1)


def test_functions_that_change_their_bars_are_told() -> None:
    def careless(bars: pd.DataFrame) -> pd.Series:
        bars["mean"] = bars["close"].rolling(3).mean()
        return bars["mean"]

    before = FLAT.copy()
    report = reported(careless, FLAT)
    assert report.causal
    assert report.changes_input
    assert "It changes the bars that it is given" in str(report)
    assert FLAT.equals(before)


def test_a_result_that_is_reused_is_compared_by_its_values() -> None:
    memory = np.empty(BARS)

    def reusing(close: np.ndarray) -> np.ndarray:
        memory[: len(close)] = close - close.mean()
        return memory[: len(close)]

    assert not reported(reusing, PRICES[:, 0].copy())


def test_a_function_that_ignores_its_bars_is_told() -> None:
    report = reported(lambda close: CLOSE.shift(-1).reindex(close.index), CLOSE)
    assert report.causal
    assert "No later value changed either" in str(report)


def test_random_functions_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"for the same bars; seed what is random inside it"):
        check_causal(lambda close: close + rng.normal(size=len(close)), CLOSE)


def test_what_raises_on_perturbed_bars_is_counted() -> None:
    def picky(close: pd.Series) -> pd.Series:
        if close.isna().any():
            raise ValueError("no gaps,\nplease")
        return close.rolling(3).mean()

    report = reported(picky, CLOSE)
    assert report.causal
    assert len(report.failures) == 2 * report.cuts
    assert report.failures[0].startswith("ValueError: no gaps, please (when the bars from 2020-")
    assert f"It raised in {len(report.failures)} of {report.calls} calls" in str(report)


def test_what_raises_on_all_perturbed_bars_cannot_be_judged() -> None:
    def stubborn(close: pd.Series) -> pd.Series:
        if not close.equals(CLOSE):
            raise ValueError("no")
        return close

    with pytest.raises(InputError, match="stubborn raised on all perturbed bars"):
        check_causal(stubborn, CLOSE)


def test_what_raises_on_the_given_bars_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        check_causal(lambda close: 1 / 0, CLOSE)  # noqa: ARG005


def test_more_cuts_call_more_often_and_one_is_enough() -> None:
    few, many = (reported(lambda close: close.shift(1), CLOSE, cuts=cuts) for cuts in (1, 20))
    assert (few.cuts, few.calls) == (1, 9)
    assert 18 <= many.cuts <= 20
    assert not reported(lambda close: close.shift(-1), CLOSE, cuts=1)


def test_the_same_seed_gives_the_same_report() -> None:
    one, two = (reported(lambda close: close.rank(), CLOSE, seed=3) for _ in range(2))
    assert one == two


def test_rounding_is_no_leak_and_exactness_can_be_asked_for() -> None:
    """Numbers are added in an order that depends on how many there are."""

    def rounded(close: pd.Series) -> pd.Series:
        noise = np.float64(close.sum()) * 1e-16
        return close + noise * close

    assert reported(rounded, CLOSE)
    assert not reported(rounded, CLOSE, rtol=0)


def test_three_bars_are_enough() -> None:
    close = pd.Series([1.0, 2.0, 4.0])
    assert reported(lambda close: close.shift(1), close)
    assert not reported(lambda close: close.shift(-1), close)


def same(close: Any) -> Any:
    return close


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no function": (lambda: check_causal(CLOSE, CLOSE), "is not a function"),  # type: ignore[arg-type]
    "no bars": (lambda: check_causal(same), "no bars were given"),
    "a list": (lambda: check_causal(same, [1.0, 2.0, 3.0]), "bars are a list; give Bars"),
    "words": (lambda: check_causal(same, np.array(["a"] * 9)), "array of real numbers"),
    "masked": (lambda: check_causal(same, np.ma.ones(9)), "bars are a MaskedArray"),
    "cube": (lambda: check_causal(same, np.ones((9, 2, 2))), "one or two dimensions"),
    "two bars": (lambda: check_causal(same, CLOSE[:2]), "2 bars are too few .* at least 3"),
    "backwards": (lambda: check_causal(same, CLOSE[::-1]), "not in order of time; sort_index"),
    "long": (lambda: check_causal(same, WIDE.stack()), "several levels; unstack"),
    "misaligned": (lambda: check_causal(same, CLOSE, CLOSE[1:]), "different bars; align them"),
    "cuts": (lambda: check_causal(same, CLOSE, cuts=0), "cuts=0 is not allowed; give a whole"),
    "half a cut": (lambda: check_causal(same, CLOSE, cuts=1.5), "cuts=1.5 is not allowed"),  # type: ignore[arg-type]
    "seed": (lambda: check_causal(same, CLOSE, seed=-1), "seed=-1 is not allowed"),
    "rtol": (lambda: check_causal(same, CLOSE, rtol=np.nan), "rtol=nan is not allowed"),
    "other length": (lambda: check_causal(np.diff, PRICES[:, 0]), "119 rows for 120 bars"),
    "a number": (lambda: check_causal(np.mean, PRICES[:, 0]), "gives a float64; give a Series"),
    "nothing": (lambda: check_causal(lambda close: None, CLOSE), "gives a NoneType"),  # noqa: ARG005
    "years": (
        lambda: check_causal(lambda close: close.groupby(close.index.year).mean(), CLOSE),
        "labelled by number that cannot be placed among bars labelled by time with a zone",
    ),
    "years among positions": (
        lambda: check_causal(
            lambda close: close.rename(lambda row: row + 2020), CLOSE.reset_index(drop=True)
        ),
        "labelled by number that cannot be placed",
    ),
    "naive": (lambda: check_causal(lambda close: close.tz_localize(None), CLOSE), "without a zone"),
    "stacked": (lambda: check_causal(lambda wide: wide.stack(), WIDE), "several levels"),
    "twice": (lambda: check_causal(lambda close: pd.concat([close, close]), CLOSE), "label twice"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_says_what_was_given_and_what_is_allowed(case: str) -> None:
    call, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


TYPES = {
    "float32": CLOSE.astype("float32"),
    "Float64": GAPPY.astype("Float64"),
    "Int64": pd.Series(RNG.integers(1, 99, 50), dtype="Int64"),
    "category": pd.Series(RNG.choice(list("abc"), 50)).astype("category"),
    "mixed": FLAT.assign(up=FLAT["close"] > FLAT["open"], volume=FLAT["volume"].astype(int)),
}


@pytest.mark.parametrize("name", TYPES)
def test_bars_keep_their_types_whatever_their_future(name: str) -> None:
    expected = pd.DataFrame(TYPES[name])

    def shifted(bars: Any, by: int) -> Any:
        assert type(bars) is type(TYPES[name])
        assert pd.DataFrame(bars).dtypes.equals(expected.dtypes)
        return bars.shift(by)

    assert reported(lambda bars: shifted(bars, 1), TYPES[name])
    late = reported(lambda bars: shifted(bars, -2), TYPES[name])
    assert late.leak is not None
    assert not late.failures


def test_partial_functions_keep_their_name() -> None:
    late = functools.partial(pd.Series.shift, periods=-1)
    assert str(reported(late, CLOSE)).startswith("shift: looks at least 1 bar ahead")


def test_perturbed_bars_are_bars() -> None:
    """The high stays the highest price of a bar, the low the lowest, whatever happens to them."""

    def checked(bars: pd.DataFrame) -> pd.DataFrame:
        known = bars.dropna()
        prices = known[["open", "high", "low", "close"]]
        assert (prices.max(axis=1) == known["high"]).all()
        assert (prices.min(axis=1) == known["low"]).all()
        assert (known > 0).all(axis=None)
        return bars.rolling(2).mean()

    report = reported(checked, FLAT)
    assert report.causal
    assert not report.failures
