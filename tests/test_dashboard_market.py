"""The market dashboard as a widget: controls, state, links and errors, on the sample data."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.api import Workbench
from workbench.dashboards.market import Market
from workbench.dashboards.query import from_query, to_query


@pytest.fixture(scope="module")
def shared(new_database: Any, demo_template: str) -> Any:
    """A store with the sample that the tests of this file only read."""
    from workbench.settings import Settings

    with Workbench(Settings(database_url=new_database(demo_template))) as made:
        yield made


def open_market(shared: Workbench, query: str = "", **state: Any) -> Market:
    return Market(shared.catalog, query=query, **state)


def controls(market: Market) -> dict[str, Any]:
    """The controls by tooltip or description, as a user tells them apart."""
    found: dict[str, Any] = {}

    def collect(widget: Any) -> None:
        for child in getattr(widget, "children", ()):
            collect(child)
        label = getattr(widget, "tooltip", None) or getattr(widget, "description", None)
        if label:
            found[label] = widget

    collect(market)
    found["presets"] = next(
        w for w in market.children[3].children if "5Y" in getattr(w, "options", ())
    )
    return found


def test_it_opens_on_the_first_symbol_with_everything_in_view(shared: Workbench) -> None:
    market = open_market(shared)
    assert (market.symbol, market.timeframe, market.start, market.end) == ("AAPL", "1d", "", "")
    assert market.chart is not None
    assert market.chart.viewport == (0, 3270)
    assert market.error == ""
    assert market.link == "?symbol=AAPL&timeframe=1d&indicator=rsi&window=14"


def test_the_user_picks_a_symbol_a_range_and_an_indicator(shared: Workbench) -> None:
    market = open_market(shared)
    bar = controls(market)
    bar["Symbol"].value = "EURUSD"
    assert (market.symbol, market.timeframe) == ("EURUSD", "1h")
    bar["presets"].value = "1M"
    assert market.start == "2017-11-30"
    assert market.end == "2017-12-29 21:00"
    bar["Indicator"].value = "macd"
    assert market.parameters == {"fast": 12, "slow": 26, "signal": 9}
    controls(market)["slow"].value = 30
    assert market.parameters["slow"] == 30
    assert market.chart is not None
    assert [t.name for t in market.chart.data][-3:] == [
        "MACD 12 30 9 macd", "MACD 12 30 9 signal", "MACD 12 30 9 histogram",
    ]  # fmt: skip
    bar["Indicator"].value = ""
    assert [trace.type for trace in market.chart.data][1:] in ([], ["bar"])
    assert market.error == ""


def test_a_link_opens_the_same_view(shared: Workbench) -> None:
    first = open_market(shared, symbol="IBM", start="2005-03-01", end="2006-02-28")
    first.indicator = "bbands"
    again = open_market(shared, first.link)
    assert first.chart is not None
    assert again.chart is not None
    assert again.link == first.link
    assert again.chart.viewport == first.chart.viewport
    assert (again.start, again.end) == ("2005-03-01", "2006-02-28")


def test_a_zoom_is_state(shared: Workbench) -> None:
    market = open_market(shared, symbol="SPX")
    assert market.chart is not None
    market.chart.layout.xaxis.range = [99.5, 349.5]
    assert market.chart.viewport == (100, 350)
    assert market.start == "1999-05-27"
    assert "start=1999-05-27" in market.link
    market.start, market.end = "", ""
    assert market.chart.viewport == (0, 5031)


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("symbol", "APPL", "did you mean 'AAPL'"),
        ("start", "2040", "no bar in the range"),
        ("end", "nonsense", "not a time"),
        ("indicator", "rsx", "did you mean 'rsi'"),
        ("parameters", {"window": 0}, "window=0 is not allowed"),
        ("parameters", {"length": 5}, "unknown parameter of rsi 'length'"),
        ("theme", "blue", "unknown theme"),
    ],
)
def test_what_cannot_be_is_said_in_a_line_and_leaves_the_state(
    shared: Workbench, trait: str, value: Any, message: str
) -> None:
    market = open_market(shared)
    link = market.link
    setattr(market, trait, value)
    assert message in market.error
    assert market.link == link
    assert getattr(market, trait) == market._state[trait]
    market.symbol = "IBM"
    assert market.error == ""


def test_a_wrong_link_says_so_and_shows_what_it_can(shared: Workbench) -> None:
    market = open_market(shared, "?symbol=APPL&indicator=macd&fast=40&theme=dark&token=secret")
    assert "did you mean 'AAPL'" in market.error
    assert "fast=40 must be less than slow=26" in market.error
    assert market.symbol == "AAPL"
    assert market.theme == "dark"
    assert "secret" not in market.link


def test_an_empty_store_says_how_to_fill_it(workbench: Workbench) -> None:
    market = workbench.market()
    assert "workbench run ingest_bars" in market.error
    assert market.chart is None


def test_queries_round_trip() -> None:
    state = {"symbol": "A&B", "timeframe": "1h", "indicator": "bbands"}
    parameters = {"window": 7, "deviations": 2.5}
    query = to_query({**state, "parameters": parameters, "start": "", "theme": "auto"})
    assert from_query(query) == {**state, "parameters": parameters}


def test_what_a_symbol_is_called_cannot_become_markup(shared: Workbench) -> None:
    market = open_market(shared, symbol="<script>alert(1)</script>")
    assert "<script>" not in market._message.value
    assert "&lt;script&gt;" in market._message.value
