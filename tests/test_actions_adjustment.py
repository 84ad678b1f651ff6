"""Adjusted prices against a loop over bars, and against real splits."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.adjustment import Actions, Factors, adjust, check_bar_length
from workbench.errors import InputError
from workbench.shape import FIELDS, Floats, Times

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
ACTIONS = Path(__file__).parent.parent / "data" / "actions" / "sample.csv"
DAY_US = 86_400_000_000

Fact = tuple[date, str, float]
EPOCH = date(1970, 1, 1)


def brute_force(times: Times, values: Floats, facts: list[list[Fact]], dividends: bool) -> Floats:
    """Bar by bar, action by action, from the definition."""
    expected = values.copy()
    closes = values[FIELDS.index("close")]
    for column, of_symbol in enumerate(facts):
        for day, kind, value in of_symbol:
            ex_us = (day - EPOCH).days * DAY_US
            before = [r for r in range(len(times)) if times[r] < ex_us]
            traded = [r for r in before if not np.isnan(closes[r, column])]
            for row in before:
                for place, field in enumerate(FIELDS):
                    if kind == "split":
                        expected[place, row, column] *= value if field == "volume" else 1 / value
                    elif dividends and field != "volume" and traded:
                        expected[place, row, column] *= 1 - value / closes[traded[-1], column]
    return expected


@st.composite
def panels(draw: st.DrawFn) -> tuple[Times, Floats, list[list[Fact]]]:
    """A panel with gaps and a few actions on, between, before and after its bars."""
    steps_us = st.sampled_from([DAY_US // 4, DAY_US // 2, DAY_US, 3 * DAY_US])
    times = np.cumsum(draw(st.lists(steps_us, min_size=1, max_size=12))).astype(np.int64)
    symbols = draw(st.integers(1, 4))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    values = rng.uniform(10, 20, (len(FIELDS), len(times), symbols))
    values[:, rng.random(values.shape[1:]) < 0.25] = np.nan
    days = st.integers(-1, int(times[-1] // DAY_US) + 2).map(lambda n: EPOCH + timedelta(n))
    keys = st.tuples(days, st.sampled_from(["split", "dividend"]))
    facts = []
    for _ in range(symbols):
        chosen = draw(st.lists(keys, unique=True, max_size=5))
        facts.append([(*key, draw(st.floats(0.1, 8))) for key in chosen])
    return times, values, facts


def computed(times: Times, values: Floats, facts: list[list[Fact]], dividends: bool) -> Floats:
    closes = values[FIELDS.index("close")]
    actions = [Actions.of(str(column), of_symbol) for column, of_symbol in enumerate(facts)]
    factors = [
        Factors.of_all(a, times, closes[:, column]) if dividends else Factors.of_splits(a)
        for column, a in enumerate(actions)
    ]
    return adjust(times, values, FIELDS, factors)


@settings(deadline=None, max_examples=150)
@given(panels(), st.booleans())
def test_it_equals_a_loop_over_bars_and_actions(
    panel: tuple[Times, Floats, list[list[Fact]]], dividends: bool
) -> None:
    times, values, facts = panel
    before = values.copy()
    found = computed(times, values, facts, dividends)
    np.testing.assert_allclose(found, brute_force(*panel, dividends), rtol=1e-12)
    np.testing.assert_array_equal(values, before)


@settings(deadline=None, max_examples=50)
@given(panels(), st.data())
def test_each_field_is_adjusted_alone_as_among_the_others(
    panel: tuple[Times, Floats, list[list[Fact]]], data: st.DataObject
) -> None:
    times, values, facts = panel
    factors = [Factors.of_splits(Actions.of("A", of_symbol)) for of_symbol in facts]
    chosen = data.draw(st.lists(st.sampled_from(FIELDS), unique=True, min_size=1))
    rows = [FIELDS.index(field) for field in chosen]
    whole = adjust(times, values, FIELDS, factors)
    np.testing.assert_array_equal(adjust(times, values[rows], chosen, factors), whole[rows])


def test_without_an_action_that_matters_nothing_is_copied() -> None:
    times, values = np.array([5, 6]) * DAY_US, np.ones((5, 2, 2))
    early = Factors.of_splits(Actions.of("A", [(EPOCH + timedelta(5), "split", 2.0)]))
    assert adjust(times, values, FIELDS, [None, early]) is values
    assert adjust(times[:0], values[:, :0], FIELDS, [None, early]).shape == (5, 0, 2)


def test_a_split_after_the_last_bar_is_adjusted_for() -> None:
    later = Factors.of_splits(Actions.of("A", [(date(2020, 1, 2), "split", 4.0)]))
    found = adjust(np.array([0]), np.full((5, 1, 1), 8.0), FIELDS, [later])
    assert found[:, 0, 0].tolist() == [2.0, 2.0, 2.0, 2.0, 32.0]


def test_a_dividend_and_a_split_of_one_day_both_speak_of_the_old_share() -> None:
    # 100 shares at 50 before; the holder gets 10 a share in cash and 200 shares, worth 20 each.
    facts = [(date(1970, 1, 2), "split", 2.0), (date(1970, 1, 2), "dividend", 10.0)]
    times, values = np.array([0, 1]) * DAY_US, np.array([[[50.0], [20.0]]])
    factors = Factors.of_all(Actions.of("A", facts), times, values[0, :, 0])
    assert adjust(times, values, ["close"], [factors])[0, :, 0].tolist() == [20.0, 20.0]


@pytest.mark.parametrize("dividend", [4.0, 5.0])
def test_a_dividend_that_leaves_nothing_is_refused(dividend: float) -> None:
    actions = Actions.of("KO", [(date(1970, 1, 2), "dividend", dividend)])
    with pytest.raises(InputError, match=r"KO .*1970-01-02.*not below the close before it, 4;"):
        Factors.of_all(actions, np.array([0]), np.array([4.0]))
    assert Factors.of_splits(actions).prices.tolist() == [1.0, 1.0]


def test_weekly_bars_with_an_action_are_refused() -> None:
    check_bar_length("1w", [Actions.of("IBM", [])])
    split = Actions.of("AAPL", [(date(2005, 2, 28), "split", 2.0)])
    check_bar_length("1m", [split])
    with pytest.raises(InputError, match=r"1w bars of AAPL .*adjusted=False"):
        check_bar_length("1w", [split])


def sample(symbol: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLE / f"{symbol}_1d.csv.gz", index_col=0, parse_dates=True)


def overnight(opens: Floats, closes: Floats) -> Floats:
    return opens[1:] / closes[:-1]


def sample_splits(symbol: str) -> Actions:
    facts = pd.read_csv(ACTIONS, parse_dates=["ex_date"]).query("symbol == @symbol")
    rows = zip(facts["ex_date"].dt.date, facts["kind"], facts["value"], strict=True)
    return Actions.of(symbol, rows)


@pytest.mark.parametrize("symbol", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_the_splits_recorded_are_those_of_the_sources_own_adjustment(symbol: str) -> None:
    """`Adj Close` is the vendor's: against it the close halves at a split, and only there."""
    bars = sample(symbol)
    ratio = (bars["Close"] / bars["Adj Close"]).to_numpy()
    halved = bars.index[1:][ratio[1:] / ratio[:-1] < 0.75]
    recorded = sample_splits(symbol)
    assert recorded.ex_us.tolist() == halved.as_unit("us").asi8.tolist()
    assert set(recorded.splits.tolist()) <= {2.0}


@pytest.mark.parametrize("symbol", ["AAPL", "MSFT"])
def test_no_jump_of_a_real_split_is_left(symbol: str) -> None:
    bars = sample(symbol)
    times = bars.index.as_unit("us").asi8
    values = bars[["Open", "High", "Low", "Close", "Volume"]].to_numpy().T[:, :, None].copy()
    actions = sample_splits(symbol)
    found = adjust(times, values, FIELDS, [Factors.of_splits(actions)])[..., 0]
    raw, adjusted = (overnight(v[0], v[3]) for v in (values[..., 0], found))
    at = np.searchsorted(times, actions.ex_us) - 1
    assert (raw[at] < 0.52).all()
    assert (abs(adjusted[at] - 1) < 0.03).all()
    others = np.delete(np.arange(len(raw)), at)
    np.testing.assert_allclose(adjusted[others], raw[others], rtol=1e-12)
    np.testing.assert_allclose((found[3] * found[4]), values[3, :, 0] * values[4, :, 0])


def test_a_real_special_dividend_leaves_only_the_days_own_move() -> None:
    """MSFT paid 3.08 on 2004-11-15; the vendor adjusted for it by another formula."""
    bars = sample("MSFT")
    paid = Actions.of("MSFT", [(date(2004, 11, 15), "dividend", 3.08)])
    times, closes = bars.index.as_unit("us").asi8, bars["Close"].to_numpy()
    factors = Factors.of_all(paid, times, closes)
    assert factors.prices[0] == pytest.approx(1 - 3.08 / 29.97, rel=1e-12)
    ratio = bars["Adj Close"] / bars["Close"]
    vendor = ratio.loc["2004-11-12"] / ratio.loc["2004-11-15"]
    # The vendor divides by the close of the day itself: c / (c + d) instead of 1 - d / p.
    assert vendor == pytest.approx(27.39 / (27.39 + 3.08), rel=1e-4)
    assert factors.prices[0] == pytest.approx(vendor, rel=3e-3)


def test_the_worked_example_that_yahoo_publishes() -> None:
    """Its figures: MSFT, split 2:1 on 2003-02-18, 0.08 paid on 2003-02-19."""
    facts = [(date(2003, 2, 18), "split", 2.0), (date(2003, 2, 19), "dividend", 0.08)]
    bars = sample("MSFT").loc["2003-02-13":"2003-02-19"]
    times, closes = bars.index.as_unit("us").asi8, bars["Close"].to_numpy()
    factors = Factors.of_all(Actions.of("MSFT", facts), times, closes)
    found = adjust(times, closes.reshape(1, -1, 1), ["close"], [factors])[0, :, 0]
    assert found.round(2).tolist() == [23.42, 24.07, 24.88, 24.53]
