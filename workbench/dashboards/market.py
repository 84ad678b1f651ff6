"""The market dashboard: one symbol, a range, an indicator; the same in JupyterLab and Voilà."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import ipywidgets as widgets
import pandas as pd
import traitlets

from workbench.charts import Chart, Study, indicator_study
from workbench.dashboards import page
from workbench.dashboards.controls import Controls
from workbench.dashboards.query import from_query, to_query
from workbench.errors import InputError, UnknownNameError, WorkbenchError
from workbench.indicators import INDICATORS
from workbench.sessions import brief, moment

NOTHING_STORED = "the store is empty: run `workbench run ingest_bars`, then open this page again"


class Catalog(Protocol):
    """Where the dashboard gets its bars from; `workbench.catalog.Catalog` is one."""

    def series(self) -> pd.DataFrame:
        """A row per symbol and timeframe."""
        ...

    def bars(
        self, symbols: str, start: Any = None, end: Any = None, *, timeframe: str
    ) -> pd.DataFrame:
        """Bars of one symbol."""
        ...


class Market(widgets.VBox):
    """Candles, volume and an indicator of one symbol, with controls to choose them.

    Its state is its traits, which may be set: `symbol`, `timeframe`, `start` and `end` (the first
    and the last visible bar; empty: all), `indicator` (empty: none), its `parameters` and `theme`
    (auto, light or dark). `link` is the state as a URL query. What cannot be shown is said in
    `error`, and the state stays as it was.
    """

    symbol = traitlets.Unicode()
    timeframe = traitlets.Unicode()
    start = traitlets.Unicode()
    end = traitlets.Unicode()
    indicator = traitlets.Unicode()
    parameters = traitlets.Dict()
    theme = traitlets.Unicode("auto")
    error = traitlets.Unicode()

    def __init__(
        self,
        catalog: Catalog,
        *,
        points: int = 2000,
        query: str = "",
        symbol: str | None = None,
        timeframe: str | None = None,
        start: str | None = None,
        end: str | None = None,
        indicator: str | None = "rsi",
        parameters: Mapping[str, float] | None = None,
        theme: str = "auto",
    ) -> None:
        super().__init__(layout={"width": "100%"})
        self.add_class("workbench-market")
        self._catalog, self._points = catalog, points
        self._series = catalog.series()
        self._bars = pd.DataFrame()
        self._chart: Chart | None = None
        self._state: dict[str, Any] = {"theme": "auto", "indicator": "", "parameters": {}}
        self._settling = False
        self._summary, self._message, self._footer = (widgets.HTML() for _ in range(3))
        self._controls = Controls(sorted(set(self._series["symbol"])))
        asked = {
            "symbol": symbol or "",
            "timeframe": timeframe or "",
            "start": str(start or ""),
            "end": str(end or ""),
            "indicator": indicator or "",
            "parameters": dict(parameters or {}),
            "theme": theme,
        }
        self._open(asked | from_query(query))
        self.children = [
            widgets.HTML(f"<style>{page.CSS}</style>"),
            *([self._chart.page, self._summary, self._controls] if self._chart else []),
            self._message,
            *([self._chart, self._footer] if self._chart else []),
        ]

    @property
    def chart(self) -> Chart | None:
        """The chart that is shown; None where the store is empty."""
        return self._chart

    @property
    def link(self) -> str:
        """The state as a URL query, such as `?symbol=IBM&timeframe=1d&indicator=rsi&window=14`."""
        return to_query(self._state)

    def _open(self, asked: Mapping[str, Any]) -> None:
        """Show what is asked for, as far as it can be, and listen from then on."""
        with self._told():
            if self._series.empty:
                raise InputError(NOTHING_STORED)
            self._load(self._controls.symbols[0], "")
            steps: list[Callable[[], None]] = [
                lambda: self._style_as(asked["theme"]),
                lambda: self._load(asked["symbol"] or self._state["symbol"], asked["timeframe"]),
                lambda: self._study(asked["indicator"], asked["parameters"]),
                lambda: self._show(asked["start"], asked["end"]),
            ]
            refused = []
            for step in steps:
                try:
                    step()
                except WorkbenchError as error:
                    refused.append(str(error))
            self._settle()
            self._listen()
            if refused:
                raise InputError("; ".join(refused))

    def _listen(self) -> None:
        assert self._chart is not None
        self._chart.observe(lambda _: self._follow(), "viewport")
        self._controls.on_symbol(lambda name: self._ask(self._load, name, self.timeframe))
        self._controls.on_timeframe(lambda name: self._ask(self._load, self.symbol, name))
        self._controls.on_range(lambda start, end: self._ask(self._show, start, end))
        self._controls.on_indicator(lambda name, given: self._ask(self._study, name, given))
        self.observe(self._set, list(self._state))

    def _set(self, change: Any) -> None:
        """Answer a trait that was set from outside."""
        if self._settling:
            return
        if change.name in ("symbol", "timeframe"):
            self._ask(self._load, self.symbol, self.timeframe)
        elif change.name in ("start", "end"):
            self._ask(self._show, self.start, self.end)
        elif change.name == "theme":
            self._ask(self._style_as, self.theme)
        else:
            given = self.parameters if change.name == "parameters" else {}
            self._ask(self._study, self.indicator, given)

    def _ask(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do `action`; an error of ours becomes a line on the page."""
        with self._told(), self._settled():
            action(*arguments)

    @contextmanager
    def _told(self) -> Iterator[None]:
        self.error = ""
        try:
            yield
        except WorkbenchError as error:
            self.error = str(error)
        self._message.value = page.error_line(self.error)

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Bring traits, controls and text to the state that is shown, whatever was asked for."""
        try:
            yield
        finally:
            self._settle()

    def _settle(self) -> None:
        if self._settling or self._chart is None:
            return
        self._settling = True
        try:
            for name, value in self._state.items():
                setattr(self, name, value)
            first, end = self._chart.viewport
            times = pd.DatetimeIndex(self._bars.index)
            self._controls.show(self, times, (first, end))
            self._summary.value = page.summary(self.symbol, self._bars, self._bars.iloc[first:end])
            self._footer.value = page.footer(self._bars, self.link)
        finally:
            self._settling = False

    def _load(self, symbol: str, timeframe: str) -> None:
        """Show all bars of `symbol`, at `timeframe` where it has them."""
        offered = self._series.loc[self._series["symbol"] == symbol, "timeframe"].tolist()
        if not offered:
            raise UnknownNameError("symbol", symbol, self._controls.symbols)
        chosen = timeframe if timeframe in offered else offered[0]
        if (symbol, chosen) == (self._state.get("symbol"), self._state.get("timeframe")):
            return
        self._bars = self._catalog.bars(symbol, timeframe=chosen)
        studies = self._studies(self._state["indicator"], self._state["parameters"])
        if self._chart is None:
            self._chart = Chart(self._bars, studies, points=self._points, title=symbol)
        else:
            self._chart.show_bars(self._bars, symbol, studies)
        self._controls.offer_timeframes(offered)
        self._state |= {"symbol": symbol, "timeframe": chosen, "start": "", "end": ""}

    def _show(self, start: str, end: str) -> None:
        """Show the bars from `start` to `end`, both included; "" is open."""
        last = moment(end)
        if last is not None:  # a date means its whole day, a time the bar that starts then
            last += pd.Timedelta(days=1) if last == last.normalize() else pd.Timedelta(1, "us")
        assert self._chart is not None
        self._chart.show_range(start or None, last)
        self._follow()

    def _follow(self) -> None:
        """What the chart shows is the state, also after a zoom."""
        assert self._chart is not None
        first, end = self._chart.viewport
        times = pd.DatetimeIndex(self._bars.index)
        everything = (first, end) == (0, len(times))
        self._state["start"] = "" if everything else brief(times[first])
        self._state["end"] = "" if everything else brief(times[end - 1])
        self._settle()

    def _study(self, indicator: str, parameters: Mapping[str, Any]) -> None:
        """Draw `indicator` with `parameters`; "" draws none."""
        drawn = self._studies(indicator, parameters)
        assert self._chart is not None
        self._chart.show_studies(drawn)
        known = INDICATORS[indicator].checked(parameters) if indicator else {}
        self._state |= {"indicator": indicator, "parameters": known}

    def _studies(self, indicator: str, parameters: Mapping[str, Any]) -> list[Study]:
        return [indicator_study(indicator, self._bars, **parameters)] if indicator else []

    def _style_as(self, theme: str) -> None:
        assert self._chart is not None
        self._chart.show_theme(theme)
        self._state["theme"] = theme
